//! `bench rate` without a rate: how latency grows with offered load, from a tenth of what each server can do to more than
//! all of it.
//!
//! What a server can do is measured first, in a closed loop. The requests of the sweep come at random moments (Poisson
//! arrivals), as from many clients that know nothing of each other, and are timed from the moment that each was due.

use super::plan::{Experiment, Plan, Trial};
use super::profile::clients;
use crate::results::Part;
use crate::targets::{Connection, Target};
use std::time::Duration;

/// Offered loads, in per cent of what the closed loop reached: closer together where latency grows.
const LOADS: [usize; 11] = [10, 25, 40, 55, 70, 80, 90, 95, 100, 110, 120];
/// A tenth of what one core can do for `/work/200` has to be a thousand requests: fewer have no p99.
pub const WINDOW: Duration = Duration::from_millis(2200);

/// The closed loop, and behind it the loads whose rates it gives: of all servers of a plan with one connection count and
/// one mode.
pub fn experiments(plan: Plan, stage_args: &[String]) -> [Experiment; 2] {
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
    use crate::experiments::common::Common;
    use crate::experiments::workload::Workload;
    use crate::targets::ALL_STAGES;

    fn sweep(args: &[&str]) -> [Experiment; 2] {
        let args: Vec<_> = args.iter().map(|arg| (*arg).to_owned()).collect();
        experiments(Common::default().plan(ALL_STAGES.to_vec(), vec![64], WINDOW), &args)
    }

    #[test]
    fn all_four_stages_take_little_more_than_two_minutes() {
        let time: Duration = sweep(&[]).iter().map(Experiment::time).sum();
        assert!(time <= Duration::from_secs(130), "{time:?}");
    }

    #[test]
    fn each_stage_is_offered_a_part_of_what_it_can_do_on_connections_that_it_serves() {
        let [_, mut open] = sweep(&["--threads", "8"]);
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
