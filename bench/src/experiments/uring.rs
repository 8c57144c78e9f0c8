//! `bench uring`: what io_uring gains, in four steps, beside the null server and stage 4.
//!
//! The null server's epoll loop and the example's four (`--null`) send the same bytes to whatever they receive: what
//! differs is how they ask the kernel. Each reports its own calls at its end; those of the others are counted by strace.

use super::common::Common;
use super::plan::{Trial, announcement};
use super::record::{Finished, Record};
use super::trial::observe;
use super::workload::Kind;
use super::{benchmark, explain};
use crate::args;
use crate::interrupt::Interrupt;
use crate::results::Part;
use crate::targets::{Connection, NOT_OURS, StageFlags, Starter, Target};
use crate::terminal::{self, Progress};
use crate::workspace::URING_STEPS;
use anyhow::{Context, Result, ensure};
use clap::Args;
use std::path::PathBuf;
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
        let plan = &experiment.plan;
        let starter = Starter::build(&plan.targets, Vec::new(), plan.pin.clone(), interrupt)?;
        // Where io_uring is missing, this says so.
        starter.start(&Target::UringLoop(0), Connection::KeepAlive, StageFlags::default())?;
        let mut record = Record::begin(plan, experiment.trials.len(), &common)?;
        let pairs = plan.targets.len() * plan.levels.len();
        let counting = COUNTING * pairs as u32;
        terminal::note(&announcement(std::slice::from_ref(&experiment), counting));
        let mut spare = plan.levels.len();
        let progress = Progress::start(experiment.time() + counting);
        let (measured, failures) =
            benchmark::measure(&experiment, &starter, &progress, &mut spare, interrupt);
        record.add(&experiment, &measured, failures);
        for target in &plan.targets {
            for connections in plan.levels.iter().take_while(|_| !interrupt.raised()) {
                progress.say(&format!("{}, {connections} connections: calls", target.label()));
                match calls(target, *connections, &starter, interrupt) {
                    Ok(calls) => record.note_all(target.name(), *connections, "calls", calls),
                    Err(error) => terminal::note(&format!("{}: calls: {error:#}", target.label())),
                }
                progress.step(COUNTING);
            }
        }
        Ok(record.end(interrupt))
    }
}

/// System calls per request.
fn calls(
    target: &Target,
    connections: usize,
    starter: &Starter,
    interrupt: &Interrupt,
) -> Result<f64> {
    let trial = Trial::kept(connections, Kind::Hello);
    if !matches!(target, Target::UringLoop(_)) {
        let calls = explain::calls(target, trial, starter, COUNTED, interrupt)?;
        return Ok(calls.iter().map(|(_, each)| each).sum());
    }
    let (server, options) = trial.start(target, starter, COUNTED)?;
    observe(server.as_ref(), &options, interrupt)?;
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
