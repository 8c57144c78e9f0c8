//! The ladder of users who think: each holds a connection, thinks, and asks, as people do with a browser and programs with a
//! pool of connections. Here the bottleneck moves from stage to stage.
//!
//! The stages all keep connections; three controls show what else would help, and at what price.

use super::plan::{Experiment, Plan, Trial};
use super::workload::{self, Kind};
use crate::results::Part;
use crate::targets::Target;
use anyhow::Result;

/// The stages in turn, with as many users as the cores can be kept busy by.
///
/// # Errors
/// When the limit of open files cannot be read.
pub fn ladder(plan: &Plan) -> Result<Experiment> {
    let mut ladder = plan.clone().experiment(Part::Users, &[trial()?]);
    // Another server is only asked for this where it was named for it: it may not have the route.
    let Plan { targets, workload, .. } = &ladder.plan;
    let asked = workload.kind == Kind::Users;
    ladder.trials.retain(|trial| asked || matches!(targets[trial.target], Target::Stage(_)));
    Ok(ladder)
}

/// Stage 1 that closes each connection, stage 2 that is fair, and stage 2 with a thread for each user.
///
/// # Errors
/// As [`ladder`].
pub fn controls(plan: &Plan) -> Result<Experiment> {
    let trial = trial()?;
    // A stage takes no more.
    let threads = trial.connections.min(1024);
    let controls = [(0, "never", None), (1, "fair", None), (1, "always", Some(threads))];
    let place = |stage| plan.targets.iter().position(|target| *target == Target::Stage(stage));
    let control = |(stage, policy, threads)| {
        Some(Trial { target: place(stage)?, keep_alive: Some(policy), threads, ..trial })
    };
    let once: Vec<_> = controls.into_iter().filter_map(control).collect();
    let trials = once.repeat(plan.repeat);
    Ok(Experiment { plan: plan.clone(), trials, part: Part::Controls })
}

fn trial() -> Result<Trial> {
    Ok(Trial::kept(workload::users()?, Kind::Users))
}

#[cfg(test)]
mod tests {
    use super::super::common::Common;
    use super::*;
    use std::time::Duration;

    fn plan(targets: Vec<Target>) -> Plan {
        Common::default().plan(targets, Vec::new(), Duration::from_secs(1))
    }

    #[test]
    fn all_stages_keep_connections_and_controls_are_of_the_stages_that_wait() {
        let plan = plan(vec![Target::NullServer, Target::Stage(1), Target::Stage(2)]);
        let ladder = ladder(&plan).unwrap();
        let told: Vec<_> =
            ladder.trials.iter().map(|trial| (trial.target, trial.keep_alive)).collect();
        assert!(told.len() == 2 && told.contains(&(1, Some("always"))), "{told:?}");
        let controls = controls(&plan).unwrap();
        let told: Vec<_> =
            controls.trials.iter().map(|trial| (trial.target, trial.keep_alive)).collect();
        assert_eq!(told, [(1, Some("fair")), (1, Some("always"))]);
        assert!(controls.trials[1].threads.is_some());
    }
}
