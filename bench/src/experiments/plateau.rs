//! `bench plateau`, a calibration: stage 1 with a handler as expensive as the article's server, one request per
//! connection. The requests per second are the handler's doing, so they hardly depend on the machine.

use super::benchmark;
use super::common::{Common, WINDOW};
use super::plan::Plan;
use super::record::Finished;
use super::workload::{Kind, Workload};
use crate::args::misuse;
use crate::interrupt::Interrupt;
use crate::results::Part;
use crate::targets::{Connection, Target};
use anyhow::{Result, ensure};

/// The article's connection counts.
const LEVELS: [usize; 5] = [50, 100, 200, 400, 800];

/// Measures it.
///
/// # Errors
/// A server is named, or as [`benchmark::run`].
pub fn run(common: &Common, interrupt: &Interrupt) -> Result<Finished> {
    ensure!(common.targets.is_empty(), misuse("the plateau is stage 1's: name no server"));
    let plan = common.plan(vec![Target::Stage(0)], LEVELS.to_vec(), WINDOW);
    let workload = Workload { kind: Kind::Work, ..Workload::default() };
    let plan = Plan { modes: vec![Connection::Close], workload, ..plan };
    benchmark::run(vec![plan.ladder(Part::Plateau)], common, interrupt)
}
