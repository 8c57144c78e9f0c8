//! Handlers that fail, and handlers that block.

use crate::conformance::leaves_no_trace;
use crate::shutdown::in_handler;
use anyhow::{Context, Result, ensure};
use bench::resilience::client::{Client, serves};
use bench::resilience::{Stage, TIMEOUT, wait_until};
use shared::sys::rlimit;
use std::time::Instant;

/// A handler that panics costs its own request a 500: the connection, the threads and the others stay.
pub fn panics(stage: &Stage) -> Result<()> {
    leaves_no_trace(stage, &[], |server| {
        for _ in 0..100 {
            let mut client = Client::connect(server.address())?;
            ensure!(client.fetch("/panic")?.0 == 500, "/panic has another status");
            client.fetch_ok("/").context("after the panic")?;
        }
        Ok(())
    })
}

/// While a handler sleeps, other clients are served. By the order of events: its response could not come for a minute.
pub fn blocking_stops_no_client(stage: &Stage, flags: &[&str]) -> Result<()> {
    let server = stage.start(flags)?;
    let mut other = Client::connect(server.address())?;
    other.fetch_ok("/").context("before")?;
    let mut sleeper = in_handler(&server, 60_000)?;
    let start = Instant::now();
    for _ in 0..20 {
        other.fetch_ok("/").context("while it sleeps")?;
        serves(server.address())?;
    }
    ensure!(start.elapsed() < 2 * TIMEOUT && sleeper.hears_nothing(), "the sleeper woke up");
    Ok(())
}

/// While a handler sleeps, no other client is served. By the order of events: the other asks when the
/// sleeper's first response has come, and gets its own only after the sleeper's second.
pub fn blocking_stops_every_client(stage: &Stage) -> Result<()> {
    let server = stage.start(&[])?;
    let mut sleeper = in_handler(&server, 300)?;
    let mut other = Client::connect(server.address())?;
    other.get("/");
    if stage.at_once == 1 {
        // The other's turn comes when this connection ends.
        sleeper.expect(200)?;
        ensure!(other.hears_nothing(), "the other was served beside the first");
        drop(sleeper);
        return other.expect(200).map(drop);
    }
    other.expect(200)?;
    ensure!(!sleeper.hears_nothing(), "the other was served while the handler slept");
    sleeper.expect(200).map(drop)
}

/// As many requests for a sleeping handler as the pool runs and keeps waiting, and a few more: those are
/// told to come back later, and the loop goes on.
pub fn full_pool(stage: &Stage, room: usize) -> Result<()> {
    const MORE: usize = 8;
    rlimit::raise_open_files()?;
    let server = stage.start(&[])?;
    let mut clients = Client::asking(server.address(), "/sleep/60000", room + MORE)?;
    serves(server.address())?;
    let mut refused = Vec::new();
    wait_until("some are refused", || {
        refused.extend(clients.extract_if(.., |client| !client.hears_nothing()));
        Ok(refused.len() >= MORE)
    })?;
    ensure!(refused.len() == MORE, "{} were refused, not {MORE}", refused.len());
    for client in &mut refused {
        client.expect_unavailable()?;
        client.fetch_ok("/").context("after the 503")?;
    }
    serves(server.address())
}
