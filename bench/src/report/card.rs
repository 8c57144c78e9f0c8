//! A card for each stage: what is the bottleneck now, how it is known, what helps, and what holds then.
//!
//! The limit and its evidence are of the users' ladder; where CPU goes is the profile of an empty handler.

use super::figures::{or_dash, served, switches, verdict};
use super::layers::Bars;
use super::users;
use crate::numbers::grouped;
use crate::results::{Part, Profile, Results, Sample};
use crate::table::Table;
use crate::workspace::{self, STAGES, label};

/// What cannot be measured, in the order of [`STAGES`]: what helps a stage, and what holds it then.
const ADVICE: [[&str; 2]; 4] = [
    [
        "a pool of worker threads: each waits for one connection (stage 2)",
        "the number of workers: a silent connection holds one",
    ],
    [
        "an event loop: epoll, and non-blocking sockets that need no thread to wait for them (stage 3)",
        "one core; and a handler that blocks, which stops all connections",
    ],
    [
        "an event loop per core, each with its own listener, and a pool for blocking handlers (stage 4)",
        "the machine: all cores, and what the kernel needs for each request",
    ],
    [
        "more cores; or fewer and cheaper system calls, as with io_uring",
        "what no way of waiting changes: the handlers' own work, the network, the services behind them",
    ],
];

/// The card of a stage; `None` where nothing of it was observed.
pub fn of(results: &Results, target: &str) -> Option<Table> {
    let [remedy, next] = ADVICE[workspace::stage(target)?];
    let (row, profile) = (row(results, target), results.profile(target));
    if row.is_none() && profile.is_none() {
        return None;
    }
    let flame = profile.and_then(Profile::flame);
    let flame = flame.map(|file| format!("[flame graph of {target}]({file})"));
    let cpu = profile.map(|profile| Bars::of(results).line(profile));
    let mut table = Table::of_prose(["Bottleneck", label(target)]);
    let lines = [("Limit", row.and_then(verdict))].into_iter().chain(evidence(row)).chain([
        ("Where a request's CPU goes", cpu),
        ("Flame graph", flame),
        ("Remedy", Some(remedy.to_owned())),
        ("Next limit", Some(next.to_owned())),
    ]);
    lines.for_each(|(name, text)| table.add([name.to_owned(), or_dash(text)]));
    Some(table)
}

/// A stage's row under users.
fn row<'a>(results: &'a Results, target: &str) -> Option<&'a Sample> {
    results.medians(Part::Users).into_iter().find(|row| row.target == target)
}

/// A line for each stage. The factor is the remedy's: of the next stage's requests per second over this stage's.
pub fn all(results: &Results) -> Option<Table> {
    let line = |(stage, target): (usize, &&str)| {
        let row = row(results, target)?;
        let next = STAGES.get(stage + 1).and_then(|next| self::row(results, next));
        let told = evidence(Some(row)).into_iter();
        let told =
            told.filter_map(|(name, figure)| Some(format!("{} {}", name.to_lowercase(), figure?)));
        Some(vec![
            label(target).to_owned(),
            or_dash(verdict(row)),
            told.collect::<Vec<_>>().join(", "),
            ADVICE[stage][0].to_owned(),
            or_dash(next.and_then(|next| users::factor(next, results))),
        ])
    };
    Table::of_prose(["Stage", "Limit", "Evidence", "Remedy", "Factor"])
        .filled(STAGES.iter().enumerate().filter_map(line).collect())
}

/// What a stage's limit is known by.
fn evidence(row: Option<&Sample>) -> [(&'static str, Option<String>); 4] {
    let busy = |row: &Sample| row.busy_cores().map(|cores| format!("{cores:.2}"));
    let queue = |row: &Sample| row.noted("queue.max").map(grouped);
    [
        ("Served", row.map(served)),
        ("Busy cores", row.and_then(busy)),
        ("Switches/req", row.and_then(switches)),
        ("Accept queue", row.and_then(queue)),
    ]
}
