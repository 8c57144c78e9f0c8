//! A run under way: makes the trials of an experiment, level by level, and records them. What other programs disturbed
//! is measured again.

use super::common::Common;
use super::plan::{Experiment, Plan, Trial};
use super::record::{Finished, Record};
use super::trial::Measurement;
use super::tried::{Tried, undisturbed};
use crate::interrupt::Interrupt;
use crate::load::Options;
use crate::numbers::counted;
use crate::targets::Starter;
use crate::targets::server::Server;
use crate::terminal::Progress;
use anyhow::Result;
use std::time::Duration;

/// Its programs, its rows so far, and how far it is.
pub struct Run<'a> {
    /// Of its first experiment: all have the same servers.
    pub(super) plan: Plan,
    pub(super) starter: Starter,
    pub(super) record: Record,
    pub(super) progress: Progress,
    pub(super) interrupt: &'a Interrupt,
    /// How many disturbed levels may still be measured again.
    spare: usize,
    /// Targets that failed: reported once, and left out from then on.
    failed: Vec<usize>,
}

impl<'a> Run<'a> {
    /// Begins with nothing measured of `experiments`, of which there is one at least, on the servers that `starter`
    /// starts. `further`: what it takes beside its trials, about.
    ///
    /// # Errors
    /// As [`Record::begin`].
    pub fn begin(
        experiments: &[Experiment],
        starter: Starter,
        further: Duration,
        common: &Common,
        interrupt: &'a Interrupt,
    ) -> Result<Self> {
        let plan = experiments[0].plan.clone();
        let planned = experiments.iter().map(|experiment| experiment.trials.len()).sum();
        let record = Record::begin(&plan, planned, common)?;
        let trials = experiments.iter().map(Experiment::time).sum::<Duration>();
        let progress = Progress::start(trials + further);
        let spare = experiments.iter().map(|one| levels(&one.trials).count()).sum();
        Ok(Self { plan, starter, record, progress, interrupt, spare, failed: Vec::new() })
    }

    /// Makes the trials of one experiment, level by level, and records them with what failed. A row during which other
    /// programs used the machine has its whole level measured again: the ratios between servers are formed within a
    /// level.
    pub(super) fn measure(&mut self, experiment: &Experiment) -> Vec<Measurement> {
        let Experiment { trials, part, .. } = experiment;
        self.progress.part(&format!("{}: {}", part, counted(trials.len(), "trial")));
        let (mut measured, mut spare, interrupt) = (Vec::new(), self.spare, self.interrupt);
        for level in levels(trials).take_while(|_| !interrupt.raised()) {
            let measure = |repeated| self.level(experiment, level, repeated);
            let is_disturbed = |rows: &Vec<Measurement>| rows.iter().any(Measurement::is_disturbed);
            let Tried { value, repeated, doubtful } =
                undisturbed(&mut spare, interrupt, measure, is_disturbed);
            measured.extend(value.into_iter().map(|row| Measurement { repeated, doubtful, ..row }));
        }
        self.spare = spare;
        self.record.add(experiment, &measured);
        measured
    }

    /// Measures trial by trial. A window that was cut short has another length than the others, and is left out.
    fn level(
        &mut self,
        experiment: &Experiment,
        level: &[Trial],
        repeated: usize,
    ) -> Vec<Measurement> {
        let mut measured = Vec::new();
        for trial in level {
            if self.interrupt.raised() || self.failed.contains(&trial.target) {
                continue;
            }
            let name = experiment.plan.targets[trial.target].label();
            let again = if repeated > 0 { ", again: it was disturbed" } else { "" };
            self.progress.say(&format!("{name}, {}{again}", trial.in_words()));
            match trial.measure(&experiment.plan, &self.starter, self.interrupt) {
                Ok(measurement) if !measurement.outcome.interrupted => measured.push(measurement),
                Ok(_) => {}
                Err(error) => {
                    self.record.results.failures.push(format!("{name}: {error:#}"));
                    self.failed.push(trial.target);
                }
            }
            if repeated == 0 {
                self.progress.step(experiment.trial_time());
            }
        }
        measured
    }

    /// Starts the server of a trial, and says what load the trial puts on it for so long.
    ///
    /// # Errors
    /// As [`Trial::start`].
    pub(super) fn start(
        &self,
        trial: Trial,
        duration: Duration,
    ) -> Result<(Option<Server>, Options)> {
        trial.start(&self.plan.targets[trial.target], &self.starter, duration)
    }

    /// Writes the folder.
    pub fn end(self) -> Finished {
        drop(self.progress);
        self.record.end(self.interrupt)
    }
}

/// The trials of one level: the same trial with every server, in one repeat. Each repeat begins with the server that
/// the one before it ended with.
fn levels(trials: &[Trial]) -> impl Iterator<Item = &[Trial]> {
    let kind = |trial: &Trial| Trial { target: 0, ..*trial };
    trials.chunk_by(move |one, next| kind(one) == kind(next) && one.target != next.target)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::Part;
    use crate::targets::Target;

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
