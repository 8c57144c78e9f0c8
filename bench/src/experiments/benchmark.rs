//! Makes one or more experiments, from the build of their servers to the results.

use super::common::Common;
use super::measuring::Run;
use super::plan::{Experiment, Plan, announcement};
use super::profile;
use super::record::Finished;
use super::trial::{Measurement, typical};
use crate::evidence::process;
use crate::interrupt::Interrupt;
use crate::load::Url;
use crate::results::Sample;
use crate::targets::Target;
use crate::terminal;
use anyhow::{Result, ensure};

/// Why no load can be offered to a server.
const NO_CAPACITY: &str =
    "no response in the closed loop, so that no part of that can be offered; try a longer -d";

/// Builds, says how long it will take, measures, and writes the results. What an interrupt leaves is written too.
///
/// # Errors
/// When nothing could be built or measured, or the folder cannot be written. A server that fails, or that runs already
/// and has nothing but errors to give, is a part of the results: see [`Finished::check`].
pub fn run(
    mut experiments: Vec<Experiment>,
    common: &Common,
    interrupt: &Interrupt,
) -> Result<Finished> {
    let has_trials = experiments.iter().any(|experiment| !experiment.trials.is_empty());
    ensure!(has_trials, "none of these servers has the route that this workload asks for");
    let plan = &experiments[0].plan;
    let (starter, further) = (common.starter(plan, interrupt)?, profile::time(plan));
    let mut run = Run::begin(&experiments, starter, further, common, interrupt)?;
    terminal::note(&announcement(&experiments, further));
    tell_unseen(&run.plan.targets);
    let mut reached = Vec::new();
    for experiment in &mut experiments {
        experiment.plan.capacity = reached;
        if let Some(name) = experiment.without_capacity().filter(|_| !interrupt.raised()) {
            run.record.results.failures.push(format!("{name}: {NO_CAPACITY}"));
            break;
        }
        let measured = run.measure(experiment);
        // After a server that failed, its further trials would only fail once more.
        if !run.record.results.failures.is_empty() {
            break;
        }
        reached = capacity(&experiment.plan, &measured);
    }
    profile::measure(&mut run);
    if run.record.results.failures.is_empty() {
        run.record.results.failures = unserved(&run.plan.targets, &run.record.results.rows);
    }
    Ok(run.end())
}

/// What each server reached, requests per second.
fn capacity(plan: &Plan, measured: &[Measurement]) -> Vec<f64> {
    let of = |target| {
        let own = measured.iter().filter(|one| one.trial.target == target);
        typical(own).map_or(0.0, |one| one.outcome.rps())
    };
    (0..plan.targets.len()).map(of).collect()
}

/// The servers that run already and from which nothing but errors came back in the whole run: most likely another
/// program listens there, or the path is wrong. A stage that serves no client in a window is a lesson, and no failure.
fn unserved(targets: &[Target], rows: &[Sample]) -> Vec<String> {
    let failure = |target: &Target| {
        let Target::Url(name, url) = target else { return None };
        let own = rows.iter().filter(|row| row.target == *name).map(|row| &row.load);
        let served = own.clone().any(|load| load.requests > 0);
        let errors = own.map(|load| load.errors.total()).sum::<u64>();
        (!served && errors > 0)
            .then(|| format!("{name}: no request had a correct response: see bench load {url}"))
    };
    targets.iter().filter_map(failure).collect()
}

/// Says of which servers that run already no more will be known than what the clients see.
fn tell_unseen(targets: &[Target]) {
    for target in targets {
        let Target::Url(name, url) = target else { continue };
        if let Some(why) = Url::parse(url).and_then(|url| process::listening_on(url.address)).err()
        {
            terminal::note(&format!("{name}: its CPU is unknown: {why}"));
        }
    }
}
