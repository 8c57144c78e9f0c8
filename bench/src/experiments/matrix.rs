//! `bench matrix`: stages by workloads. Each workload asks another question, and no stage has the best answer to all.

use super::benchmark;
use super::common::Common;
use super::plan::{Experiment, Plan, Trial};
use super::record::Finished;
use super::workload::{BUSY, IDLE, Kind, Workload};
use crate::interrupt::Interrupt;
use crate::results::Part;
use crate::targets::Connection;
use anyhow::Result;
use std::time::Duration;

/// Clients of the workloads without silent ones. As many as the pools have threads: a server that gives
/// each sleeping request a thread can then serve all.
const CONNECTIONS: usize = 64;

/// Measures the four workloads.
///
/// # Errors
/// As [`benchmark::run`].
pub fn run(common: &Common, interrupt: &Interrupt) -> Result<Finished> {
    let plan = common.plan(common.targets()?, vec![CONNECTIONS], Duration::from_secs(1));
    benchmark::run(&[of(plan)], common, interrupt)
}

/// The matrix at the end of a run, with its servers and threads.
pub fn whole(plan: &Plan) -> Experiment {
    of(plan.clone())
}

/// The same with shorter windows.
pub fn short(plan: &Plan) -> Experiment {
    let duration = plan.duration.min(Duration::from_millis(500));
    of(Plan { duration, ..plan.clone() })
}

fn of(plan: Plan) -> Experiment {
    let kind = |(kind, idle, connections)| {
        let workload = Workload { kind, idle, ..Workload::default() };
        Trial::of(Connection::KeepAlive, connections, workload)
    };
    let kinds = [
        (Kind::Hello, 0, CONNECTIONS),
        (Kind::Work, 0, CONNECTIONS),
        (Kind::Sleep, 0, CONNECTIONS),
        (Kind::Hello, IDLE, BUSY),
    ];
    plan.experiment(Part::Matrix, &kinds.map(kind))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::targets::Target;

    #[test]
    fn only_servers_with_the_routes_are_asked_to_work() {
        let targets = vec![Target::Stage(2), Target::NullServer];
        let plan = Common::default().plan(targets, Vec::new(), Duration::from_secs(5));
        let matrix = short(&plan);
        let of = |target| matrix.trials.iter().filter(|trial| trial.target == target).count();
        assert_eq!((of(0), of(1)), (4, 2));
        assert!(matrix.plan.duration < Duration::from_secs(1));
    }
}
