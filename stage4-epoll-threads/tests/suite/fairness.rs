//! One client does not keep the others waiting, and who is silent goes first.

use anyhow::Result;
use bench::resilience::{Stage, counters, fairness, silence};

const STAGE: Stage = Stage::new(env!("CARGO_BIN_EXE_stage4-epoll-threads"), 256, &[]);

#[test]
fn pipelines_share_the_loop() -> Result<()> {
    fairness::pipelines_share_the_loop(&STAGE)
}

#[test]
fn jobs_without_a_client_are_dropped() -> Result<()> {
    fairness::jobs_without_a_client_are_dropped(&STAGE)
}

#[test]
fn jobs_of_half_closed_clients_wait_for_the_others() -> Result<()> {
    fairness::jobs_of_half_closed_clients_wait_for_the_others(&STAGE)
}

#[test]
fn files_and_metrics_have_a_way_of_their_own() -> Result<()> {
    fairness::files_and_metrics_have_a_way_of_their_own(&STAGE)
}

#[test]
fn a_handler_takes_nobody_s_time() -> Result<()> {
    fairness::a_handler_takes_nobody_s_time(&STAGE)
}

#[test]
fn a_pause_of_the_machine_makes_nobody_late() -> Result<()> {
    fairness::a_pause_of_the_machine_makes_nobody_late(&STAGE, 1200)
}

#[test]
fn a_body_that_stands_still_is_given_up() -> Result<()> {
    fairness::a_body_that_stands_still_is_given_up(&STAGE)
}

#[test]
fn those_who_never_asked_go_first() -> Result<()> {
    silence::those_who_never_asked_go_first(&STAGE)
}

#[test]
fn idle_clients_do_not_hold_up_the_end() -> Result<()> {
    silence::they_do_not_hold_up_the_end(&STAGE)
}

#[test]
fn a_time_out_is_counted_once() -> Result<()> {
    counters::a_time_out_is_counted_once(&STAGE)
}
