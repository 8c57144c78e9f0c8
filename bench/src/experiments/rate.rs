//! `bench rate`: load that does not wait for the server. With `-R` the same constant rate for every server, as latencies
//! compare only where the work is the same; without it a sweep over offered load.

use super::benchmark;
use super::common::Common;
use super::plan::Plan;
use super::record::Finished;
use super::sweep;
use super::workload::WorkloadArgs;
use crate::args::{self, misuse};
use crate::interrupt::Interrupt;
use crate::results::{POOL, Part};
use crate::targets::{ALL_STAGES, Connection};
use anyhow::{Result, ensure};
use clap::Args;
use std::time::Duration;

/// How long each trial takes at one rate for all, unless told otherwise.
pub const WINDOW: Duration = Duration::from_secs(5);

/// What `bench rate` takes.
#[derive(Args, Debug)]
pub struct RateArgs {
    #[command(flatten)]
    common: Common,
    /// Requests per second [default: 10 % to 120 % of the closed loop's, at random moments]
    #[arg(short = 'R', long, value_name = "N", value_parser = args::rate)]
    rate: Option<f64>,
    /// Connections for the requests; in a sweep at most as many as a stage serves at a time
    #[arg(short, long, default_value_t = POOL, value_parser = args::count)]
    connections: usize,
    #[command(flatten)]
    workload: WorkloadArgs,
}

impl RateArgs {
    /// Measures one server after the other, or the sweep.
    ///
    /// # Errors
    /// As [`benchmark::run`].
    pub fn run(&self, interrupt: &Interrupt) -> Result<Finished> {
        let (targets, window) = match self.rate {
            Some(_) => (self.common.targets()?, WINDOW),
            None => (self.common.targets_or(&ALL_STAGES)?, sweep::WINDOW),
        };
        let workload = self.workload.workload()?;
        ensure!(
            workload.kind.think().is_none(),
            misuse(
                "users ask when they have thought, at no rate: choose another --workload, or bench run --workload users"
            )
        );
        let plan = Plan {
            workload,
            modes: vec![Connection::closing(self.workload.close)],
            rate: self.rate,
            ..self.common.plan(targets, vec![self.connections], window)
        };
        let experiments = match self.rate {
            Some(_) => vec![plan.ladder(Part::Rate)],
            None => sweep::experiments(plan, &self.common.stage_args).to_vec(),
        };
        benchmark::run(experiments, &self.common, interrupt)
    }
}
