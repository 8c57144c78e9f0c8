//! What waiting costs: CPU per request over silent connections, and over active ones.

use super::figures::{doubt, server};
use super::tables::Cross;
use crate::numbers::{counted, grouped};
use crate::results::{Group, Part, Results, Sample, fit};
use crate::table::Table;
use crate::workspace::label;

/// Server CPU per request: a row for each server and number of busy clients, a column for each number of silent ones.
pub fn idle(results: &Results) -> Option<Table> {
    let row = |sample: &Sample| {
        let clients = counted(sample.connections, "busy client");
        format!("{}, {clients}", server(sample))
    };
    let mut trials = of(results);
    let beside_silent = trials.iter().map(Group::median).filter(|sample| sample.idle > 0);
    let curves: Vec<_> = beside_silent.map(row).collect();
    trials.retain(|trial| curves.contains(&row(trial.median())));
    let cross = Cross { row: &row, column: &|sample| sample.idle, name: &connections };
    cross.table("µs of CPU, silent connections:", &trials, cpu)
}

/// The same with no connection silent: a column for each number of busy clients.
pub fn active(results: &Results) -> Option<Table> {
    let mut trials = of(results);
    trials.retain(|trial| trial.median().idle == 0 && trial.median().connections > 1);
    let cross = Cross { row: &server, column: &|sample| sample.connections, name: &connections };
    cross.table("µs of CPU, active connections:", &trials, cpu)
}

fn connections(count: &usize) -> String {
    grouped(*count as f64)
}

/// The trials: servers by rising busy clients, and silent ones.
fn of(results: &Results) -> Vec<Group<'_>> {
    let mut trials = results.trials(Part::Waits);
    trials.sort_by_key(|trial| (trial.median().connections, trial.median().idle));
    trials
}

/// Of each server beside one busy client, the line that comes nearest to its points.
pub fn fits(results: &Results) -> Option<String> {
    let lines = curves(results).into_iter().filter_map(|(target, points)| {
        let (counts, cpu): (Vec<_>, Vec<_>) = points.into_iter().unzip();
        let rows: Vec<_> = counts.iter().map(|count| vec![1.0, *count]).collect();
        let (line, _) = fit::least_squares(&rows, &cpu)?;
        let [a, b] = line[..] else { return None };
        let (sign, b) = (if b < 0.0 { '-' } else { '+' }, b.abs());
        Some(format!("{} = {a:.1} {sign} {b:.4} × K µs", label(target)))
    });
    let lines: Vec<_> = lines.collect();
    (!lines.is_empty()).then(|| {
        let lines = lines.join("; ");
        format!("CPU per request of one busy client beside K silent connections: {lines} (least squares).")
    })
}

/// What the two curves say, where both were measured.
pub fn lesson(results: &Results) -> Option<String> {
    let curves = curves(results);
    let growth = |name: &str| {
        let (_, points) = curves.iter().find(|(target, _)| *target == name)?;
        let ((_, first), (most, last)) = (points.first()?, points.last()?);
        (points.len() > 1).then(|| (*most, last / first))
    };
    let ((most, poll), (_, epoll)) = (growth("poll_loop")?, growth("epoll_loop")?);
    Some(format!(
        "{} silent connections make a request {poll:.1} × as dear with poll and {epoll:.1} × with epoll: poll pays for \
         the connections that are open, epoll for those that are ready. Where all are active, these are the same.",
        grouped(most)
    ))
}

/// Of each server beside one busy client: silent connections, and CPU per request in µs.
fn curves(results: &Results) -> Vec<(&str, Vec<(f64, f64)>)> {
    let trials = of(results);
    let one = |target: &'_ String| {
        let is_own = |sample: &&Sample| sample.connections == 1 && sample.target == *target;
        let own = trials.iter().map(Group::median).filter(is_own);
        own.filter_map(|sample| Some((sample.idle as f64, sample.server_cpu_us?))).collect()
    };
    results.config.targets.iter().map(|target| (target.as_str(), one(target))).collect()
}

/// The median, and the lowest and the highest of several repeats.
fn cpu(group: &Group<'_>) -> Option<String> {
    let range = group.range(|sample| sample.server_cpu_us)?;
    let short = |micros: f64| match micros {
        ..99.95 => format!("{micros:.1}"),
        _ => grouped(micros),
    };
    // A server that has not met all of them yet is measured while they connect.
    let sample = group.median();
    let met = sample.noted("crowd.answered").filter(|met| (*met as usize) < sample.idle);
    Some(
        match (met, group.samples.len()) {
            (Some(met), _) => format!("{}, with {} silent", short(range.middle), grouped(met)),
            (None, 1) => short(range.middle),
            _ => format!("{} ({} to {})", short(range.middle), short(range.low), short(range.high)),
        } + doubt(sample),
    )
}
