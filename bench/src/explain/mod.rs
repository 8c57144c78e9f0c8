//! `bench explain`: the long answer to "why is it as fast as it is?", for one server under one load.
//!
//! Three passes, each with a fresh process: one that only looks, from outside; one under strace, which slows
//! a server down so much that only ratios are left; one under perf. What a tool would say and why it is not
//! there is told in a line.

pub mod perf;
pub mod strace;
mod text;

use crate::args;
use crate::cell::{self, Cell};
use crate::evidence::Evidence;
use crate::evidence::verdict::Seen;
use crate::interrupt::Interrupt;
use crate::load::{self, Outcome};
use crate::report;
use crate::target::{self, Connection, Starter, Target};
use crate::workload::WorkloadArgs;
use anyhow::{Context, Result, ensure};
use clap::Args;
use std::time::Duration;

/// What `bench explain` takes.
#[derive(Args, Debug)]
pub struct ExplainArgs {
    /// stage1 to stage4, floor, nginx, h2o, lighttpd, http://...
    target: String,
    /// Connections
    #[arg(short, long, default_value = "64", value_parser = args::count)]
    connections: usize,
    /// How long it is looked at
    #[arg(short, long, default_value = "3s", value_parser = args::duration)]
    duration: Duration,
    /// Threads of the generator [default: one per core]
    #[arg(short, long, value_parser = args::count)]
    threads: Option<usize>,
    /// One request per connection
    #[arg(long)]
    close: bool,
    #[allow(missing_docs)]
    #[command(flatten)]
    workload: WorkloadArgs,
    /// Passed on to the stages, such as: -- --threads 8
    #[arg(last = true)]
    stage_args: Vec<String>,
}

/// The pass that only looks.
struct Look {
    seen: Seen,
    outcome: Outcome,
    evidence: Evidence,
}

impl ExplainArgs {
    /// Builds, measures three times, and explains.
    pub fn run(self, interrupt: &Interrupt) -> Result<()> {
        let workload = self.workload.workload();
        workload.check_keep_alive(self.close)?;
        let mut targets = target::parse(std::slice::from_ref(&self.target))?;
        ensure!(targets.len() == 1, "explain one server at a time, such as `bench explain stage3`");
        let target = targets.pop().context("no server was named")?;
        let targets = [target];
        let starter = Starter::build(&targets, self.stage_args.clone(), interrupt)?;
        eprintln!("{}: one pass to look, one under strace, one under perf", targets[0].name());
        let look = self.look(&targets[0], &starter, interrupt)?;
        report::print(&text::of(&look, &targets[0], &self))?;
        if !interrupt.raised() {
            let calls = self.calls(&targets[0], &starter, interrupt);
            report::print(&text::calls(calls))?;
        }
        if !interrupt.raised() {
            let symbols = self.symbols(&targets[0], &starter, interrupt);
            report::print(&text::symbols(symbols))?;
        }
        report::print(text::HINTS)?;
        Ok(())
    }

    fn cell(&self) -> Cell {
        Cell {
            target: 0,
            connection: if self.close { Connection::Close } else { Connection::KeepAlive },
            connections: self.connections,
            workload: self.workload.workload(),
        }
    }

    fn look(&self, target: &Target, starter: &Starter, interrupt: &Interrupt) -> Result<Look> {
        let cell = self.cell();
        let running = starter.start(target, cell.connection)?;
        let mut options = cell.options(target, &running, self.duration)?;
        options.threads = self.threads.unwrap_or(options.threads);
        let (outcome, evidence) = cell::observe(&running, &options, interrupt)?;
        let seen = Seen::of(&outcome, options.connections, options.silent + options.slow);
        Ok(Look { seen, outcome, evidence })
    }

    /// System calls per request. The load runs while strace counts, from its first connection to its end,
    /// so that both count the same.
    fn calls(
        &self,
        target: &Target,
        starter: &Starter,
        interrupt: &Interrupt,
    ) -> Result<Vec<(String, f64)>> {
        let cell = self.cell();
        let running = starter.start(target, cell.connection)?;
        let mut options = cell.options(target, &running, self.duration.min(strace::PASS))?;
        options.warm_up = Duration::from_millis(1);
        let pid = running.pid().context("there is no process of ours to trace")?;
        let strace = strace::Strace::attach(pid)?;
        let outcome = load::run(&options, interrupt)?;
        let calls = strace.finish()?;
        ensure!(outcome.tally.requests > 0, "no request was answered while strace counted");
        let per_request = |(name, count)| (name, count as f64 / outcome.tally.requests as f64);
        Ok(calls.into_iter().map(per_request).collect())
    }

    /// Where the CPU time goes, by function.
    fn symbols(
        &self,
        target: &Target,
        starter: &Starter,
        interrupt: &Interrupt,
    ) -> Result<Vec<perf::Symbol>> {
        let cell = self.cell();
        let running = starter.start(target, cell.connection)?;
        let options = cell.options(target, &running, self.duration.min(perf::PASS))?;
        let pid = running.pid().context("there is no process of ours to look into")?;
        let perf = perf::Perf::attach(pid)?;
        load::run(&options, interrupt)?;
        perf.finish()
    }
}
