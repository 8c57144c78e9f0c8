//! `bench explain`: the long answer to "why is it as fast as it is?", for one server under one load.
//!
//! Three passes, each with a fresh process: one that only looks, from outside; one under strace, which slows
//! a server down so much that only ratios are left; one under perf. What a tool would say and why it is not
//! there is told in a line.

mod text;

use crate::args;
use crate::evidence::{perf, strace};
use crate::experiments::plan::Plan;
use crate::experiments::trial::{self, Cell, Row};
use crate::experiments::workload::WorkloadArgs;
use crate::interrupt::Interrupt;
use crate::load;
use crate::results::{Config, Part, Record};
use crate::targets::{self, Connection, Starter, Target};
use crate::terminal;
use anyhow::{Context, Result, ensure};
use clap::Args;
use std::path::PathBuf;
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
    /// Where the results go [default: target/bench/<date>-<machine>]
    #[arg(short, long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Passed on to the stages, such as: -- --threads 8
    #[arg(last = true)]
    stage_args: Vec<String>,
}

impl ExplainArgs {
    /// Builds, measures three times, and explains.
    pub fn run(self, interrupt: &Interrupt) -> Result<()> {
        let workload = self.workload.workload();
        workload.check_keep_alive(self.close)?;
        let mut targets = targets::parse(std::slice::from_ref(&self.target))?;
        ensure!(targets.len() == 1, "explain one server at a time, such as `bench explain stage3`");
        let target = targets.pop().context("no server was named")?;
        let plan = self.plan(target.clone());
        let starter = Starter::build(&plan.targets, self.stage_args.clone(), interrupt)?;
        let mut record = Record::begin(Config::of(&plan, &self.stage_args), self.out.clone())?;
        let passes = "one pass to look, one under strace, one under perf";
        terminal::note(&format!("{}: {passes}", target.name()));
        let row = self.look(&target, &starter, interrupt)?;
        record.add(&plan.targets, std::slice::from_ref(&row), Part::Ladder);
        let mut told = String::new();
        let mut tell = |text: String| {
            told += &text;
            terminal::print(&text)
        };
        tell(text::of(&row, &target, &self))?;
        if !interrupt.raised() {
            let calls = self.calls(&target, &starter, interrupt);
            record.note("calls_per_request", calls.as_deref().map(text::calls_json).ok());
            tell(text::calls(calls))?;
        }
        if !interrupt.raised() {
            let symbols = self.symbols(&target, &starter, interrupt);
            record.note("functions", symbols.as_deref().map(text::symbols_json).ok());
            tell(text::symbols(symbols))?;
        }
        if interrupt.raised() {
            tell("\nINTERRUPTED: the passes that are missing were not made.\n".to_owned())?;
        }
        record.keep("explain.txt", &told)?;
        terminal::print(text::HINTS)?;
        terminal::print(&record.end(interrupt, &[])?)?;
        Ok(())
    }

    fn plan(&self, target: Target) -> Plan {
        let cell = self.cell();
        Plan {
            targets: vec![target],
            levels: vec![cell.connections],
            modes: vec![cell.connection],
            workload: cell.workload,
            duration: self.duration,
            threads: self.threads.unwrap_or_else(load::default_threads),
            repeat: 1,
            seed: 0,
        }
    }

    fn cell(&self) -> Cell {
        Cell {
            target: 0,
            connection: if self.close { Connection::Close } else { Connection::KeepAlive },
            connections: self.connections,
            workload: self.workload.workload(),
        }
    }

    /// The pass that only looks.
    fn look(&self, target: &Target, starter: &Starter, interrupt: &Interrupt) -> Result<Row> {
        let cell = self.cell();
        let mut running = starter.start(target, cell.connection)?;
        let mut options = cell.options(target, &running, self.duration)?;
        options.threads = self.threads.unwrap_or(options.threads);
        let observed = trial::observe(&running, &options, interrupt);
        running.check()?;
        observed.map(|(outcome, evidence)| Row::of(cell, outcome, evidence))
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
