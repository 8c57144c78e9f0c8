//! `bench explain`: the long answer to "why is it as fast as it is?", for one server under one load.
//!
//! Three passes, each with a fresh process: a look from outside; one under strace, which slows a server down so much that only
//! ratios are left; one under perf. Where a tool is missing or not allowed, a line
//! says why.

mod text;

use super::common::Common;
use super::measuring::Run;
use super::plan::{Experiment, Plan, Trial};
use super::record::Finished;
use super::trial::typical;
use super::workload::WorkloadArgs;
use crate::args::misuse;
use crate::evidence::perf::Profiler;
use crate::evidence::profile::Function;
use crate::evidence::strace;
use crate::interrupt::Interrupt;
use crate::results::{POOL, Part};
use crate::targets::{Connection, NOT_OURS};
use crate::terminal;
use crate::{args, load};
use anyhow::{Context, Result, ensure};
use clap::Args;
use std::slice;
use std::time::Duration;

/// How long the look from outside takes, unless told otherwise.
pub const WINDOW: Duration = Duration::from_secs(3);
/// How long perf samples.
const SAMPLING: Duration = Duration::from_secs(2);
/// What the pass under strace takes, and the one under perf, with their starts and ends, about.
const PASS: Duration = Duration::from_secs(2);
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
        let starter = self.common.starter(&experiment.plan, interrupt)?;
        let experiments = slice::from_ref(&experiment);
        let mut run = Run::begin(experiments, starter, 2 * PASS, &self.common, interrupt)?;
        let name = experiment.plan.targets[0].label();
        terminal::note(&format!("{name}: one pass to look, one under strace, one under perf"));
        let looks = run.measure(&experiment);
        let failures = &run.record.results.failures;
        ensure!(failures.is_empty(), "{}", failures.join("; "));
        let look = typical(looks.iter()).context("interrupted before there was a look at it")?;
        let mut page = text::of(look, name);
        page += &passes(&run, look.trial);
        run.record.keep("explain.txt".to_owned(), &page);
        Ok((page + text::HINTS, run.end()))
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

/// The passes under strace and under perf, each on a server of its own, as text.
fn passes(run: &Run, trial: Trial) -> String {
    let (mut page, interrupt, longest) = (String::new(), run.interrupt, run.plan.duration);
    if !interrupt.raised() {
        run.progress.say("calls, under strace");
        let calls = calls(run, trial, longest.min(strace::PASS));
        run.progress.step(PASS);
        page += &text::calls(calls);
    }
    if !interrupt.raised() {
        run.progress.say("functions, under perf");
        let functions = functions(run, trial, longest.min(SAMPLING));
        run.progress.step(PASS);
        page += &text::functions(functions);
    }
    if interrupt.raised() {
        page += "\nINTERRUPTED: the passes that are missing were not made.\n";
    }
    page
}

/// System calls per request. The load runs while strace counts, from its first connection to its end,
/// so that both count the same.
pub(super) fn calls(run: &Run, trial: Trial, window: Duration) -> Result<Vec<(String, f64)>> {
    let (server, mut options) = run.start(trial, window)?;
    options.warm_up = Duration::from_millis(1);
    let strace = strace::Strace::attach(server.as_ref().context(NOT_OURS)?.pid())?;
    let outcome = load::run(&options, run.interrupt)?;
    let calls = strace.finish()?;
    ensure!(outcome.tally.requests > 0, "no request was answered while strace counted");
    let per_request = |(name, count)| (name, count as f64 / outcome.tally.requests as f64);
    Ok(calls.into_iter().map(per_request).collect())
}

/// Where the CPU time goes, by function.
fn functions(run: &Run, trial: Trial, window: Duration) -> Result<Vec<Function>> {
    let (server, options) = run.start(trial, window)?;
    let profiler = Profiler::attach(server.as_ref().context(NOT_OURS)?.pid())?;
    load::run(&options, run.interrupt)?;
    let mut functions = profiler.finish()?.functions();
    functions.retain(|function| function.share >= LEAST);
    functions.truncate(MOST);
    Ok(functions)
}
