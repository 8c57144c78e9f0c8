//! `bench rate`: load that does not wait for the server. With `-R` the same constant rate for every server, as latencies
//! compare only where the work is the same; without it a sweep over offered load: how latency grows, from a tenth of what each
//! server can do to more than all of it.
//!
//! What a server can do is measured first, in a closed loop. The requests of the sweep come at random moments (Poisson
//! arrivals), as from many clients that know nothing of each other, and are timed from the moment that each was due.

use super::benchmark;
use super::common::Common;
use super::plan::{Experiment, Plan, Trial};
use super::profile::clients;
use super::record::Finished;
use super::workload::WorkloadArgs;
use crate::args::{self, misuse};
use crate::interrupt::Interrupt;
use crate::results::{POOL, Part};
use crate::targets::{ALL_STAGES, Connection, Target};
use anyhow::{Result, ensure};
use clap::Args;
use std::time::Duration;

/// How long each trial takes at one rate for all, unless told otherwise.
pub const WINDOW: Duration = Duration::from_secs(5);

/// Offered loads, in per cent of what the closed loop reached: closer together where latency grows.
const LOADS: [usize; 11] = [10, 25, 40, 55, 70, 80, 90, 95, 100, 110, 120];
/// A tenth of what one core can do for `/work/200` has to be a thousand requests: fewer have no p99.
pub const SWEEP_WINDOW: Duration = Duration::from_millis(2200);

/// What `bench rate` takes.
#[derive(Args, Debug)]
pub struct RateArgs {
    #[command(flatten)]
    common: Common,
    /// Requests per second [default: 10 % to 120 % of the closed loop's, at random moments]
    #[arg(short = 'R', long, value_name = "N", value_parser = args::rate)]
    rate: Option<f64>,
    /// Connections for the requests; in a sweep at most as many as a stage serves at a time
    #[arg(short, long, default_value_t = POOL, value_parser = args::count)]
    connections: usize,
    #[command(flatten)]
    workload: WorkloadArgs,
}

impl RateArgs {
    /// Measures one server after the other, or the sweep.
    ///
    /// # Errors
    /// As [`benchmark::run`].
    pub fn run(&self, interrupt: &Interrupt) -> Result<Finished> {
        let (targets, window) = match self.rate {
            Some(_) => (self.common.targets()?, WINDOW),
            None => (self.common.targets_or(&ALL_STAGES)?, SWEEP_WINDOW),
        };
        let workload = self.workload.workload()?;
        ensure!(
            workload.kind.think().is_none(),
            misuse(
                "users ask when they have thought, at no rate: choose another --workload, or bench run --workload users"
            )
        );
        let plan = Plan {
            workload,
            modes: vec![Connection::closing(self.workload.close)],
            rate: self.rate,
            ..self.common.plan(targets, vec![self.connections], window)
        };
        let experiments = match self.rate {
            Some(_) => vec![plan.ladder(Part::Rate)],
            None => sweep(plan, &self.common.stage_args).to_vec(),
        };
        benchmark::run(experiments, &self.common, interrupt)
    }
}

/// The closed loop, and behind it the loads whose rates it gives: of all servers of a plan with one connection count and
/// one mode.
fn sweep(plan: Plan, stage_args: &[String]) -> [Experiment; 2] {
    let closed = Trial::of(plan.modes[0], plan.levels[0], plan.workload);
    let open = LOADS.map(|load| Trial { offered: Some(load), ..closed });
    [&[closed][..], &open].map(|kinds| {
        let mut experiment = plan.clone().experiment(Part::Sweep, kinds);
        for trial in &mut experiment.trials {
            trial.connections = served(&experiment.plan, *trial, stage_args);
        }
        experiment
    })
}

/// No more connections than a stage serves at a time: a request that is sent on another one is not answered at all. Those
/// that find all connections busy wait in the generator, which counts as latency.
fn served(plan: &Plan, trial: Trial, stage_args: &[String]) -> usize {
    match plan.targets[trial.target] {
        Target::Stage(stage) if trial.connection == Connection::KeepAlive => {
            trial.connections.min(clients(stage, stage_args))
        }
        _ => trial.connections,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiments::workload::Workload;

    fn whole_sweep(args: &[&str]) -> [Experiment; 2] {
        let args: Vec<_> = args.iter().map(|arg| (*arg).to_owned()).collect();
        sweep(Common::default().plan(ALL_STAGES.to_vec(), vec![64], SWEEP_WINDOW), &args)
    }

    #[test]
    fn all_four_stages_take_little_more_than_two_minutes() {
        let time: Duration = whole_sweep(&[]).iter().map(Experiment::time).sum();
        assert!(time <= Duration::from_secs(130), "{time:?}");
    }

    #[test]
    fn each_stage_is_offered_a_part_of_what_it_can_do_on_connections_that_it_serves() {
        let [_, mut open] = whole_sweep(&["--threads", "8"]);
        open.plan.capacity = vec![1000.0, 2000.0, 3000.0, 4000.0];
        let at = |target, load| {
            let is = |trial: &&Trial| (trial.target, trial.offered) == (target, Some(load));
            let trial = *open.trials.iter().find(is).unwrap();
            (trial.connections, open.plan.rate_of(trial).unwrap().round())
        };
        assert_eq!((at(0, 10), at(1, 110), at(3, 95)), ((1, 100.0), (8, 2200.0), (64, 3800.0)));
        let closed = Trial::of(Connection::KeepAlive, 64, Workload::default());
        assert_eq!(open.plan.rate_of(closed), None);
    }
}
