//! `bench matrix`: stages by workloads. Each workload asks another question, and no stage has the best answer to all.

use super::benchmark;
use super::common::{Common, WINDOW};
use super::plan::{Experiment, Plan, Trial};
use super::record::Finished;
use super::workload::{BUSY, IDLE, Kind};
use crate::interrupt::Interrupt;
use crate::results::{POOL, Part};
use anyhow::Result;

/// Measures the four workloads.
///
/// # Errors
/// As [`benchmark::run`].
pub fn run(common: &Common, interrupt: &Interrupt) -> Result<Finished> {
    let plan = common.plan(common.targets()?, vec![POOL], WINDOW);
    benchmark::run(vec![of(plan)], common, interrupt)
}

/// The four workloads, as a plan has it. A server that gives each sleeping request a thread can serve all clients.
pub fn of(plan: Plan) -> Experiment {
    let kinds = [Kind::Hello, Kind::Work, Kind::Sleep].map(|kind| Trial::kept(POOL, kind));
    plan.experiment(Part::Matrix, &[&kinds[..], &[Trial::beside(BUSY, IDLE)]].concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::targets::Target;
    use std::time::Duration;

    #[test]
    fn only_servers_with_the_routes_are_asked_to_work() {
        let targets = vec![Target::Stage(2), Target::NullServer];
        let plan = Common::default().plan(targets, Vec::new(), Duration::from_secs(5));
        let matrix = of(plan);
        let count = |target| matrix.trials.iter().filter(|trial| trial.target == target).count();
        assert_eq!((count(0), count(1)), (4, 2));
    }
}
