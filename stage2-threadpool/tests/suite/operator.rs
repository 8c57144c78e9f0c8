//! What an operator does to this stage, and what happens to it on a real machine.

use anyhow::Result;
use bench::resilience::Stage;
use bench::resilience::operator::{ends, limits, rotation, start, streams};

const STAGE: Stage =
    Stage::new(env!("CARGO_BIN_EXE_stage2-threadpool"), 64, &["--keep-alive", "always"]);

#[test]
fn it_starts_whole_or_says_what_is_missing() -> Result<()> {
    start::each(&STAGE)?;
    start::few_threads(&STAGE, 5)
}

#[test]
fn nobody_need_read_its_streams() -> Result<()> {
    streams::each(&STAGE)
}

#[test]
fn a_log_is_rotated_and_no_line_is_lost() -> Result<()> {
    rotation::each(&STAGE)
}

#[test]
fn a_log_that_cannot_be_written_waits_and_is_bounded() -> Result<()> {
    limits::each(&STAGE)
}

#[test]
fn log_and_trace_are_whole_at_every_end() -> Result<()> {
    ends::are_whole(&STAGE)
}
