//! Tables of servers over something: connection counts, workloads, silent connections.

use super::figures::{self, or_dash, server};
use crate::numbers::{distinct, grouped};
use crate::results::statistics::{Ratio, served, times};
use crate::results::{Group, Part, Results, Sample};
use crate::table::Table;
use crate::workspace::{is_stage, label};
use std::collections::BTreeSet;

/// What stands where in a table of trials.
pub struct Cross<'a, K> {
    /// The name of a trial's row: rows stand in the order of the trials.
    pub row: &'a dyn Fn(&Sample) -> String,
    /// What a trial's column is found by: columns stand in this order.
    pub column: &'a dyn Fn(&Sample) -> K,
    /// The name of a column.
    pub name: &'a dyn Fn(&K) -> String,
}

impl<K: Ord> Cross<'_, K> {
    /// The rows in which `cell` has anything to say; `None` when there are none.
    pub fn table<'r>(
        &self,
        corner: &str,
        trials: &[Group<'r>],
        cell: impl Fn(&Group<'r>) -> Option<String>,
    ) -> Option<Table> {
        let place = |trial: &Group<'_>| ((self.row)(trial.median()), (self.column)(trial.median()));
        let places: Vec<_> = trials.iter().map(place).collect();
        let names = distinct(places.iter().map(|(name, _)| name));
        let columns: BTreeSet<_> = places.iter().map(|(_, column)| column).collect();
        let row = |name: &&String| {
            let at = |column: &&K| {
                let at = places.iter().position(|place| (&place.0, &place.1) == (*name, *column));
                cell(&trials[at?])
            };
            let cells: Vec<_> = columns.iter().map(at).collect();
            let is_any = cells.iter().any(Option::is_some);
            let cells = cells.into_iter().map(or_dash);
            is_any.then(|| std::iter::once((*name).clone()).chain(cells).collect())
        };
        let header = columns.iter().map(|column| (self.name)(column));
        Table::new(std::iter::once(corner.to_owned()).chain(header))
            .filled(names.iter().filter_map(row).collect())
    }
}

/// Req/s, the factor over the rung below, and what must not be overlooked beside them.
fn rung(group: &Group<'_>, lower: Option<&Group<'_>>) -> String {
    let sample = group.median();
    let factor = lower.and_then(|lower| times(group, lower));
    let factor = factor.map_or(String::new(), |factor| format!(" ×{factor:.2}"));
    let mut notes = Vec::new();
    if (sample.load.served as usize) < sample.connections {
        notes.push(format!("served {}", figures::served(sample)));
    }
    let evicted = sample.noted("crowd.evicted").unwrap_or_default() as u64;
    for (name, count) in [("errors", sample.load.errors.total()), ("evicted", evicted)] {
        notes.extend((count > 0).then(|| format!("{name} {count}")));
    }
    notes.extend(group.disturbed());
    let notes = if notes.is_empty() { String::new() } else { format!(" ({})", notes.join(", ")) };
    grouped(sample.load.rps) + &factor + &notes
}

/// The ladder in one mode.
fn rungs<'a>(results: &'a Results, mode: &str) -> Vec<Group<'a>> {
    let mut trials = results.trials(Part::Ladder);
    trials.retain(|trial| trial.median().connection == mode);
    trials
}

/// The trial of a server at so many connections.
fn at<'g, 'r>(rungs: &'g [Group<'r>], target: &str, level: usize) -> Option<&'g Group<'r>> {
    rungs.iter().map(|trial| (trial, trial.median())).find_map(|(trial, sample)| {
        (sample.target == target && sample.connections == level).then_some(trial)
    })
}

/// The servers of these trials, in their order.
fn targets<'a>(trials: &[Group<'a>]) -> Vec<&'a str> {
    let mut targets: Vec<_> = trials.iter().map(|trial| trial.median().target.as_str()).collect();
    targets.dedup();
    targets
}

/// Req/s of all servers over connection counts, with each stage's factor over the stage above it.
pub fn ladder(results: &Results, mode: &str) -> Option<Table> {
    let rungs = rungs(results, mode);
    let stages: Vec<_> = targets(&rungs).into_iter().filter(|target| is_stage(target)).collect();
    let lower = |sample: &Sample| {
        let place = stages.iter().position(|stage| *stage == sample.target)?;
        at(&rungs, stages[place.checked_sub(1)?], sample.connections)
    };
    let cross = Cross {
        row: &server,
        column: &|sample| sample.connections,
        name: &|level| format!("{level} connections"),
    };
    cross.table("Req/s", &rungs, |trial| Some(rung(trial, lower(trial.median()))))
}

/// How far the highest stage comes beside the servers that are no stages, at each connection count; `None` without both.
/// With repeats, by the ratios within each of them.
pub fn beside(results: &Results, mode: &str) -> Option<String> {
    let rungs = rungs(results, mode);
    let levels: BTreeSet<_> = rungs.iter().map(|trial| trial.median().connections).collect();
    let sentence = |target: &str, other: &str, level: usize| {
        let (one, two) = (at(&rungs, target, level)?, at(&rungs, other, level)?);
        let text = match Ratio::within(one, two, served) {
            Some(ratio) => ratio.beside(label(other)),
            None => {
                let note = one.disturbed().or(two.disturbed());
                let note = note.map_or(String::new(), |note| format!(" ({note})"));
                format!("{:.2} × {}{note}", times(one, two)?, label(other))
            }
        };
        Some(format!("{text} at {level} connections"))
    };
    let is_served = |target: &&str| {
        let mut own = rungs.iter().map(Group::median).filter(|sample| sample.target == *target);
        own.any(|sample| served(sample).is_some())
    };
    let present: Vec<_> = targets(&rungs).into_iter().filter(is_served).collect();
    let top = present.iter().rfind(|target| is_stage(target))?;
    let line = |other: &&str| {
        let all: Vec<_> = levels.iter().filter_map(|level| sentence(top, other, *level)).collect();
        format!("{top} serves {}.", all.join(", "))
    };
    let others: Vec<_> = present.iter().filter(|target| !is_stage(target)).map(line).collect();
    (!others.is_empty()).then(|| others.join("\n"))
}

/// A table of servers over workloads.
fn over_workloads(
    results: &Results,
    corner: &str,
    cell: impl Fn(&Group<'_>) -> Option<String>,
) -> Option<Table> {
    let rows = results.rows.iter().filter(|row| row.part == Part::Matrix);
    let names = distinct(rows.map(|row| row.workload.as_str()));
    let cross = Cross {
        row: &server,
        column: &|sample| names.iter().position(|name| *name == sample.workload),
        name: &|place| place.map_or(String::new(), |place| names[place].to_owned()),
    };
    cross.table(corner, &results.trials(Part::Matrix), |trial| cell(trial))
}

/// Req/s of all servers over workloads.
pub fn matrix(results: &Results) -> Option<Table> {
    over_workloads(results, "Req/s", |trial| Some(rung(trial, None)))
}

/// The bottleneck of all servers over workloads, in two words.
pub fn causes(results: &Results) -> Option<Table> {
    over_workloads(results, "Bottleneck", |trial| Some(trial.median().told("cause")?.to_owned()))
}

/// Req/s of all servers over the number of silent connections.
pub fn idle(results: &Results) -> Option<Table> {
    let cross = Cross {
        row: &server,
        column: &|sample| sample.idle,
        name: &|count| format!("{} silent", grouped(*count as f64)),
    };
    cross.table("Req/s", &results.trials(Part::Idle), |trial| Some(rung(trial, None)))
}
