//! Connections that are kept and silent: when they are closed, in which order, and that nothing is lost with them.

use super::client::Client;
use super::good::{GoodClients, Habits};
use super::{PATIENCE, Stage};
use anyhow::{Context, Result, ensure};
use shared::sys::signal::{self, Signal};
use std::thread;
use std::time::Duration;

/// After so long a client that says nothing may be closed, where its place is needed.
const SILENCE: Duration = Duration::from_secs(1);

/// Four times as many clients as threads, each asking again as soon as it is answered: whoever is not told that a
/// response is the last gets the next one.
pub fn more_clients_than_threads_lose_nothing(stage: &Stage) -> Result<()> {
    let server = stage.start(&["--threads", "8"])?;
    let clients = GoodClients::start(
        server.address(),
        Habits { hello_only: true, head_timeout: SILENCE, ..Habits::busy(1) },
    );
    clients.wait_for(5000)?;
    clients.stop()?.check_all_let_in()
}

/// Threads that wait for silent clients leave them for a client that asks; one that is left reads the end of its connection.
pub fn silent_clients_give_way(stage: &Stage) -> Result<()> {
    let server = stage.start(&["--threads", "4", "--idle-timeout", "120s"])?;
    let mut silent = who_asked_once(&server, 4)?;
    let mut newcomer = Client::connect(server.address())?;
    ensure!(newcomer.ask("/")?.0 == 200, "a newcomer");
    let left = silent.iter_mut().filter_map(|client| (!client.hears_nothing()).then_some(client));
    let left: Vec<_> = left.collect();
    ensure!(!left.is_empty(), "nobody was left, and the newcomer was served");
    left.into_iter().try_for_each(Client::expect_end)
}

/// Where there is no place, those go first who never asked.
pub fn those_who_never_asked_go_first(stage: &Stage) -> Result<()> {
    let server = stage.start(&["--max-connections", "40", "--threads", "1"])?;
    let mut good = who_asked_once(&server, 24)?;
    let mut silent = Vec::new();
    for _ in 0..16 {
        silent.push(Client::connect(server.address())?);
    }
    thread::sleep(SILENCE + Duration::from_millis(200));
    for _ in 0..16 {
        ensure!(Client::connect(server.address())?.ask("/")?.0 == 200, "a newcomer");
    }
    for client in &mut good {
        ensure!(client.ask("/").context("one who had asked")?.0 == 200, "another status");
    }
    Ok(())
}

/// Clients that are connected and say nothing do not hold up the end of a server, and read an end and no reset.
pub fn they_do_not_hold_up_the_end(stage: &Stage) -> Result<()> {
    let long = ["--grace", "120s", "--idle-timeout", "120s", "--head-timeout", "120s"];
    let mut server = stage.start(&long)?;
    let mut clients = who_asked_once(&server, stage.at_once.min(20))?;
    // Where one is served at a time, these wait in the accept queue.
    for _ in 0..20 {
        clients.push(Client::connect(server.address())?);
    }
    signal::send(server.pid(), Signal::Terminate)?;
    let status = server.wait(PATIENCE)?.context("idle clients held it up")?;
    ensure!(status.code() == Some(0), "{status}: {}", server.stderr());
    clients.iter_mut().try_for_each(Client::expect_end)
}

/// Clients that have been answered once and say nothing more.
pub(super) fn who_asked_once(
    server: &crate::targets::server::Server,
    count: usize,
) -> Result<Vec<Client>> {
    let one = |_| {
        let mut client = Client::connect(server.address())?;
        client.ask("/").map(|_| client)
    };
    (0..count).map(one).collect()
}
