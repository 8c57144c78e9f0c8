//! `bench scale`: what does another core add? A stage that serves with 1, 2, 4 ... threads, up to the cores that it has.
//!
//! Three workloads: `hello`, where the kernel's price is all; `work`, where the handler's time is; `users`, who think.

use super::benchmark;
use super::common::{Common, WINDOW};
use super::plan::{Experiment, Plan, Trial};
use super::record::Finished;
use super::workload::{self, BUSY, Kind};
use crate::args::misuse;
use crate::interrupt::Interrupt;
use crate::results::Part;
use crate::targets::Target;
use crate::tools;
use anyhow::{Result, bail, ensure};

/// Repeats, unless told otherwise: as few as tell how far a point is off.
pub const REPEAT: usize = 3;

/// Measures one number of threads after the other.
///
/// # Errors
/// A server whose threads cannot be chosen, and as [`benchmark::run`].
pub fn run(common: &Common, interrupt: &Interrupt) -> Result<Finished> {
    let targets = common.targets_or(&[Target::Stage(3)])?;
    let is_fixed = |target: &&Target| !matches!(target, Target::Stage(1 | 3));
    if let Some(target) = targets.iter().find(is_fixed) {
        let what = "serves with the threads that it has: choose stage2 or stage4";
        bail!(misuse(format!("{} {what}", target.label())));
    }
    ensure!(
        !common.stage_args.iter().any(|arg| arg.starts_with("--threads")),
        misuse("bench scale chooses the threads itself: leave --threads away")
    );
    let plan = common.plan(targets, vec![BUSY * tools::cores().max(2)], WINDOW);
    let plan = Plan { repeat: common.repeat.unwrap_or(REPEAT), ..plan };
    let most = most(&plan);
    benchmark::run(vec![of(plan, most, workload::users()?)], common, interrupt)
}

/// Each workload with each number of threads up to `most`.
fn of(plan: Plan, most: usize, users: usize) -> Experiment {
    let busy = plan.levels[0];
    let each = |(kind, clients)| {
        let trial = Trial::kept(clients, kind);
        counts(most).into_iter().map(move |threads| Trial { threads: Some(threads), ..trial })
    };
    let kinds = [(Kind::Hello, busy), (Kind::Work, busy), (Kind::Users, users)];
    plan.experiment(Part::Scale, &kinds.into_iter().flat_map(each).collect::<Vec<_>>())
}

/// 1, 2, 4 ... and `most` itself.
fn counts(most: usize) -> Vec<usize> {
    let powers = (0..).map(|power| 1 << power);
    powers.take_while(|count| *count < most).chain([most]).collect()
}

/// The most threads that have a CPU each: of those that the servers are kept on, apart from the generator, or of all.
fn most(plan: &Plan) -> usize {
    plan.pin.as_ref().map_or_else(tools::cores, |pin| pin.server.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::targets::Pin;
    use std::time::Duration;

    #[test]
    fn each_workload_has_each_number_of_threads_in_every_repeat() {
        assert_eq!([1, 2, 3, 8, 12].map(|most| counts(most).len()), [1, 2, 3, 4, 5]);
        assert_eq!(counts(12), [1, 2, 4, 8, 12]);
        let common = Common { repeat: Some(2), ..Common::default() };
        let plan = common.plan(vec![Target::Stage(3)], vec![256], Duration::from_secs(1));
        let pin = Pin { server: (0..8).collect(), generator: (8..16).collect() };
        let plan = Plan { pin: Some(pin), ..plan };
        assert_eq!(most(&plan), 8);
        let trials = of(plan, 8, 4000).trials;
        assert_eq!(trials.len(), 2 * 3 * 4);
        let users = trials.iter().filter(|trial| trial.workload.kind == Kind::Users);
        let users: Vec<_> = users.map(|trial| (trial.threads, trial.connections)).collect();
        assert_eq!(users[..4], [1, 2, 4, 8].map(|threads| (Some(threads), 4000)));
    }
}
