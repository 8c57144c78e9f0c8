//! `bench run`: the ladder. Servers over connection counts, each trial with a fresh process.

use super::benchmark;
use super::common::Common;
use super::plan::{Experiment, Plan};
use super::record::Finished;
use super::workload::{BUSY, Kind, Workload, WorkloadArgs};
use super::{idle, matrix, users};
use crate::args;
use crate::interrupt::Interrupt;
use crate::results::Part;
use crate::targets::{self, Connection, Target};
use anyhow::Result;
use clap::Args;
use std::time::Duration;

/// What `bench run` takes.
#[derive(Args, Clone, Debug, Default)]
pub struct RunArgs {
    #[allow(missing_docs)]
    #[command(flatten)]
    pub common: Common,
    /// Connection counts, separated by commas [default: 50,200,800]
    #[arg(short, long, value_delimiter = ',', value_parser = args::count)]
    connections: Vec<usize>,
    /// Connection counts 50,200 and half a second each, without profiles
    #[arg(long, conflicts_with = "full")]
    quick: bool,
    /// Connection counts 50,100,200,400,800,1200 and 20 seconds each
    #[arg(long)]
    full: bool,
    #[allow(missing_docs)]
    #[command(flatten)]
    workload: WorkloadArgs,
    /// A further server that runs already
    #[arg(long, value_name = "NAME=URL", value_parser = targets::named)]
    also: Vec<Target>,
    /// Ask wrk too, on the same server right afterwards
    #[arg(long)]
    wrk: bool,
    /// Leave the idle curve and the matrix of all workloads away
    #[arg(long)]
    no_matrix: bool,
    /// Leave the profiles of the stages away: layers of CPU time, and flame graphs where perf works
    #[arg(long)]
    no_profile: bool,
}

impl RunArgs {
    /// All servers in about four minutes, five times each: fewer repeats tell nothing from chance.
    pub fn short() -> Self {
        let common = Common { repeat: Some(5), ..Common::default() };
        Self { quick: true, common, ..Self::default() }
    }

    /// Measures the ladder, and what follows it.
    ///
    /// # Errors
    /// As [`benchmark::run`].
    pub fn run(&self, interrupt: &Interrupt) -> Result<Finished> {
        let plan = self.plan()?;
        if plan.workload.kind == Kind::Users {
            let experiments = [users::ladder(&plan)?, users::controls(&plan)?];
            return benchmark::run(&experiments, &self.common, interrupt);
        }
        let further = if self.no_matrix { Vec::new() } else { further(&plan) };
        let mut experiments = vec![plan.ladder(Part::Ladder)];
        experiments.extend(further);
        benchmark::run(&experiments, &self.common, interrupt)
    }

    /// The flags with their defaults; single ones override what --quick and --full stand for.
    fn plan(&self) -> Result<Plan> {
        let (levels, duration): (&[usize], _) = match (self.quick, self.full) {
            (true, _) => (&[50, 200], Duration::from_millis(500)),
            (_, true) => (&[50, 100, 200, 400, 800, 1200], Duration::from_secs(20)),
            _ => (&[50, 200, 800], Duration::from_secs(1)),
        };
        let workload = self.workload.workload()?;
        let levels = match self.connections.as_slice() {
            [] if workload.beside() > 0 => vec![BUSY],
            [] => levels.to_vec(),
            chosen => chosen.to_vec(),
        };
        let mut modes = Vec::new();
        modes.extend((workload.beside() == 0).then_some(Connection::Close));
        modes.extend((!self.workload.close).then_some(Connection::KeepAlive));
        let targets = targets::distinct(self.common.targets()?, &self.also)?;
        let plan = self.common.plan(targets, levels, duration);
        let left_away = self.no_profile || self.quick || self.workload.close;
        let profile = !left_away && workload == Workload::default();
        Ok(Plan { modes, workload, wrk: self.wrk, profile, ..plan })
    }
}

/// What follows the ladder, in short form: what silent clients cost, and what each server is made for.
/// Nothing when there is no stage to show it of, or the run is about one workload in particular.
fn further(plan: &Plan) -> Vec<Experiment> {
    let is_stage = |target: &Target| matches!(target, Target::Stage(_));
    if plan.workload == Workload::default() && plan.targets.iter().any(is_stage) {
        vec![idle::short(plan), matrix::short(plan)]
    } else {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::super::profile;
    use super::*;

    fn args(targets: &[&str]) -> RunArgs {
        let targets = targets.iter().map(|name| (*name).to_owned()).collect();
        RunArgs { common: Common { targets, ..Common::default() }, ..RunArgs::default() }
    }

    #[test]
    fn trials_alternate_and_every_other_repeat_is_reversed() {
        let mut args = RunArgs { connections: vec![5, 7], ..args(&["1", "2"]) };
        (args.common.repeat, args.workload.close) = (Some(2), true);
        let ladder = args.plan().unwrap().ladder(Part::Ladder);
        let trials: Vec<_> =
            ladder.trials.iter().map(|trial| (trial.target, trial.connections)).collect();
        let connections: Vec<_> = trials.iter().map(|trial| trial.1).collect();
        assert_eq!(connections, [5, 5, 7, 7, 5, 5, 7, 7]);
        assert_ne!(trials[0].0, trials[1].0);
        assert_eq!((trials[0], trials[1]), (trials[5], trials[4]), "the second repeat is reversed");
    }

    #[test]
    fn what_follows_the_ladder_is_about_stages_and_all_workloads() {
        let of = |args: RunArgs| further(&args.plan().unwrap()).len();
        assert_eq!((of(args(&["floor", "stage2"])), of(args(&["floor"]))), (2, 0));
        let silent = WorkloadArgs { slow: Some(1), ..WorkloadArgs::default() };
        assert_eq!(of(RunArgs { workload: silent, ..args(&["stage2"]) }), 0);
    }

    #[test]
    fn the_default_takes_two_minutes_at_most_and_quick_fifty_seconds() {
        let seconds = |args: RunArgs| {
            let mut plan = args.plan().unwrap();
            plan.targets = targets::parse(&["all".to_owned(), "nginx".to_owned()]).unwrap();
            let further = further(&plan).iter().map(Experiment::time).sum::<Duration>();
            let profiles = profile::time(&plan);
            (plan.ladder(Part::Ladder).time() + further + profiles).as_secs()
        };
        assert!(seconds(RunArgs::default()) <= 120);
        assert!(seconds(RunArgs { quick: true, ..RunArgs::default() }) < 50);
    }
}
