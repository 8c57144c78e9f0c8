//! Measurements on their way into the folder of a run.

use super::common::Common;
use super::plan::{Experiment, Plan, Trial};
use super::trial::{Measurement, typical};
use super::workload::{Kind, Workload};
use crate::evidence::verdict::{Cause, Ceiling};
use crate::interrupt::Interrupt;
use crate::load::Figures;
use crate::numbers::{self, as_micros};
use crate::results::{
    Config, Host, Part, Results, SCHEMA, Sample, Source, anonymous, date, folder, threads_told,
    told,
};
use crate::targets::Target;
use crate::{terminal, workspace};
use anyhow::{Error, Result, bail};
use hdrhistogram::Histogram;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{env, iter};

/// What is known of a run so far.
#[derive(Debug)]
pub struct Record {
    folder: PathBuf,
    /// As they will be written.
    pub(super) results: Results,
    /// Of each row.
    latencies: Vec<Histogram<u64>>,
    /// Texts that could not be written beside the results, and why.
    unkept: Vec<Error>,
}

/// A run that was made.
#[derive(Debug)]
pub struct Finished {
    /// What.
    pub results: Results,
    /// The folder that it was written to, or why it could not be: what was measured can be printed all the same.
    pub folder: Result<PathBuf>,
}

impl Finished {
    /// The servers that could not be measured, as an error. What an interrupt left out is none.
    ///
    /// # Errors
    /// When there are any.
    pub fn check(&self) -> Result<()> {
        let failures = &self.results.failures;
        if !failures.is_empty() && !self.results.interrupted {
            bail!("not everything could be measured\n  {}", failures.join("\n  "));
        }
        Ok(())
    }
}

/// As it was typed, but for the folders of the program and of the run. The name of another folder need not be UTF-8.
fn command_line(out: Option<&Path>) -> Vec<String> {
    let typed = env::args_os().skip(1).map(|argument| argument.to_string_lossy().into_owned());
    let told = anonymous::arguments(&typed.collect::<Vec<_>>(), out);
    iter::once("bench".to_owned()).chain(told).collect()
}

impl Record {
    /// Begins now, on this machine, with the sources as they are: they may change during the run. The folder
    /// is made at once: a user should not learn after a long run that it cannot be.
    ///
    /// # Errors
    /// When the folder cannot be made, or holds a run already.
    pub fn begin(plan: &Plan, planned: usize, common: &Common) -> Result<Self> {
        let names = |names: &mut dyn Iterator<Item = &str>| names.map(str::to_owned).collect();
        let config = Config {
            targets: names(&mut plan.targets.iter().map(Target::name)),
            levels: plan.levels.clone(),
            modes: names(&mut plan.modes.iter().map(|mode| mode.name())),
            seed: plan.seed,
            seconds: plan.duration.as_secs_f64(),
            threads: plan.threads,
            pin: plan.pin.as_ref().map(ToString::to_string),
            repeat: plan.repeat,
            stage_args: common.stage_args.clone(),
        };
        let results = Results {
            schema: SCHEMA,
            began: date::now(),
            command: command_line(common.out.as_deref()),
            planned,
            host: Host::here(),
            source: Source::here(&workspace::root()),
            config,
            ..Results::default()
        };
        let folder = common.out.clone().unwrap_or_else(|| folder::fresh(&results));
        folder::make(&folder)?;
        Ok(Self { folder, results, latencies: Vec::new(), unkept: Vec::new() })
    }

