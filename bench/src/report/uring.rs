//! io_uring beside epoll: what each step costs, and the lesson.

use super::figures::{cpu, or_dash, rps};
use crate::results::statistics::Ratio;
use crate::results::{Group, Part, Results, Sample};
use crate::table::{Column, Table};
use crate::workspace::{NULL_SERVER, URING_STEPS, label};

/// Where the lesson is looked for: enough connections that a call can serve several.
const LESSON: usize = 64;

/// The servers at rising connection counts.
fn groups(results: &Results) -> Vec<Group<'_>> {
    let mut groups = results.trials(Part::Uring);
    groups.sort_by_key(|group| group.median().connections);
    groups
}

/// A line for each server and connection count; CPU per request is held against the null server's.
pub fn table(results: &Results) -> Option<Table> {
    let groups = groups(results);
    let name = |row: &Sample| format!("{}, {}", row.connections, label(&row.target));
    let ratio = |Ratio { mean, low, high, .. }| format!("{mean:.2} ({low:.2} to {high:.2})");
    let columns: [Column<'_, Group<'_>>; 5] = [
        ("Connections, server", &|group| name(group.median())),
        ("Req/s", &rps),
        ("CPU/req", &cpu),
        ("× null server", &|group| or_dash(beside_null(&groups, group).map(ratio))),
        ("Calls/req", &|group| or_dash(calls(group).map(|calls| format!("{calls:.2}")))),
    ];
    Table::of(groups.clone(), &columns)
}

/// System calls per request.
fn calls(group: &Group<'_>) -> Option<f64> {
    group.median().noted("calls")
}

fn beside_null(groups: &[Group<'_>], group: &Group<'_>) -> Option<Ratio> {
    let is_null = |sample: &Sample| {
        sample.target == NULL_SERVER && sample.connections == group.median().connections
    };
    let null = groups.iter().find(|other| is_null(other.median()))?;
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
