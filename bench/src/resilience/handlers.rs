//! Handlers that fail, and handlers that block.

use super::client::{Client, answers};
use super::ending::in_handler;
use super::vitals::Vitals;
use super::{PATIENCE, Stage};
use anyhow::{Result, ensure};
use shared::sys::rlimit;
use std::time::Instant;

/// A handler that panics costs its own request a 500: the connection, the threads and the others stay.
pub fn panics(stage: &Stage) -> Result<()> {
    let server = stage.start(&[])?;
    answers(server.address())?;
    let before = Vitals::at_rest(server.pid())?;
    for _ in 0..100 {
        let mut client = Client::connect(server.address())?;
        ensure!(client.ask("/panic")?.0 == 500, "/panic has another status");
        ensure!(client.ask("/")?.0 == 200, "the connection did not outlive the panic");
    }
    before.come_back(server.pid())?;
    answers(server.address())
}

/// While a handler sleeps, others are answered. By the order of events: its answer could not come for a minute.
pub fn blocking_hurts_nobody(stage: &Stage, flags: &[&str]) -> Result<()> {
    let server = stage.start(flags)?;
    let mut other = Client::connect(server.address())?;
    ensure!(other.ask("/")?.0 == 200, "before");
    let mut sleeper = in_handler(&server, 60_000)?;
    let start = Instant::now();
    for _ in 0..20 {
        ensure!(other.ask("/")?.0 == 200, "while it sleeps");
        answers(server.address())?;
    }
    ensure!(start.elapsed() < 2 * PATIENCE && sleeper.hears_nothing(), "the sleeper woke up");
    Ok(())
}

/// While a handler sleeps, nobody else is answered. By the order of events: the other asks when the
/// sleeper's first answer has come, and is answered only after its second.
pub fn blocking_hurts_everybody(stage: &Stage) -> Result<()> {
    let server = stage.start(&[])?;
    let mut sleeper = in_handler(&server, 300)?;
    let mut other = Client::connect(server.address())?;
    other.get("/");
    if stage.at_once == 1 {
        // The other's turn comes when this connection ends.
        sleeper.expect(200)?;
        ensure!(other.hears_nothing(), "the other was answered while the first was served");
        drop(sleeper);
        return other.expect(200).map(drop);
    }
    other.expect(200)?;
    ensure!(!sleeper.hears_nothing(), "the other was answered while the handler slept");
    sleeper.expect(200).map(drop)
}

/// As many requests for a sleeping handler as the pool runs and keeps waiting, and a few more: those are
/// told to come back later, and the loop goes on.
pub fn full_pool(stage: &Stage, room: usize) -> Result<()> {
    const MORE: usize = 8;
    rlimit::raise_open_files()?;
    let server = stage.start(&[])?;
    let mut clients = Vec::new();
    for _ in 0..room + MORE {
        let mut client = Client::connect(server.address())?;
        client.get("/sleep/60000");
        clients.push(client);
    }
    answers(server.address())?;
    let told = |client: &mut Client| !client.hears_nothing();
    let deadline = Instant::now() + PATIENCE;
    let mut turned_away: Vec<_> = clients.extract_if(.., told).collect();
    while turned_away.len() < MORE && Instant::now() < deadline {
        turned_away.extend(clients.extract_if(.., told));
    }
    ensure!(turned_away.len() == MORE, "{} were turned away, not {MORE}", turned_away.len());
    for client in &mut turned_away {
        let answer = client.read()?;
        ensure!(answer.status == 503 && answer.field("retry-after").is_some(), "{answer:?}");
        ensure!(client.ask("/")?.0 == 200, "the connection did not outlive the 503");
    }
    answers(server.address())
}