    /// Adds what was measured, and the verdict on each measurement beside the null server's.
    pub fn add(&mut self, experiment: &Experiment, measured: &[Measurement]) {
        for (index, one) in measured.iter().enumerate() {
            let earlier = measured[..index].iter().filter(|other| other.trial == one.trial);
            let stage_args = &self.results.config.stage_args;
            let mut sample = sample(experiment, one, earlier.count(), stage_args);
            let mut verdict = one.verdict(ceiling(one.trial, &experiment.plan, measured));
            verdict.doubts.extend(one.doubtful.then(|| {
                let times = numbers::counted(one.repeated + 1, "time");
                format!(
                    "its level was measured {times} and disturbed: in no median, ratio or claim"
                )
            }));
            for (name, value) in [
                ("cause", verdict.cause.short().into()),
                ("verdict", verdict.sentence.into()),
                ("doubts", verdict.doubts.into()),
                ("disturbed_by", verdict.disturbed_by.into()),
            ] {
                sample.evidence.insert(name.to_owned(), value);
            }
            self.add_row(sample, one.outcome.tally.latency.clone());
        }
    }

    /// Adds a row with its latencies, whose file has the row's number in its name.
    pub fn add_row(&mut self, row: Sample, latency: Histogram<u64>) {
        let hgrm = format!("hgrm/{}-{}.hgrm", row.part, self.latencies.len());
        self.results.rows.push(Sample { hgrm, ..row });
        self.latencies.push(latency);
    }

    /// Adds what is known of all rows of a server at so many connections.
    pub fn note_all(&mut self, target: &str, connections: usize, name: &str, value: f64) {
        let is_meant = |row: &&mut Sample| row.target == target && row.connections == connections;
        for row in self.results.rows.iter_mut().filter(is_meant) {
            row.evidence.insert(name.to_owned(), value.into());
        }
    }

    /// Writes a text beside the results; the file's name, if it is there then. A full disk ends no run: what was
    /// measured is printed all the same, and [`Record::end`] says what is missing.
    pub fn keep(&mut self, file: String, text: &str) -> Option<String> {
        let written = folder::file(&self.folder.join(&file), text);
        written.map(|()| file).map_err(|error| self.unkept.push(error)).ok()
    }

    /// Writes the folder.
    pub fn end(mut self, interrupt: &Interrupt) -> Finished {
        for error in &self.unkept {
            terminal::note(&format!("not kept: {error:#}"));
        }
        self.results.interrupted = interrupt.raised();
        let written = folder::write(&self.folder, &self.results, &self.latencies);
        Finished { results: self.results, folder: written.map(|()| self.folder) }
    }
}

/// What the generator reached against the null server in the same conditions, if that was measured and not disturbed.
fn ceiling(trial: Trial, plan: &Plan, measured: &[Measurement]) -> Option<Ceiling> {
    let null = plan.targets.iter().position(|target| *target == Target::NullServer)?;
    let same = Trial { target: null, ..trial };
    let is_same = |other: &&Measurement| other.trial == same && !other.doubtful;
    let one = typical(measured.iter().filter(is_same).filter(|_| trial.target != null))?;
    let of_the_client = one.verdict(None).cause == Cause::Client;
    Some(Ceiling { rps: one.outcome.rps(), of_the_client })
}

/// The recorded form of a measurement. What all stages were told is what they were started with.
fn sample(
    experiment: &Experiment,
    one: &Measurement,
    repeat: usize,
    stage_args: &[String],
) -> Sample {
    let (Trial { workload, .. }, outcome) = (one.trial, &one.outcome);
    let policy = |own: &str| told(stage_args, "--keep-alive").unwrap_or(own.to_owned());
    Sample {
        target: experiment.plan.targets[one.trial.target].name().to_owned(),
        part: experiment.part,
        workload: name_of(workload, experiment.part).to_owned(),
        connection: one.trial.connection.name().to_owned(),
        connections: one.trial.connections,
        idle: workload.idle,
        keep_alive: one.trial.keep_alive.map(policy),
        threads: one.trial.threads.map(|own| threads_told(stage_args).unwrap_or(own)),
        offered: one.trial.offered,
        repeat,
        repeated: one.repeated,
        doubtful: one.doubtful,
        load: Figures::of(outcome),
        server_cpu_us: one.server_cpu().map(as_micros),
        client_cpu_us: outcome.client_cpu().map(as_micros),
        evidence: observed(&experiment.plan, one),
        ..Sample::default()
    }
}

