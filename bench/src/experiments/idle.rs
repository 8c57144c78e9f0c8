//! `bench idle`: what do silent connections cost the others? Requests per second over their number. And with `--waits`: what
//! does a loop pay for connections that say nothing? poll(2) and epoll(7), in two small programs that differ in nothing else.

use super::benchmark;
use super::common::{Common, WINDOW};
use super::plan::{Experiment, Plan, Trial};
use super::record::Finished;
use super::workload::BUSY;
use crate::args;
use crate::interrupt::Interrupt;
use crate::results::Part;
use crate::targets::{ALL_STAGES, parse};
use crate::{numbers, terminal};
use anyhow::{Context, Result};
use clap::Args;
use shared::sys::rlimit;
use std::time::Duration;

/// The points of the curve in a run: none, one (which stops stage 1), and as many as stage 2 has workers.
pub const POINTS: [usize; 3] = [0, 1, 64];
/// And of the whole curve.
pub const ALL_POINTS: [usize; 7] = [0, 1, 16, 32, 63, 64, 200];

/// Silent connections, beside one busy client and beside [`BUSY`].
const SILENT: [usize; 6] = [0, 100, 1000, 2000, 5000, 9000];
/// Busy clients with no silent one: beyond [`BUSY`], where the other curve begins.
const ACTIVE: [usize; 4] = [100, 500, 1000, 2000];
/// Descriptors that a process has beside its connections, at most.
const OTHERS: u64 = 100;

/// What `bench idle` takes.
#[derive(Args, Debug)]
pub struct IdleArgs {
    #[command(flatten)]
    common: Common,
    /// Numbers of silent connections
    #[arg(short = 'n', long, value_delimiter = ',', default_value = "0,1,16,63,64,200,1000")]
    idle: Vec<usize>,
    /// Clients beside them that send requests all the time
    #[arg(short, long, default_value_t = BUSY, value_parser = args::count)]
    connections: usize,
    /// CPU per request of poll_loop and epoll_loop, up to 9,000 silent
    #[arg(long, conflicts_with_all = ["idle", "connections"])]
    waits: bool,
}

impl IdleArgs {
    /// Measures the curves.
    ///
    /// # Errors
    /// As [`benchmark::run`].
    pub fn run(&self, interrupt: &Interrupt) -> Result<Finished> {
        if self.waits {
            return waits(&self.common, interrupt);
        }
        let targets = self.common.targets_or(&ALL_STAGES)?;
        let plan = self.common.plan(targets, vec![self.connections], WINDOW);
        benchmark::run(vec![curve(plan, self.connections, &self.idle)], &self.common, interrupt)
    }
}

/// The curve of `busy` clients beside each number of silent ones.
pub fn curve(plan: Plan, busy: usize, counts: &[usize]) -> Experiment {
    let kinds: Vec<_> = counts.iter().map(|idle| Trial::beside(busy, *idle)).collect();
    Plan { levels: vec![busy], ..plan }.experiment(Part::Idle, &kinds)
}

/// Measures what the two loops pay.
fn waits(common: &Common, interrupt: &Interrupt) -> Result<Finished> {
    let targets = common.targets_or(&parse(&["poll_loop", "epoll_loop"].map(str::to_owned))?)?;
    let files = rlimit::raise_open_files().context("cannot read the limit of open files")?;
    let most = files.saturating_sub(OTHERS).try_into().unwrap_or(usize::MAX);
    if most < SILENT[SILENT.len() - 1] + BUSY {
        terminal::note(&format!(
            "{files} descriptors a process (ulimit -Hn): {} connections at most",
            numbers::grouped(most as f64)
        ));
    }
    let plan = common.plan(targets, vec![1, BUSY], Duration::from_millis(500));
    benchmark::run(vec![of_waits(plan, most)], common, interrupt)
}

/// Their curves, as far as `most` connections allow.
fn of_waits(plan: Plan, most: usize) -> Experiment {
    let idle = |busy| SILENT.map(|idle| (busy, idle));
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
            let trials = of_waits(plan(), most).trials;
            let most_idle = trials.iter().map(|trial| trial.workload.idle).max();
            (trials.len(), most_idle)
        };
        assert_eq!((idle(20_000), idle(1000)), ((16, Some(9000)), (7, Some(100))));
    }
}
