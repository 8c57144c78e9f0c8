//! `bench run`: the ladder. First users who think, where the bottleneck moves from stage to stage; then what a request costs,
//! what silent connections cost, and what each server is made for.

use super::benchmark;
use super::common::{Common, REPEAT, WINDOW};
use super::idle::{ALL_POINTS, POINTS, curve};
use super::plan::{Experiment, Plan, Profiling};
use super::record::Finished;
use super::workload::{BUSY, Kind, Workload, WorkloadArgs};
use super::{matrix, users};
use crate::args;
use crate::interrupt::Interrupt;
use crate::results::{POOL, Part};
use crate::targets::{self, Connection, Target};
use anyhow::Result;
use clap::Args;
use std::time::Duration;

/// What `bench run` takes.
#[derive(Args, Clone, Debug, Default)]
pub struct RunArgs {
    #[command(flatten)]
    common: Common,
    /// Connection counts, for hello kept alive and closed: 50,200,800 [default: 64, kept alive]
    #[arg(short, long, value_delimiter = ',', value_parser = args::count)]
    connections: Vec<usize>,
    /// Half a second each, once, without perf
    #[arg(long, conflicts_with = "full")]
    quick: bool,
    /// 50 to 1200 connections, kept alive and closed, whole curve and matrix; 2s each, five times
    #[arg(long)]
    full: bool,
    #[command(flatten)]
    workload: WorkloadArgs,
    /// A further server that runs already
    #[arg(long, value_name = "NAME=URL", value_parser = targets::named)]
    also: Vec<Target>,
    /// Leave the idle curve and the matrix of all workloads away
    #[arg(long)]
    no_matrix: bool,
    /// Leave perf away: where the CPU time goes is then told by /proc, in less detail
    #[arg(long)]
    no_profile: bool,
}

/// Repeats of the whole run, and of the one with `--full`.
pub const REPEATS: [usize; 2] = [3, 5];

impl RunArgs {
    /// Measures the ladder, and what follows it.
    ///
    /// # Errors
    /// As [`benchmark::run`].
    pub fn run(&self, interrupt: &Interrupt) -> Result<Finished> {
        benchmark::run(self.experiments(&self.plan()?)?, &self.common, interrupt)
    }

    /// In the order in which they are shown. A run about one workload in particular, or without any stage, has less.
    fn experiments(&self, plan: &Plan) -> Result<Vec<Experiment>> {
        let is_stage = |target: &Target| matches!(target, Target::Stage(_));
        let whole = self.is_whole(plan.workload) && plan.targets.iter().any(is_stage);
        let of_users = plan.workload.kind == Kind::Users;
        let mut experiments = Vec::new();
        if whole || of_users {
            experiments.extend([users::ladder(plan)?, users::controls(plan)?]);
        }
        if !of_users {
            experiments.push(plan.clone().ladder(Part::Ladder));
        }
        if whole && !self.no_matrix {
            // The short form shows steps of many times, once: `--repeat` asks for more.
            let repeat = self.common.repeat.unwrap_or(1);
            let short = |millis| {
                let duration = plan.duration.min(Duration::from_millis(millis));
                Plan { repeat, duration, ..plan.clone() }
            };
            let (plans, points) = match self.full {
                true => ([plan.clone(), plan.clone()], &ALL_POINTS[..]),
                false => ([short(300), short(500)], &POINTS[..]),
            };
            let [of_idle, of_matrix] = plans;
            experiments.extend([curve(of_idle, BUSY, points), matrix::of(of_matrix)]);
        }
        experiments.retain(|experiment| !experiment.trials.is_empty());
        Ok(experiments)
    }

    /// Whether the run is about no workload or mode in particular.
    fn is_whole(&self, workload: Workload) -> bool {
        workload == Workload::default() && !self.workload.close
    }

    /// The flags with their defaults; single ones override what --quick and --full stand for.
    fn plan(&self) -> Result<Plan> {
        let workload = self.workload.workload()?;
        let is_default = self.is_whole(workload) && self.connections.is_empty();
        let (duration, repeat) = match (self.quick, self.full) {
            (true, _) => (Duration::from_millis(500), REPEAT),
            (_, true) => (Duration::from_secs(2), REPEATS[1]),
            _ => (WINDOW, if is_default { REPEATS[0] } else { REPEAT }),
        };
        let levels = match self.connections.as_slice() {
            [] if workload.idle > 0 => vec![BUSY],
            [] if self.full => vec![50, 100, 200, 400, 800, 1200],
            [] => vec![POOL],
            chosen => chosen.to_vec(),
        };
        let both = self.full || !self.connections.is_empty();
        let mut modes = Vec::new();
        modes.extend((!self.workload.close).then_some(Connection::KeepAlive));
        let closes = self.workload.close || both && workload.idle == 0;
        modes.extend(closes.then_some(Connection::Close));
        let targets = targets::distinct(self.common.targets()?, &self.also)?;
        let plan = self.common.plan(targets, levels, duration);
        let profile = match self.is_whole(workload) {
            true if self.quick || self.no_profile => Profiling::Proc,
            true => Profiling::Perf,
            false => Profiling::No,
        };
        let repeat = self.common.repeat.unwrap_or(repeat);
        Ok(Plan { modes, workload, repeat, profile, ..plan })
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

    fn parts(args: &RunArgs) -> Vec<String> {
        let experiments = args.experiments(&args.plan().unwrap()).unwrap();
        experiments.iter().map(|experiment| experiment.part.to_string()).collect()
    }

    #[test]
    fn trials_alternate_and_every_other_repeat_is_reversed() {
        let mut args = RunArgs { connections: vec![5, 7, 5], ..args(&["1", "2"]) };
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
    fn users_come_first_and_a_run_about_one_thing_has_that_alone() {
        let whole = ["users", "controls", "ladder", "idle", "matrix"];
        assert_eq!(parts(&args(&["floor", "stage2"])), whole);
        assert_eq!(parts(&args(&["stage3"])), ["users", "ladder", "idle", "matrix"]);
        assert_eq!(parts(&args(&["floor"])), ["ladder"]);
        let about = |workload| RunArgs { workload, ..args(&["stage2"]) };
        let idle = WorkloadArgs { idle: Some(1), ..WorkloadArgs::default() };
        assert_eq!(parts(&about(idle)), ["ladder"]);
        let users = WorkloadArgs { workload: Kind::Users, ..WorkloadArgs::default() };
        assert_eq!(parts(&about(users)), ["users", "controls"]);
    }

    #[test]
    fn connections_that_are_kept_are_the_default_and_both_kinds_are_compared_on_demand() {
        let modes = |args: RunArgs| args.plan().unwrap().modes;
        let both = [Connection::KeepAlive, Connection::Close];
        assert_eq!(modes(args(&["3"])), [Connection::KeepAlive]);
        assert_eq!(modes(RunArgs { full: true, ..args(&["3"]) }), both);
        assert_eq!(modes(RunArgs { connections: vec![5], ..args(&["3"]) }), both);
    }

    #[test]
    fn the_default_takes_three_minutes_at_most_and_quick_fifty_seconds() {
        let seconds = |args: RunArgs| {
            let mut plan = args.plan().unwrap();
            plan.targets = targets::parse(&["all".to_owned(), "nginx".to_owned()]).unwrap();
            let experiments = args.experiments(&plan).unwrap();
            let trials = experiments.iter().map(Experiment::time).sum::<Duration>();
            (trials + profile::time(&plan)).as_secs()
        };
        assert!(seconds(RunArgs::default()) <= 180);
        assert!(seconds(RunArgs { quick: true, ..RunArgs::default() }) < 50);
    }
}
