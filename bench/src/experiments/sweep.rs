//! `bench rate` without a rate: how latency grows with offered load, from a tenth of what each server can do to more than
//! all of it.
//!
//! What a server can do is measured first, in a closed loop. The requests of the sweep come at random moments (Poisson
//! arrivals), as from many clients that know nothing of each other, and are timed from the moment that each was due.

use super::benchmark;
use super::common::Common;
use super::plan::{Experiment, Plan, Trial, announcement};
use super::profile::clients;
use super::record::{Finished, Record};
use super::trial::Measurement;
use crate::interrupt::Interrupt;
use crate::numbers::median;
use crate::results::Part;
use crate::targets::{Connection, Starter, Target};
use crate::terminal::{self, Progress};
use anyhow::{Result, ensure};
use std::time::Duration;

/// Offered loads, in per cent of what the closed loop reached: closer together where latency grows.
const LOADS: [usize; 11] = [10, 25, 40, 55, 70, 80, 90, 95, 100, 110, 120];
/// A tenth of what one core can do for `/work/200` has to be a thousand requests: fewer have no p99.
pub const WINDOW: Duration = Duration::from_millis(2200);

/// A sweep: the closed loop, and the loads whose rates it gives.
pub struct Sweep([Experiment; 2]);

impl Sweep {
    /// Of all servers of a plan with one connection count and one mode.
    pub fn of(plan: Plan, stage_args: &[String]) -> Self {
        let closed = Trial::of(plan.modes[0], plan.levels[0], plan.workload);
        let open = LOADS.map(|load| Trial { offered: Some(load), ..closed });
        let part = |plan: Plan, kinds: &[Trial]| {
            let mut experiment = plan.experiment(Part::Sweep, kinds);
            let (plan, trials) = (&experiment.plan, &mut experiment.trials);
            trials
                .iter_mut()
                .for_each(|trial| trial.connections = served(plan, *trial, stage_args));
            experiment
        };
        Self([part(plan.clone(), &[closed]), part(plan, &open)])
    }

    /// How long it takes, about.
    pub fn time(&self) -> Duration {
        self.0.iter().map(Experiment::time).sum()
    }

    /// Measures it.
    ///
    /// # Errors
    /// As [`benchmark::run`].
    pub fn run(self, common: &Common, interrupt: &Interrupt) -> Result<Finished> {
        let [closed, mut open] = self.0;
        let planned = closed.trials.len() + open.trials.len();
        ensure!(planned > 0, benchmark::NO_ROUTE);
        let starter = Starter::build(
            &closed.plan.targets,
            common.stage_args.clone(),
            closed.plan.pin.clone(),
            interrupt,
        )?;
        let mut record = Record::begin(&closed.plan, planned, common)?;
        terminal::note(&announcement(std::slice::from_ref(&closed), open.time()));
        // Of what other programs disturb, as many levels are measured again as there are loads.
        let mut spare = LOADS.len();
        let progress = Progress::start(closed.time() + open.time());
        let mut measure = |experiment: &Experiment| {
            benchmark::measure(experiment, &starter, &progress, &mut spare, interrupt)
        };
        let (measured, failures) = measure(&closed);
        open.plan.capacity = capacity(&closed.plan, &measured);
        record.add(&closed, &measured, failures);
        let none = open.plan.capacity.iter().position(|rps| *rps <= 0.0);
        if let Some(target) = none.filter(|_| !record.has_failures() && !interrupt.raised()) {
            let name = open.plan.targets[target].label();
            record.fail(format!("{name}: no response in the closed loop, so that no part of that can be offered; try a longer -d"));
        }
        if !record.has_failures() {
            let (measured, failures) = measure(&open);
            record.add(&open, &measured, failures);
        }
        record.end(interrupt)
    }
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

/// The median of what each server reached.
fn capacity(plan: &Plan, measured: &[Measurement]) -> Vec<f64> {
    let of = |target| {
        let own = measured.iter().filter(|one| one.trial.target == target);
        let mut rps: Vec<_> = own.map(|one| one.outcome.rps()).collect();
        median(&mut rps, f64::total_cmp).unwrap_or_default()
    };
    (0..plan.targets.len()).map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiments::workload::Workload;
    use crate::targets::ALL_STAGES;

    fn sweep(args: &[&str]) -> Sweep {
        let args: Vec<_> = args.iter().map(|arg| (*arg).to_owned()).collect();
        Sweep::of(Common::default().plan(ALL_STAGES.to_vec(), vec![64], WINDOW), &args)
    }

    #[test]
    fn all_four_stages_take_little_more_than_two_minutes() {
        assert!(sweep(&[]).time() <= Duration::from_secs(130), "{:?}", sweep(&[]).time());
    }

    #[test]
    fn each_stage_is_offered_a_part_of_what_it_can_do_on_connections_that_it_serves() {
        let [_, mut open] = sweep(&["--threads", "8"]).0;
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
