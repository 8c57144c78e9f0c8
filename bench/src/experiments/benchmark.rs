//! Makes the trials of one or more experiments, one after the other.

use super::common::Common;
use super::plan::{Experiment, announcement};
use super::profile;
use super::record::{Finished, Record};
use super::trial::Measurement;
use crate::evidence::process;
use crate::interrupt::Interrupt;
use crate::load::Url;
use crate::targets::{Starter, Target};
use crate::terminal::{self, Progress};
use anyhow::{Result, ensure};

/// Builds, says how long it will take, measures, and writes the results. What an interrupt leaves is written too.
///
/// # Errors
/// When nothing could be built or measured, or the folder cannot be written. A server that fails is a part of the
/// results: see [`Finished::check`].
pub fn run(experiments: &[Experiment], common: &Common, interrupt: &Interrupt) -> Result<Finished> {
    let planned: usize = experiments.iter().map(|experiment| experiment.trials.len()).sum();
    ensure!(planned > 0, "none of these servers has the route that this workload asks for");
    let plan = &experiments[0].plan;
    let starter = Starter::build(&plan.targets, common.stage_args.clone(), interrupt)?;
    let mut record = Record::begin(plan, planned, common)?;
    terminal::note(&announcement(experiments, profile::time(plan)));
    tell_unseen(&plan.targets);
    for experiment in experiments {
        // After a server that failed, its further trials would only fail once more.
        if !record.has_failures() {
            let (measured, failures) = measure(experiment, &starter, interrupt);
            record.add(experiment, &measured, failures);
        }
    }
    profile::measure(plan, &starter, &mut record, interrupt)?;
    record.end(interrupt)
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

/// Measures trial by trial. A target that fails is reported once and left out from then on.
fn measure(
    Experiment { plan, trials, .. }: &Experiment,
    starter: &Starter,
    interrupt: &Interrupt,
) -> (Vec<Measurement>, Vec<String>) {
    let progress = Progress::start(trials.len());
    let (mut measured, mut failures, mut failed) = (Vec::new(), Vec::new(), Vec::new());
    for trial in trials.iter().take_while(|_| !interrupt.raised()) {
        if !failed.contains(&trial.target) {
            let (name, connection) = (plan.targets[trial.target].label(), trial.connection.name());
            let workload = trial.workload.name();
            progress.say(&format!(
                "{name}, {connection}, {} connections, {workload}",
                trial.connections
            ));
            match trial.measure(plan, starter, interrupt) {
                Ok(measurement) if !measurement.outcome.interrupted => measured.push(measurement),
                // Cut short: this window has another length than the others.
                Ok(_) => {}
                Err(error) => {
                    failures.push(format!("{name}: {error:#}"));
                    failed.push(trial.target);
                }
            }
        }
        progress.step();
    }
    progress.finish();
    (measured, failures)
}
