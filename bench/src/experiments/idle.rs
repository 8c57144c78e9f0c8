//! `bench idle`: what do silent connections cost the others? Requests per second over their number.

use super::common::{Common, WINDOW};
use super::plan::{Experiment, Plan, Trial};
use super::record::Finished;
use super::workload::BUSY;
use super::{benchmark, waits};
use crate::args;
use crate::interrupt::Interrupt;
use crate::results::Part;
use crate::targets::ALL_STAGES;
use anyhow::Result;
use clap::Args;

/// The points of the curve in a run: none, one (which stops stage 1), and as many as stage 2 has workers.
pub const POINTS: [usize; 3] = [0, 1, 64];
/// And of the whole curve.
pub const ALL_POINTS: [usize; 7] = [0, 1, 16, 32, 63, 64, 200];

/// What `bench idle` takes.
#[derive(Args, Debug)]
pub struct IdleArgs {
    #[command(flatten)]
    common: Common,
    /// Numbers of silent connections
    #[arg(short = 'n', long, value_delimiter = ',', default_value = "0,1,16,63,64,200,1000")]
    idle: Vec<usize>,
    /// Clients beside them that send requests all the time
    #[arg(short, long, default_value_t = BUSY, value_parser = args::count)]
    connections: usize,
    /// CPU per request of poll_loop and epoll_loop, up to 9,000 silent
    #[arg(long, conflicts_with_all = ["idle", "connections"])]
    waits: bool,
}

impl IdleArgs {
    /// Measures the curves.
    ///
    /// # Errors
    /// As [`benchmark::run`].
    pub fn run(&self, interrupt: &Interrupt) -> Result<Finished> {
        if self.waits {
            return waits::run(&self.common, interrupt);
        }
        let targets = self.common.targets_or(&ALL_STAGES)?;
        let plan = self.common.plan(targets, vec![self.connections], WINDOW);
        benchmark::run(vec![curve(plan, self.connections, &self.idle)], &self.common, interrupt)
    }
}

/// The curve of `busy` clients beside each number of silent ones.
pub fn curve(plan: Plan, busy: usize, counts: &[usize]) -> Experiment {
    let kinds: Vec<_> = counts.iter().map(|idle| Trial::beside(busy, *idle)).collect();
    Plan { levels: vec![busy], ..plan }.experiment(Part::Idle, &kinds)
}
