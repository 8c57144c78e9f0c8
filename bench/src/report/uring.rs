//! io_uring beside epoll: what each step costs, and the lesson.

use crate::numbers::{grouped, micros};
use crate::results::statistics::Ratio;
use crate::results::{Group, Part, Results};
use crate::table::Table;
use crate::workspace::{NULL_SERVER, URING_STEPS, label};

/// Where the lesson is looked for: enough connections that a call can serve several.
const LESSON: usize = 64;

fn groups(results: &Results) -> Vec<Group<'_>> {
    let mut groups = results.groups();
    groups.retain(|group| group.median().part == Part::Uring);
    groups.sort_by_key(|group| {
        let is = |target: &String| *target == group.median().target;
        (group.median().connections, results.config.targets.iter().position(is))
    });
    groups
}

/// A line for each server and connection count; CPU per request is held against the null server's.
pub fn table(results: &Results) -> Option<Table> {
    let groups = groups(results);
    let line = |group: &Group<'_>| {
        let sample = group.median();
        let ratio = beside_null(&groups, group).map_or("-".to_owned(), |ratio| {
            format!("{:.2} ({:.2} to {:.2})", ratio.mean, ratio.low, ratio.high)
        });
        let calls = sample.figure("evidence.calls").map_or("-".to_owned(), |it| format!("{it:.2}"));
        vec![
            format!("{}, {}", sample.connections, label(&sample.target)),
            grouped(sample.load.rps),
            micros(sample.server_cpu_us),
            ratio,
            calls,
        ]
    };
    let header = ["Connections, server", "Req/s", "CPU/req", "× null server", "Calls/req"];
    Table::new(header).filled(groups.iter().map(line).collect())
}

fn beside_null(groups: &[Group<'_>], group: &Group<'_>) -> Option<Ratio> {
    let connections = group.median().connections;
    let null = groups
        .iter()
        .map(Group::median)
        .find(|sample| sample.target == NULL_SERVER && sample.connections == connections)?;
    let null = groups.iter().find(|other| other.is_of(null))?;
    Ratio::within(group, null, |sample| sample.server_cpu_us)
}

/// What the last step says beside the null server.
pub fn lesson(results: &Results) -> Option<String> {
    let groups = groups(results);
    let of = |target: &str| {
        let is = |group: &&Group<'_>| group.median().target == target;
        groups.iter().filter(is).min_by_key(|group| group.median().connections.abs_diff(LESSON))
    };
    let (last, null) = (of(URING_STEPS[3])?, of(NULL_SERVER)?);
    let calls = |group: &Group<'_>| group.median().figure("evidence.calls");
    let cpu = beside_null(&groups, last)?;
    let counted = calls(last).zip(calls(null)).map_or(String::new(), |(last, null)| {
        format!(" makes {last:.2} system calls per request instead of {null:.2}, and")
    });
    Some(format!(
        "Calls are easy to count and are not the price; TCP is. With {} connections the last step{counted} takes {:.2} × the \
         null server's CPU per request.",
        last.median().connections,
        cpu.mean
    ))
}