/// The book's word for a workload.
fn name_of(workload: Workload, part: Part) -> &'static str {
    match workload.kind {
        Kind::Work | Kind::Sleep | Kind::Users => workload.kind.name(),
        _ if part == Part::Waits => "waits",
        // The curve begins with no idle client, and that is its beginning.
        _ if workload.idle > 0 || part == Part::Idle => "idle",
        _ => "hello",
    }
}

/// What the kernel said, by name, and what else this kind of trial has to tell.
fn observed(plan: &Plan, one: &Measurement) -> BTreeMap<String, Value> {
    let mut evidence: BTreeMap<String, Value> = match serde_json::to_value(&one.evidence) {
        Ok(Value::Object(fields)) => fields.into_iter().collect(),
        // What cannot be written is not known: a figure that is no number, say.
        _ => BTreeMap::new(),
    };
    if let Some(Value::Array(threads)) = evidence.get_mut("threads") {
        // The busiest: no more can be busy at once than there are cores, and a pool has hundreds that did the same.
        threads.truncate(one.evidence.cores);
    }
    let mut add = |name: &str, value: Value| evidence.insert(name.to_owned(), value);
    let tally = &one.outcome.tally;
    if one.trial.workload.idle > 0 {
        add("crowd", serde_json::to_value(tally.idle).unwrap_or_default());
    }
    if let Some(think) = one.trial.workload.kind.think() {
        add("think_us", as_micros(think.mean).into());
    }
    if let Some(rate) = plan.rate_of(one.trial) {
        add("target_rps", rate.into());
        add("lag_us", as_micros(tally.pacing.lag()).into());
        add("generator_lag_us", as_micros(tally.pacing.generator_lag()).into());
        add("sent", tally.pacing.sent.into());
        add("unsent", tally.pacing.unsent.into());
    }
    evidence
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::Evidence;
    use crate::experiments::users;
    use crate::load::Outcome;
    use std::fs;
    use std::time::Duration;

    #[test]
    fn a_row_has_the_threads_and_the_policy_that_its_server_was_started_with() {
        let plan = Common::default().plan(vec![Target::Stage(1)], Vec::new(), Duration::ZERO);
        let controls = users::controls(&plan).unwrap();
        let of = |trial: &Trial, args: &[&str]| {
            let (outcome, evidence) = (Outcome::default(), Evidence::default());
            let (trial, repeated, doubtful) = (*trial, 0, false);
            let one = Measurement { trial, outcome, evidence, repeated, doubtful };
            let args: Vec<_> = args.iter().map(|arg| (*arg).to_owned()).collect();
            let Sample { keep_alive, threads, .. } = sample(&controls, &one, 0, &args);
            (keep_alive.unwrap(), threads)
        };
        let [fair, many] = &controls.trials[..] else { panic!("{controls:?}") };
        assert_eq!(of(many, &["--threads", "16"]), ("always".to_owned(), Some(16)));
        assert_eq!(of(many, &["--keep-alive=never"]), ("never".to_owned(), many.threads));
        assert_eq!(of(fair, &["--threads=16"]), ("fair".to_owned(), None));
    }

    #[test]
    fn a_text_that_cannot_be_kept_keeps_nothing_else_back() {
        let folder = env::temp_dir().join(format!("bench-unkept-{}", std::process::id()));
        // Where the text should be there is a folder.
        fs::create_dir_all(folder.join("explain.txt")).unwrap();
        let (results, latencies) = (Results::default(), Vec::new());
        let mut record = Record { folder: folder.clone(), results, latencies, unkept: Vec::new() };
        assert_eq!(record.keep("explain.txt".to_owned(), "why"), None);
        assert_eq!(record.keep("other.txt".to_owned(), "why").as_deref(), Some("other.txt"));
        let [error] = &record.unkept[..] else { panic!("{:?}", record.unkept) };
        assert!(error.to_string().contains("explain.txt"), "{error}");
        assert!(record.end(&Interrupt::default()).folder.is_ok());
        fs::remove_dir_all(folder).unwrap();
    }
}
