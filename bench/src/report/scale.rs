//! What another thread adds to a stage: a table over its threads, and the scalability laws through them.

use super::users::busy_cores;
use crate::numbers::{grouped, micros};
use crate::results::statistics::Ratio;
use crate::results::{Group, Part, Results, Sample, fit};
use crate::table::Table;

/// The verdict where the generator is what was measured: no point of the server's law.
const CLIENT: &str = "the client";
/// A law needs so many different numbers of threads.
const ENOUGH: usize = 3;

/// A stage's points with one workload, by rising threads.
struct Series<'a> {
    workload: &'a str,
    points: Vec<Group<'a>>,
}

fn series<'a>(results: &'a Results, target: &str) -> Vec<Series<'a>> {
    let mut all: Vec<Series<'a>> = Vec::new();
    for group in results.groups() {
        let sample = group.median();
        if (sample.part, sample.target.as_str()) != (Part::Scale, target) {
            continue;
        }
        match all.iter_mut().find(|series| series.workload == sample.workload) {
            Some(series) => series.points.push(group),
            None => all.push(Series { workload: &sample.workload, points: vec![group] }),
        }
    }
    all.iter_mut().for_each(|series| series.points.sort_by_key(|group| threads(group.median())));
    all
}

fn threads(sample: &Sample) -> usize {
    sample.threads.unwrap_or(1)
}

/// Speed-up over one thread, efficiency and bottleneck at each number of threads; `None` without rows.
pub fn table(results: &Results, target: &str) -> Option<Table> {
    let header = [
        "Workload",
        "Threads",
        "Req/s",
        "Speed-up",
        "Efficiency",
        "CPU/req",
        "Busy cores",
        "Generator",
        "Bottleneck",
    ];
    let all = series(results, target);
    let rows = all.iter().flat_map(|series| {
        let first = series.points.first();
        series.points.iter().map(move |group| line(group, first))
    });
    Table::new(header).filled(rows.collect())
}

fn line(group: &Group<'_>, first: Option<&Group<'_>>) -> Vec<String> {
    let sample = group.median();
    let dash = || "-".to_owned();
    let cores = |cores: f64| format!("{cores:.2}");
    let served = match sample.serves_all() {
        true => String::new(),
        false => format!(" (served {}/{})", sample.load.served, sample.connections),
    };
    let one = first.filter(|first| threads(first.median()) == 1);
    let (speed_up, efficiency) = match one.and_then(|one| speed_up(group, one)) {
        Some((text, ratio)) => (text, format!("{:.0} %", 100.0 * ratio / threads(sample) as f64)),
        None => (dash(), dash()),
    };
    let client = sample.load.client_threads_cpu_seconds.iter().sum::<f64>() / sample.load.seconds;
    vec![
        sample.workload.clone(),
        threads(sample).to_string(),
        grouped(sample.load.rps) + &served,
        speed_up,
        efficiency,
        micros(sample.server_cpu_us),
        busy_cores(sample).map_or_else(dash, cores),
        cores(client),
        cause(sample),
    ]
}

/// By the ratios within each repeat where there are repeats, with their interval; and as a figure.
fn speed_up(group: &Group<'_>, one: &Group<'_>) -> Option<(String, f64)> {
    let rps = |sample: &Sample| Some(sample.load.rps).filter(|rps| *rps > 0.0);
    let plain = rps(group.median())? / rps(one.median())?;
    Some(match Ratio::within(group, one, rps) {
        Some(Ratio { mean, low, high, .. }) if low < high => {
            (format!("×{mean:.2} ({low:.2} to {high:.2})"), mean)
        }
        _ => (format!("×{plain:.2}"), plain),
    })
}

/// The verdict's words; no rule of it speaks where all that a stage was given is busy.
fn cause(sample: &Sample) -> String {
    let cause = sample.observed("cause").and_then(|cause| cause.as_str()).unwrap_or("unknown");
    let all_busy = busy_cores(sample).is_some_and(|cores| cores >= 0.95 * threads(sample) as f64);
    if cause == "unknown" && all_busy { "all its threads".to_owned() } else { cause.to_owned() }
}

/// The laws through the points of each workload; `None` without rows, or with too few numbers of threads.
pub fn laws(results: &Results, target: &str) -> Option<Table> {
    let all = series(results, target);
    let row = |series: &Series<'_>| vec![series.workload.to_owned(), law(series)];
    let rows = all.iter().filter(|series| series.points.len() >= ENOUGH).map(row);
    Table::of_prose(["Workload", "Throughput of n threads = λn ÷ (1 + σ(n-1) + κn(n-1)): a model"])
        .filled(rows.collect())
}

/// What fewer points can tell, and cannot; `None` without rows, or where there are enough.
pub fn few(results: &Results, target: &str) -> Option<String> {
    let points = series(results, target).iter().map(|series| series.points.len()).max()?;
    let tell = match points {
        ENOUGH.. => return None,
        2 if results.config.pin.is_none() => {
            "Two points tell what the second thread adds here, where the generator takes a part of the same cores"
        }
        2 => "Two points tell what the second thread adds here",
        _ => "One point tells nothing of a second thread",
    };
    Some(format!(
        "{tell}. They cannot tell work that only one thread can do at a time (σ) from threads that hinder each other (κ), \
         nor what a third one would add: that takes three points, so six cores, half of them for the generator."
    ))
}

/// The fit of all repeats at which the server was the limit, and the command that has it with its figures.
fn law(series: &Series<'_>) -> String {
    let is_of_client = |group: &&Group<'_>| cause(group.median()) == CLIENT;
    let is_usable = |group: &&Group<'_>| !is_of_client(group) && !group.median().doubtful;
    let own: Vec<_> = series.points.iter().filter(is_usable).collect();
    let point = |sample: &&Sample| (threads(sample) as f64, sample.load.rps.round());
    let points: Vec<_> = own.iter().flat_map(|group| group.samples.iter().map(point)).collect();
    let mut text = match own.len() {
        ..ENOUGH => format!("no law: it takes {ENOUGH} points, and {} can be used", own.len()),
        _ => fit::sentence(&points) + ". " + &fit::command(&points),
    };
    let of_client = series.points.iter().filter(is_of_client);
    let counts: Vec<_> = of_client.map(|group| threads(group.median()).to_string()).collect();
    if !counts.is_empty() {
        text += &format!(". Left out, as the client was the limit: {} threads", counts.join(", "));
    }
    text
}
