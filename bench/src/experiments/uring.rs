//! `bench uring`: what io_uring gains, in four steps, beside the null server and stage 4.
//!
//! The null server's epoll loop and the example's four (`--null`) send the same bytes to whatever they receive: what
//! differs is how they ask the kernel. Each reports its own calls at its end; those of the others are counted by strace.

use super::common::Common;
use super::explain;
use super::measuring::Run;
use super::plan::{Plan, Trial, announcement};
use super::record::Finished;
use super::trial::observe;
use super::workload::Kind;
use crate::args;
use crate::interrupt::Interrupt;
use crate::results::Part;
use crate::targets::{Connection, NOT_OURS, StageFlags, Target};
use crate::terminal;
use crate::workspace::URING_STEPS;
use anyhow::{Context, Result, ensure};
use clap::Args;
use std::path::PathBuf;
use std::slice;
use std::time::Duration;

/// How long calls are counted: ratios need no more.
const COUNTED: Duration = Duration::from_millis(300);
/// And that takes, with start and end, about.
const COUNTING: Duration = Duration::from_secs(1);

/// What `bench uring` takes.
#[derive(Args, Debug)]
pub struct UringArgs {
    /// Connection counts, separated by commas
    #[arg(short, long, value_delimiter = ',', default_value = "1,64,800", value_parser = args::count)]
    connections: Vec<usize>,
    /// How long each trial is measured
    #[arg(short, long, default_value = "500ms", value_parser = args::duration)]
    duration: Duration,
    /// Repeats of each trial; the median is shown
    #[arg(long, value_name = "N", default_value = "5", value_parser = args::count)]
    repeat: usize,
    /// Where the results go [default: target/bench/DATE-MACHINE]
    #[arg(short, long, value_name = "DIR")]
    out: Option<PathBuf>,
}

impl UringArgs {
    /// Measures all six, then counts their calls.
    ///
    /// # Errors
    /// When io_uring is missing here, nothing could be built, or the folder cannot be written.
    pub fn run(&self, interrupt: &Interrupt) -> Result<Finished> {
        let (repeat, out) = (Some(self.repeat), self.out.clone());
        let common = Common { repeat, out, ..Common::default() };
        let steps = (0..URING_STEPS.len()).map(Target::UringLoop);
        let targets = [Target::NullServer, Target::Stage(3)].into_iter().chain(steps).collect();
        let plan = common.plan(targets, self.connections.clone(), self.duration);
        let experiment = plan.ladder(Part::Uring);
        let Plan { targets, levels, .. } = &experiment.plan;
        let starter = common.starter(&experiment.plan, interrupt)?;
        // Where io_uring is missing, this says so, before there is a folder.
        starter.start(&Target::UringLoop(0), Connection::KeepAlive, StageFlags::default())?;
        let counting = COUNTING * (targets.len() * levels.len()) as u32;
        let experiments = slice::from_ref(&experiment);
        let mut run = Run::begin(experiments, starter, counting, &common, interrupt)?;
        terminal::note(&announcement(experiments, counting));
        run.measure(&experiment);
        for (target, server) in targets.iter().enumerate() {
            for connections in levels.iter().take_while(|_| !interrupt.raised()) {
                run.progress.say(&format!("{}, {connections} connections: calls", server.label()));
                let trial = Trial { target, ..Trial::kept(*connections, Kind::Hello) };
                match calls(&run, trial) {
                    Ok(calls) => run.record.note_all(server.name(), *connections, "calls", calls),
                    Err(error) => terminal::note(&format!("{}: calls: {error:#}", server.label())),
                }
                run.progress.step(COUNTING);
            }
        }
        Ok(run.end())
    }
}

/// System calls per request.
fn calls(run: &Run, trial: Trial) -> Result<f64> {
    if !matches!(run.plan.targets[trial.target], Target::UringLoop(_)) {
        let calls = explain::calls(run, trial, COUNTED)?;
        return Ok(calls.iter().map(|(_, each)| each).sum());
    }
    let (server, options) = run.start(trial, COUNTED)?;
    observe(server.as_ref(), &options, run.interrupt)?;
    let (calls, requests) = reported(&server.context(NOT_OURS)?.last_words()?)?;
    ensure!(requests > 0, "no request was answered meanwhile");
    Ok(calls as f64 / requests as f64)
}

/// Calls and requests, from a line of each loop: `16005 responses, 1654 calls of io_uring_enter`.
fn reported(text: &str) -> Result<(u64, u64)> {
    let (mut calls, mut requests) = (0, 0);
    for line in text.lines() {
        let numbers = line.split(' ').filter_map(|word| word.parse::<u64>().ok());
        if let [of_loop, calls_of_loop] = numbers.collect::<Vec<_>>()[..] {
            (calls, requests) = (calls + calls_of_loop, requests + of_loop);
        }
    }
    ensure!(calls > 0, "uring_loop did not say how many calls it made: {text}");
    Ok((calls, requests))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_loop_reports_its_own() {
        let text =
            "70 responses, 7 calls of io_uring_enter\n30 responses, 4 calls of io_uring_enter";
        assert_eq!(reported(text).unwrap(), (11, 100));
        assert!(reported("killed").is_err());
    }
}
