//! `bench idle --waits`: what does a loop pay for connections that say nothing? poll(2) and epoll(7), in two small
//! programs that differ in nothing else.

use super::benchmark;
use super::common::Common;
use super::plan::{Experiment, Plan, Trial};
use super::record::Finished;
use super::workload::BUSY;
use crate::interrupt::Interrupt;
use crate::results::Part;
use crate::targets::parse;
use crate::{numbers, terminal};
use anyhow::{Context, Result};
use shared::sys::rlimit;
use std::time::Duration;

/// Silent connections, beside one busy client and beside [`BUSY`].
const IDLE: [usize; 6] = [0, 100, 1000, 2000, 5000, 9000];
/// Busy clients with no silent one: beyond [`BUSY`], where the other curve begins.
const ACTIVE: [usize; 4] = [100, 500, 1000, 2000];
/// Descriptors that a process has beside its connections, at most.
const OTHERS: u64 = 100;

/// Measures the curves.
///
/// # Errors
/// As [`benchmark::run`].
pub fn run(common: &Common, interrupt: &Interrupt) -> Result<Finished> {
    let targets = common.targets_or(&parse(&["poll_loop", "epoll_loop"].map(str::to_owned))?)?;
    let files = rlimit::raise_open_files().context("cannot read the limit of open files")?;
    let most = files.saturating_sub(OTHERS).try_into().unwrap_or(usize::MAX);
    if most < IDLE[IDLE.len() - 1] + BUSY {
        terminal::note(&format!(
            "{files} descriptors a process (ulimit -Hn): {} connections at most",
            numbers::grouped(most as f64)
        ));
    }
    let plan = common.plan(targets, vec![1, BUSY], Duration::from_millis(500));
    benchmark::run(vec![of(plan, most)], common, interrupt)
}

/// All curves, as far as `most` connections allow.
fn of(plan: Plan, most: usize) -> Experiment {
    let idle = |busy| IDLE.map(|idle| (busy, idle));
    let points = [idle(1), idle(BUSY)].concat().into_iter().chain(ACTIVE.map(|busy| (busy, 0)));
    let points = points.filter(|(busy, idle)| busy + idle <= most);
    let trials: Vec<_> = points.map(|(busy, idle)| Trial::beside(busy, idle)).collect();
    plan.experiment(Part::Waits, &trials)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::targets::Target;

    #[test]
    fn there_are_as_many_silent_connections_as_descriptors_allow() {
        let plan = || Common::default().plan(vec![Target::Example(1)], vec![1], Duration::ZERO);
        let idle = |most| {
            let trials = of(plan(), most).trials;
            let most_idle = trials.iter().map(|trial| trial.workload.idle).max();
            (trials.len(), most_idle)
        };
        assert_eq!((idle(20_000), idle(1000)), ((16, Some(9000)), (7, Some(100))));
    }
}
