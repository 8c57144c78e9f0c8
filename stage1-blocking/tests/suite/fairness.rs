//! Clients that take their time, and what becomes of them.

use anyhow::Result;
use bench::resilience::{Stage, fairness, silence};

const STAGE: Stage =
    Stage::new(env!("CARGO_BIN_EXE_stage1-blocking"), 1, &["--keep-alive", "always"]);

#[test]
fn idle_clients_do_not_hold_up_the_end() -> Result<()> {
    silence::they_do_not_hold_up_the_end(&STAGE)
}

#[test]
fn a_body_that_stands_still_is_given_up() -> Result<()> {
    fairness::a_body_that_stands_still_is_given_up(&STAGE)
}
