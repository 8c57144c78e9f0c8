//! The promises of this stage, tried on the running program.
#![forbid(unsafe_code)]

mod fairness;
mod operator;

use anyhow::Result;
use bench::resilience::replace::{self, How};
use bench::resilience::{
    Stage, attack, clients, conformance, descriptors, drain, ending, handlers, keepalive, log,
    patience, soak, tree,
};

const STAGE: Stage = Stage::new(env!("CARGO_BIN_EXE_stage3-epoll"), 256, &[]);

#[test]
fn http_to_the_letter() -> Result<()> {
    conformance::to_the_letter(&STAGE)
}

#[test]
fn time_outs_and_limits() -> Result<()> {
    conformance::low_limits(&STAGE)?;
    conformance::time_outs(&STAGE)
}

#[test]
fn clients_of_every_kind_leave_no_trace() -> Result<()> {
    clients::crowd(&STAGE, 300)?;
    clients::byte_by_byte(&STAGE)?;
    clients::slow_reader(&STAGE)?;
    clients::resets(&STAGE)
}

#[test]
fn it_ends_without_losing_anything() -> Result<()> {
    ending::each(&STAGE)
}

#[test]
fn a_handler_that_panics_costs_a_500() -> Result<()> {
    handlers::panics(&STAGE)
}

#[test]
fn a_handler_that_blocks_stops_everybody() -> Result<()> {
    handlers::blocking_hurts_everybody(&STAGE)
}

#[test]
fn a_drain_under_load_loses_nothing() -> Result<()> {
    drain::under_load(&STAGE, 3).map(drop)
}

#[test]
fn another_takes_its_place_at_once_and_nothing_is_lost() -> Result<()> {
    replace::under_load(&STAGE, How::After, 2).map(drop)
}

#[test]
fn without_descriptors_newcomers_wait_and_nothing_spins() -> Result<()> {
    descriptors::each(&STAGE)
}

#[test]
fn hostile_clients_hurt_nobody() -> Result<()> {
    attack::each(&STAGE)
}

#[test]
fn a_tree_that_is_edited_is_served_whole_and_fresh() -> Result<()> {
    tree::edited(&STAGE, tree::Size::from_environment()).map(drop)
}

#[test]
fn the_log_tells_what_came() -> Result<()> {
    log::tells_what_came(&STAGE)
}

#[test]
fn connections_are_kept_as_long_as_they_may() -> Result<()> {
    keepalive::as_long_as_they_may(&STAGE)
}

#[test]
fn who_is_slow_and_keeps_to_the_rules_is_served() -> Result<()> {
    patience::each(&STAGE)
}

#[test]
fn others_wait_for_no_client() -> Result<()> {
    patience::beside_others(&STAGE)
}

#[test]
fn the_last_place_costs_nobody_theirs() -> Result<()> {
    keepalive::the_last_place_costs_nobody_theirs(&STAGE)
}

#[test]
fn a_short_soak_leaves_nothing_behind() -> Result<()> {
    soak::short(&STAGE)
}
