//! `bench rate`: the same constant rate for every server. Latencies compare only where the work is the same.

use super::benchmark;
use super::common::Common;
use super::plan::Plan;
use super::record::Finished;
use super::workload::WorkloadArgs;
use crate::args;
use crate::interrupt::Interrupt;
use crate::results::Part;
use crate::targets::Connection;
use anyhow::Result;
use clap::Args;
use std::time::Duration;

/// What `bench rate` takes.
#[derive(Args, Debug)]
pub struct RateArgs {
    #[allow(missing_docs)]
    #[command(flatten)]
    pub common: Common,
    /// Requests per second
    #[arg(short = 'R', long, value_name = "N", value_parser = args::rate)]
    rate: f64,
    /// Connections that the requests are sent on
    #[arg(short, long, default_value = "64", value_parser = args::count)]
    connections: usize,
    #[allow(missing_docs)]
    #[command(flatten)]
    workload: WorkloadArgs,
}

impl RateArgs {
    /// Measures one server after the other.
    ///
    /// # Errors
    /// As [`benchmark::run`].
    pub fn run(&self, interrupt: &Interrupt) -> Result<Finished> {
        let targets = self.common.targets()?;
        let plan = self.common.plan(targets, vec![self.connections], Duration::from_secs(5));
        let plan = Plan {
            workload: self.workload.workload()?,
            modes: vec![Connection::closing(self.workload.close)],
            rate: Some(self.rate),
            ..plan
        };
        benchmark::run(&[plan.ladder(Part::Rate)], &self.common, interrupt)
    }
}
