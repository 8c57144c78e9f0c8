//! What another thread adds to a stage: a table over its threads, and the scalability laws through them.

use super::figures::{cores, cpu, or_dash, requests, served};
use crate::numbers::{counted, distinct};
use crate::results::statistics::{self, Ratio};
use crate::results::{Group, Part, Results, Sample, fit};
use crate::table::{Column, Table};

/// The verdict where the generator is what was measured: no point of the server's law.
const CLIENT: &str = "the client";
/// A law needs so many different numbers of threads.
const ENOUGH: usize = 3;

/// A stage's points, workload by workload in the order in which they ran, by rising threads.
fn series<'a>(results: &'a Results, target: &str) -> Vec<Vec<Group<'a>>> {
    let mut own = results.trials(Part::Scale);
    own.retain(|trial| trial.median().target == target);
    let workloads = distinct(own.iter().map(|trial| trial.median().workload.as_str()));
    own.sort_by_key(|trial| threads(trial.median()));
    let of = |workload: &str| {
        let points = own.iter().filter(|trial| trial.median().workload == workload);
        points.cloned().collect()
    };
    workloads.into_iter().map(of).collect()
}

fn workload<'a>(points: &[Group<'a>]) -> &'a str {
    points.first().map_or("", |trial| &trial.median().workload)
}

fn threads(sample: &Sample) -> usize {
    sample.threads.unwrap_or(1)
}

/// A point, and its workload's point of one thread.
type Beside<'a> = (Group<'a>, Option<Group<'a>>);

/// Speed-up over one thread, efficiency and bottleneck at each number of threads; `None` without rows.
pub fn table(results: &Results, target: &str) -> Option<Table> {
    let all = |row: &Sample| match row.serves_all() {
        true => requests(row),
        false => format!("{} (served {})", requests(row), served(row)),
    };
    let speed_up = |(point, one): &Beside<'_>| speed_up(point, one.as_ref()?);
    let efficiency = |beside: &Beside<'_>| {
        let (_, ratio) = speed_up(beside)?;
        Some(format!("{:.0} %", 100.0 * ratio / threads(beside.0.median()) as f64))
    };
    let columns: [Column<'_, Beside<'_>>; 9] = [
        ("Workload", &|(point, _)| point.median().workload.clone()),
        ("Threads", &|(point, _)| threads(point.median()).to_string()),
        ("Req/s", &|(point, _)| all(point.median())),
        ("Speed-up", &|beside| or_dash(speed_up(beside).map(|(text, _)| text))),
        ("Efficiency", &|beside| or_dash(efficiency(beside))),
        ("CPU/req", &|(point, _)| cpu(point)),
        ("Busy cores", &|(point, _)| cores(point.median().busy_cores())),
        ("Generator", &|(point, _)| cores(Some(point.median().client_cores()))),
        ("Bottleneck", &|(point, _)| cause(point.median()).to_owned()),
    ];
    let points = series(results, target).into_iter().flat_map(|points| {
        let one = points.first().filter(|first| threads(first.median()) == 1).cloned();
        points.into_iter().map(move |point| (point, one.clone())).collect::<Vec<_>>()
    });
    Table::of(points, &columns)
}

/// With its interval where there are repeats; and as a figure.
fn speed_up(group: &Group<'_>, one: &Group<'_>) -> Option<(String, f64)> {
    let factor = statistics::times(group, one)?;
    let ratio = Ratio::within(group, one, statistics::served).filter(|it| it.low < it.high);
    let interval = ratio.map_or(String::new(), |it| format!(" ({:.2} to {:.2})", it.low, it.high));
    Some((format!("×{factor:.2}{interval}"), factor))
}

/// The verdict's words; no rule of it speaks where all that a stage was given is busy.
fn cause(sample: &Sample) -> &str {
    let all_busy = sample.busy_cores().is_some_and(|cores| cores >= 0.95 * threads(sample) as f64);
    if sample.cause() == "unknown" && all_busy { "all its threads" } else { sample.cause() }
}

/// The laws through the points of each workload; `None` without rows.
pub fn laws(results: &Results, target: &str) -> Option<Table> {
    let row = |points: &Vec<Group<'_>>| vec![workload(points).to_owned(), law(points)];
    Table::of_prose(["Workload", "Throughput of n threads = λn ÷ (1 + σ(n-1) + κn(n-1)): a model"])
        .filled(series(results, target).iter().map(row).collect())
}

/// The fit of all repeats at which the server was the limit, and the command that has it with its figures.
fn law(points: &[Group<'_>]) -> String {
    let is_of_client = |group: &&Group<'_>| cause(group.median()) == CLIENT;
    let is_usable = |group: &&Group<'_>| !is_of_client(group) && !group.median().doubtful;
    let own: Vec<_> = points.iter().filter(is_usable).collect();
    let point = |sample: &&Sample| (threads(sample) as f64, sample.load.rps.round());
    let figures: Vec<_> = own.iter().flat_map(|group| group.samples.iter().map(point)).collect();
    let mut text = match own.len() {
        count @ ..ENOUGH => format!(
            "no law: {}, and it takes {ENOUGH}, with a core for each thread and as many for the generator",
            counted(count, "point")
        ),
        _ => fit::laws(&figures).join("; ") + ". " + &fit::command(&figures),
    };
    let of_client = points.iter().filter(is_of_client);
    let counts: Vec<_> = of_client.map(|group| threads(group.median()).to_string()).collect();
    if !counts.is_empty() {
        text += &format!(". Left out, as the client was the limit: {} threads", counts.join(", "));
    }
    text
}
