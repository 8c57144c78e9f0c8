//! `bench explain`: the long answer to "why is it as fast as it is?", for one server under one load.
//!
//! Three passes, each with a fresh process: a look from outside; one under strace, which slows a server down so much that only
//! ratios are left; one under perf. Where a tool is missing or not allowed, a line
//! says why.

mod text;

use super::benchmark;
use super::common::Common;
use super::plan::{Experiment, Plan, Trial};
use super::record::{Finished, Record};
use super::trial::typical;
use super::workload::WorkloadArgs;
use crate::args::misuse;
use crate::evidence::perf::Profiler;
use crate::evidence::profile::Function;
use crate::evidence::strace;
use crate::interrupt::Interrupt;
use crate::results::{POOL, Part};
use crate::targets::{Connection, NOT_OURS, Starter, Target};
use crate::terminal::{self, Progress};
use crate::{args, load};
use anyhow::{Context, Result, ensure};
use clap::Args;
use serde_json::Value;
use std::time::Duration;

/// How long the look from outside takes, unless told otherwise.
pub const WINDOW: Duration = Duration::from_secs(3);
/// How long perf samples.
const SAMPLING: Duration = Duration::from_secs(2);
/// Functions with a smaller share, in per cent, are left out.
const LEAST: f64 = 1.0;
/// So many are shown.
const MOST: usize = 15;

/// What `bench explain` takes.
#[derive(Args, Debug)]
pub struct ExplainArgs {
    #[command(flatten)]
    common: Common,
    /// Connections
    #[arg(short, long, default_value_t = POOL, value_parser = args::count)]
    connections: usize,
    #[command(flatten)]
    workload: WorkloadArgs,
}

impl ExplainArgs {
    /// Builds, measures three times, and explains; the text, and the results.
    ///
    /// # Errors
    /// When the server cannot be started or loaded. A tool that fails is a line of the text.
    pub fn run(&self, interrupt: &Interrupt) -> Result<(String, Finished)> {
        let experiment = self.experiment()?;
        let plan = &experiment.plan;
        let starter = Starter::build(
            &plan.targets,
            self.common.stage_args.clone(),
            plan.pin.clone(),
            interrupt,
        )?;
        let mut record = Record::begin(plan, plan.repeat, &self.common)?;
        let name = plan.targets[0].label();
        terminal::note(&format!("{name}: one pass to look, one under strace, one under perf"));
        let (progress, mut spare) = (Progress::start(experiment.time()), plan.repeat);
        let (looks, failures) =
            benchmark::measure(&experiment, &starter, &progress, &mut spare, interrupt);
        drop(progress);
        ensure!(failures.is_empty(), "{}", failures.join("; "));
        record.add(&experiment, &looks, failures);
        let look = typical(looks.iter()).context("interrupted before there was a look at it")?;
        let mut page = text::of(look, name);
        page += &passes(&experiment, &starter, &mut record, interrupt);
        record.keep("explain.txt".to_owned(), &page);
        Ok((page + text::HINTS, record.end(interrupt)))
    }

    fn experiment(&self) -> Result<Experiment> {
        let named = self.common.targets.len();
        let targets = self.common.targets()?;
        ensure!(
            named == 1 && targets.len() == 1,
            misuse("explain one server at a time, such as `bench explain stage3`")
        );
        let plan = self.common.plan(targets, vec![self.connections], WINDOW);
        let modes = vec![Connection::closing(self.workload.close)];
        Ok(Plan { modes, workload: self.workload.workload()?, ..plan }.ladder(Part::Ladder))
    }
}

/// The passes under strace and under perf, each on a server of its own: its text, and what it found noted in the record.
fn passes(
    Experiment { plan, trials, .. }: &Experiment,
    starter: &Starter,
    record: &mut Record,
    interrupt: &Interrupt,
) -> String {
    let (mut page, target, trial) = (String::new(), &plan.targets[0], trials[0]);
    let at_most = |window| plan.duration.min(window);
    if !interrupt.raised() {
        let calls = calls(target, trial, starter, at_most(strace::PASS), interrupt);
        record.note("calls_per_request", calls.as_ref().ok().map(|calls| object(calls)));
        page += &text::calls(calls);
    }
    if !interrupt.raised() {
        let functions = functions(target, trial, starter, at_most(SAMPLING), interrupt);
        let shares = |functions: &Vec<Function>| -> Vec<_> {
            functions.iter().map(|function| (function.name.clone(), function.share)).collect()
        };
        record.note("functions", functions.as_ref().ok().map(|all| object(&shares(all))));
        page += &text::functions(functions);
    }
    if interrupt.raised() {
        page += "\nINTERRUPTED: the passes that are missing were not made.\n";
    }
    page
}

/// Named figures as files hold them.
fn object(figures: &[(String, f64)]) -> Value {
    figures.iter().map(|(name, figure)| (name.clone(), *figure)).collect()
}

/// System calls per request. The load runs while strace counts, from its first connection to its end,
/// so that both count the same.
pub(super) fn calls(
    target: &Target,
    trial: Trial,
    starter: &Starter,
    window: Duration,
    interrupt: &Interrupt,
) -> Result<Vec<(String, f64)>> {
    let (server, mut options) = trial.start(target, starter, window)?;
    options.warm_up = Duration::from_millis(1);
    let strace = strace::Strace::attach(server.as_ref().context(NOT_OURS)?.pid())?;
    let outcome = load::run(&options, interrupt)?;
    let calls = strace.finish()?;
    ensure!(outcome.tally.requests > 0, "no request was answered while strace counted");
    let per_request = |(name, count)| (name, count as f64 / outcome.tally.requests as f64);
    Ok(calls.into_iter().map(per_request).collect())
}

/// Where the CPU time goes, by function.
fn functions(
    target: &Target,
    trial: Trial,
    starter: &Starter,
    window: Duration,
    interrupt: &Interrupt,
) -> Result<Vec<Function>> {
    let (server, options) = trial.start(target, starter, window)?;
    let profiler = Profiler::attach(server.as_ref().context(NOT_OURS)?.pid())?;
    load::run(&options, interrupt)?;
    let mut functions = profiler.finish()?.functions();
    functions.retain(|function| function.share >= LEAST);
    functions.truncate(MOST);
    Ok(functions)
}
