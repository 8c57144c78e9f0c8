//! Connections that are kept and idle: when they are closed, in which order, and that no request is lost with them.

use anyhow::{Context, Result, ensure};
use bench::resilience::client::{Client, value};
use bench::resilience::descriptors::lowest_free;
use bench::resilience::well_behaved::{Behaviour, WellBehavedClients};
use bench::resilience::{Stage, set_limit, shutdown};
use bench::targets::server::Server;
use shared::sys::signal::{self, Signal};
use std::thread;
use std::time::Duration;

/// After so long a connection that is silent may be closed, where its place is needed.
const SILENCE: Duration = Duration::from_secs(1);

/// Four times as many clients as threads, each asking again as soon as it has its response: unless that said that it is
/// the last, the next one must come.
pub fn more_clients_than_threads_lose_nothing(stage: &Stage) -> Result<()> {
    let server = stage.start(&["--threads", "8"])?;
    let behaviour = Behaviour { hello_only: true, head_timeout: SILENCE, ..Behaviour::busy(1) };
    let clients = WellBehavedClients::start(server.address(), behaviour);
    clients.wait_for(5000)?;
    clients.stop()?.check_none_refused()
}

/// A client that takes the last place costs no other its place, however long others have been idle.
pub fn the_last_place_closes_no_other(stage: &Stage) -> Result<()> {
    const IDLE: usize = 40;
    let cap = (IDLE + 1).to_string();
    let server = stage.start(&["--max-connections", &cap, "--threads", "1"])?;
    let mut clients = Client::idle(server.address(), IDLE)?;
    thread::sleep(SILENCE * 3 / 2);
    Client::connect(server.address())?.fetch_ok("/")?;
    ensure!(clients.iter_mut().all(Client::hears_nothing), "an idle client was closed");
    Ok(())
}

/// Of the threads that wait for silent clients, one leaves its own for a client that asks, be it a thread that is missing
/// or a place; and the client that is left reads the end of its connection.
pub fn silent_clients_give_way(stage: &Stage) -> Result<()> {
    let four: [&[&str]; 2] = [&["--threads", "4"], &["--threads", "8", "--max-connections", "4"]];
    for flags in four {
        let server = stage.start(&[flags, &["--idle-timeout", "120s"]].concat())?;
        let left = give_way(&server, Client::idle(server.address(), 4)?)?;
        ensure!(left == 1, "{flags:?}: {left} clients were left for one");
    }
    let server = stage.start(&["--threads", "8", "--idle-timeout", "120s"])?;
    let idle = Client::idle(server.address(), 4)?;
    set_limit(&server, &format!("--nofile={}:", lowest_free(&server)?))?;
    ensure!(
        give_way(&server, idle)? > 0,
        "no client was left, and there is no descriptor for another"
    );
    Ok(())
}

/// So do clients that never asked, long before the time for their heads is over.
pub fn clients_that_never_asked_give_way(stage: &Stage) -> Result<()> {
    let server = stage.start(&["--threads", "4", "--head-timeout", "120s"])?;
    let never = (0..4).map(|_| Client::connect(server.address())).collect::<Result<_>>()?;
    let left = give_way(&server, never)?;
    ensure!(left == 1, "{left} clients were left for one");
    Ok(())
}

/// Has another client ask beside those that are silent. Tells how many of them were left for it.
fn give_way(server: &Server, mut silent: Vec<Client>) -> Result<usize> {
    let mut new = Client::connect(server.address())?;
    new.fetch_ok("/").context("a new client")?;
    let evicted = value(new.fetch_ok("/metrics")?, "http_connections_evicted_total")?;
    ensure!(evicted > 0, "the metrics know of no client that was left");
    silent.retain_mut(|client| !client.hears_nothing());
    silent.iter_mut().try_for_each(Client::expect_end)?;
    Ok(silent.len())
}

/// Clients that have read their last response and keep their side open make no other lose its own at the end: with
/// a quarter of a second for each, the grace period would be over before the last is served.
pub fn clients_that_keep_their_side_open_hold_up_no_other(stage: &Stage) -> Result<()> {
    const CLIENTS: usize = 100;
    // The first is longer than the test waits.
    let long = ["--threads", "1", "--linger-timeout", "300s", "--grace", "24s"];
    let mut server = stage.start(&long)?;
    let mut first = Client::connect(server.address())?;
    first.get("/sleep/500");
    let mut others = Client::asking(server.address(), "/", CLIENTS)?;
    signal::send(server.pid(), Signal::Terminate)?;
    for client in std::iter::once(&mut first).chain(&mut others) {
        client.expect(200)?;
    }
    shutdown::exits(&mut server, 0)
}

/// Clients that have read their last response and keep their side open give way to one that asks.
pub fn clients_that_keep_their_side_open_give_way(stage: &Stage) -> Result<()> {
    let server = stage.start(&[LINGERING, &["--max-connections", "2"]].concat())?;
    let mut lingering = (0..2).map(|_| refused(&server)).collect::<Result<Vec<_>>>()?;
    Client::connect(server.address())?.fetch_ok("/").context("a new client")?;
    lingering.iter_mut().try_for_each(Client::expect_end)
}

/// Where there is no place, they go before a client that is idle.
pub fn clients_that_keep_their_side_open_go_first(stage: &Stage) -> Result<()> {
    let server = stage.start(&[LINGERING, &["--max-connections", "3"]].concat())?;
    let mut idle = Client::idle(server.address(), 1)?;
    let _lingering = (0..2).map(|_| refused(&server)).collect::<Result<Vec<_>>>()?;
    thread::sleep(SILENCE + Duration::from_millis(200));
    let _new = Client::idle(server.address(), 2).context("new clients")?;
    ensure!(idle.iter_mut().all(Client::hears_nothing), "the idle client was closed");
    Ok(())
}

/// A client keeps its side open for longer than a test waits.
const LINGERING: &[&str] = &["--threads", "1", "--linger-timeout", "300s"];

/// A client that has read the last response of its connection, which is an error.
fn refused(server: &Server) -> Result<Client> {
    let mut client = Client::connect(server.address())?;
    client.send(b"no request\r\n\r\n");
    client.expect(400).context("a client that is refused").map(|_| client)
}

/// Where there is no place, clients that never asked go first.
pub fn clients_that_never_asked_go_first(stage: &Stage) -> Result<()> {
    let server = stage.start(&["--max-connections", "40", "--threads", "1"])?;
    let mut asked = Client::idle(server.address(), 24)?;
    let never = (0..16).map(|_| Client::connect(server.address()));
    let _never = never.collect::<Result<Vec<_>>>()?;
    thread::sleep(SILENCE + Duration::from_millis(200));
    for _ in 0..16 {
        Client::connect(server.address())?.fetch_ok("/").context("a new client")?;
    }
    asked
        .iter_mut()
        .try_for_each(|client| client.fetch_ok("/").context("a client that had asked").map(drop))
}

/// Clients that are connected and silent do not hold up the end of a server, and read an end and no reset.
pub fn they_do_not_hold_up_the_end(stage: &Stage) -> Result<()> {
    let long = ["--grace", "120s", "--idle-timeout", "120s", "--head-timeout", "120s"];
    let mut server = stage.start(&long)?;
    let mut clients = Client::idle(server.address(), stage.at_once.min(20))?;
    // Where one is served at a time, these wait in the accept queue.
    for _ in 0..20 {
        clients.push(Client::connect(server.address())?);
    }
    shutdown::terminate(&mut server).context("idle clients")?;
    clients.iter_mut().try_for_each(Client::expect_end)
}
