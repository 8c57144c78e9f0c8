//! A pool that keeps connections as long as nobody waits for their threads: `--keep-alive fair`, as it is by default.

use anyhow::Result;
use bench::resilience::{Stage, counters, fairness, silence};

const STAGE: Stage = Stage::new(env!("CARGO_BIN_EXE_stage2-threadpool"), 64, &[]);

/// Where no response is the last because others wait.
const ALWAYS: Stage =
    Stage::new(env!("CARGO_BIN_EXE_stage2-threadpool"), 64, &["--keep-alive", "always"]);

#[test]
fn more_clients_than_threads_lose_nothing() -> Result<()> {
    silence::more_clients_than_threads_lose_nothing(&STAGE)
}

#[test]
fn silent_clients_give_way() -> Result<()> {
    silence::silent_clients_give_way(&STAGE)
}

#[test]
fn idle_clients_do_not_hold_up_the_end() -> Result<()> {
    silence::they_do_not_hold_up_the_end(&STAGE)
}

#[test]
fn a_handler_takes_nobody_s_time() -> Result<()> {
    fairness::a_handler_takes_nobody_s_time(&ALWAYS)
}

#[test]
fn a_pause_of_the_machine_makes_nobody_late() -> Result<()> {
    fairness::a_pause_of_the_machine_makes_nobody_late(&ALWAYS, 48)
}

#[test]
fn a_body_that_stands_still_is_given_up() -> Result<()> {
    fairness::a_body_that_stands_still_is_given_up(&STAGE)
}

#[test]
fn a_time_out_is_counted_once() -> Result<()> {
    counters::a_time_out_is_counted_once(&STAGE)
}
