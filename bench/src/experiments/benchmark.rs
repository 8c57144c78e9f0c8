//! Makes the trials of one or more experiments, level by level: what other programs disturbed is measured again.

use super::common::Common;
use super::plan::{Experiment, Plan, Trial, announcement};
use super::profile;
use super::record::{Finished, Record};
use super::trial::{Measurement, Tried, typical, undisturbed};
use crate::evidence::process;
use crate::interrupt::Interrupt;
use crate::load::Url;
use crate::numbers::counted;
use crate::targets::{Starter, Target};
use crate::terminal::{self, Progress};
use anyhow::{Result, ensure};
use std::time::Duration;

/// Why no load can be offered to a server.
const NO_CAPACITY: &str =
    "no response in the closed loop, so that no part of that can be offered; try a longer -d";

/// Builds, says how long it will take, measures, and writes the results. What an interrupt leaves is written too.
///
/// # Errors
/// When nothing could be built or measured, or the folder cannot be written. A server that fails is a part of the
/// results: see [`Finished::check`].
pub fn run(
    mut experiments: Vec<Experiment>,
    common: &Common,
    interrupt: &Interrupt,
) -> Result<Finished> {
    let planned: usize = experiments.iter().map(|experiment| experiment.trials.len()).sum();
    ensure!(planned > 0, "none of these servers has the route that this workload asks for");
    let plan = &experiments[0].plan.clone();
    let starter =
        Starter::build(&plan.targets, common.stage_args.clone(), plan.pin.clone(), interrupt)?;
    let mut record = Record::begin(plan, planned, common)?;
    terminal::note(&announcement(&experiments, profile::time(plan)));
    tell_unseen(&plan.targets);
    let trials = experiments.iter().map(Experiment::time).sum::<Duration>();
    let progress = Progress::start(trials + profile::time(plan));
    let mut spare = experiments.iter().map(|one| levels(&one.trials).count()).sum();
    let mut reached = Vec::new();
    for experiment in &mut experiments {
        experiment.plan.capacity = reached;
        let (measured, failures) = match experiment.without_capacity() {
            Some(name) if !interrupt.raised() => {
                (Vec::new(), vec![format!("{name}: {NO_CAPACITY}")])
            }
            _ => measure(experiment, &starter, &progress, &mut spare, interrupt),
        };
        record.add(experiment, &measured, failures);
        // After a server that failed, its further trials would only fail once more.
        if !record.results.failures.is_empty() {
            break;
        }
        reached = capacity(&experiment.plan, &measured);
    }
    profile::measure(plan, &starter, &mut record, &progress, interrupt);
    drop(progress);
    Ok(record.end(interrupt))
}

/// Makes the trials of one experiment; says too what could not be measured, and why.
pub(super) fn measure(
    experiment: &Experiment,
    starter: &Starter,
    progress: &Progress,
    spare: &mut usize,
    interrupt: &Interrupt,
) -> (Vec<Measurement>, Vec<String>) {
    let (failures, failed) = (Vec::new(), Vec::new());
    Measuring { experiment, starter, interrupt, progress, failures, failed }.run(spare)
}

/// What each server reached, requests per second.
fn capacity(plan: &Plan, measured: &[Measurement]) -> Vec<f64> {
    let of = |target| {
        let own = measured.iter().filter(|one| one.trial.target == target);
        typical(own).map_or(0.0, |one| one.outcome.rps())
    };
    (0..plan.targets.len()).map(of).collect()
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

/// The trials of one level: the same trial with every server, in one repeat. Each repeat begins with the server that the one
/// before it ended with.
fn levels(trials: &[Trial]) -> impl Iterator<Item = &[Trial]> {
    let kind = |trial: &Trial| Trial { target: 0, ..*trial };
    trials.chunk_by(move |one, next| kind(one) == kind(next) && one.target != next.target)
}

/// Makes the trials of one experiment.
struct Measuring<'a> {
    experiment: &'a Experiment,
    starter: &'a Starter,
    interrupt: &'a Interrupt,
    progress: &'a Progress,
    failures: Vec<String>,
    /// Targets that failed: reported once, and left out from then on.
    failed: Vec<usize>,
}

impl Measuring<'_> {
    /// Measures level by level. A row during which other programs used the machine has its whole level measured again: the
    /// ratios between servers are formed within a level.
    fn run(mut self, spare: &mut usize) -> (Vec<Measurement>, Vec<String>) {
        let (mut measured, interrupt) = (Vec::new(), self.interrupt);
        let Experiment { trials, part, .. } = self.experiment;
        self.progress.part(&format!("{}: {}", part, counted(trials.len(), "trial")));
        for level in levels(trials).take_while(|_| !interrupt.raised()) {
            let is_disturbed = |rows: &Vec<Measurement>| rows.iter().any(Measurement::is_disturbed);
            let Tried { value, repeated, doubtful } =
                undisturbed(spare, interrupt, |repeated| self.level(level, repeated), is_disturbed);
            measured.extend(value.into_iter().map(|row| Measurement { repeated, doubtful, ..row }));
        }
        (measured, self.failures)
    }

    /// Measures trial by trial. A window that was cut short has another length than the others, and is left out.
    fn level(&mut self, level: &[Trial], repeated: usize) -> Vec<Measurement> {
        let plan = &self.experiment.plan;
        let mut measured = Vec::new();
        for trial in level {
            if self.interrupt.raised() || self.failed.contains(&trial.target) {
                continue;
            }
            let name = plan.targets[trial.target].label();
            let again = if repeated > 0 { ", again: it was disturbed" } else { "" };
            self.progress.say(&format!("{name}, {}{again}", trial.in_words()));
            match trial.measure(plan, self.starter, self.interrupt) {
                Ok(measurement) if !measurement.outcome.interrupted => measured.push(measurement),
                Ok(_) => {}
                Err(error) => {
                    self.failures.push(format!("{name}: {error:#}"));
                    self.failed.push(trial.target);
                }
            }
            if repeated == 0 {
                self.progress.step(self.experiment.trial_time());
            }
        }
        measured
    }
}

#[cfg(test)]
mod tests {
    use super::super::common::Common;
    use super::*;
    use crate::results::Part;

    #[test]
    fn a_level_is_one_trial_of_every_server_in_one_repeat() {
        let common = Common { repeat: Some(3), seed: Some(1), ..Common::default() };
        let targets = vec![Target::Stage(0), Target::Stage(2), Target::NullServer];
        let of = |targets: &[Target], levels: Vec<usize>| {
            let plan = common.plan(targets.to_vec(), levels, Duration::from_secs(1));
            let trials = plan.ladder(Part::Ladder).trials;
            super::levels(&trials).map(<[Trial]>::len).collect::<Vec<_>>()
        };
        assert_eq!(of(&targets, vec![5, 7]), [3; 6]);
        assert_eq!(of(&targets, vec![5]), [3; 3]);
        assert_eq!(of(&targets[..1], vec![5]), [1; 3]);
    }
}
