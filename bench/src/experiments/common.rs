//! The arguments that every experiment takes, declared once: the same letter means the same everywhere.

use super::plan::{Plan, Profiling};
use super::workload::Workload;
use crate::interrupt::Interrupt;
use crate::targets::{self, Connection, Pinning, Starter, Target};
use crate::{args, numbers, tools};
use anyhow::Result;
use clap::Args;
use std::path::PathBuf;
use std::time::Duration;

/// How long a trial takes, where neither a flag nor the experiment says otherwise.
pub const WINDOW: Duration = Duration::from_secs(1);
/// And its repeats.
pub const REPEAT: usize = 1;

/// What every experiment takes.
#[derive(Args, Clone, Debug, Default)]
pub struct Common {
    /// stage1 to stage4, null-server, nginx, h2o, lighttpd, a URL
    pub targets: Vec<String>,
    /// How long each trial takes (500ms, 10s, 1m)
    #[arg(short, long, value_parser = args::duration)]
    pub duration: Option<Duration>,
    /// Threads of the generator [default: one for each of its cores]
    #[arg(short, long, value_parser = args::count)]
    pub threads: Option<usize>,
    /// Repeats of each trial; the median is shown
    #[arg(long, value_name = "N", value_parser = args::count)]
    pub repeat: Option<usize>,
    /// Two lists of CPUs, none (all on all), or auto [default: auto]
    #[arg(long, value_name = "SERVER:GENERATOR", value_parser = Pinning::parse)]
    pub pin: Option<Pinning>,
    /// Decides the order of the servers [default: another one each time]
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Where the results go [default: target/bench/DATE-MACHINE]
    #[arg(short, long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Passed on to the stages, such as: -- --threads 8
    #[arg(last = true)]
    pub stage_args: Vec<String>,
}

impl Common {
    /// The servers that were named; of none, all.
    ///
    /// # Errors
    /// A name that stands for no server.
    pub fn targets(&self) -> Result<Vec<Target>> {
        targets::parse(&self.targets)
    }

    /// The servers that were named; of none, `others`.
    ///
    /// # Errors
    /// A name that stands for no server.
    pub fn targets_or(&self, others: &[Target]) -> Result<Vec<Target>> {
        if self.targets.is_empty() { Ok(others.to_vec()) } else { self.targets() }
    }

    /// Builds what a plan with these arguments measures.
    ///
    /// # Errors
    /// When the build fails.
    pub fn starter(&self, plan: &Plan, interrupt: &Interrupt) -> Result<Starter> {
        Starter::build(&plan.targets, self.stage_args.clone(), plan.pin.clone(), interrupt)
    }

    /// A plan with these arguments: `hello` on connections that are kept alive, by as many clients as `levels` says.
    pub fn plan(&self, targets: Vec<Target>, levels: Vec<usize>, duration: Duration) -> Plan {
        let pin = self.pin.clone().unwrap_or_default().of(&targets);
        let cores =
            pin.as_ref().map_or_else(tools::cores, |pin| pin.generator.len().min(tools::cores()));
        Plan {
            targets,
            levels,
            modes: vec![Connection::KeepAlive],
            workload: Workload::default(),
            duration: self.duration.unwrap_or(duration),
            threads: self.threads.unwrap_or(cores),
            pin,
            repeat: self.repeat.unwrap_or(REPEAT),
            seed: self.seed.unwrap_or_else(numbers::seed),
            rate: None,
            capacity: Vec::new(),
            profile: Profiling::No,
        }
    }
}
