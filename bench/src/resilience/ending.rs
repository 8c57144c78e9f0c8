//! How a server ends: asked once, it finishes what it has; asked twice, it goes.

use super::client::{Client, answers};
use super::vitals::has_taken_signals;
use super::{PATIENCE, Stage, side_by_side};
use crate::targets::server::Server;
use anyhow::{Context, Result, bail, ensure};
use shared::sys::signal::{self, Signal};
use std::time::{Duration, Instant};

/// Far longer than the tests wait: a server that ends before has ended by itself, every thread joined,
/// and was not cut off.
const LONG_GRACE: &[&str] = &["--grace", "120s", "--drain-idle", "120s"];

/// How long a server that is asked to end lets newcomers in for certain.
const LAME_DUCK: Duration = Duration::from_millis(200);

/// All the ways to end.
pub fn each(stage: &Stage) -> Result<()> {
    side_by_side(&[drains, ends_with_its_grace, second_signal], 3, |way| way(stage))
}

/// A request in flight is answered, and told that it is the last; those who come while the server drains
/// hear that it does; then it ends with status 0. Another can take its place at once.
fn drains(stage: &Stage) -> Result<()> {
    for millis in [300, 1000, 3000, 9000] {
        let server = stage.start(LONG_GRACE)?;
        let asked = Instant::now();
        let in_flight = in_handler(&server, millis)?;
        let silent = Client::connect(server.address())?;
        let start = Instant::now();
        signal::send(server.pid(), Signal::Terminate)?;
        taken(&server)?;
        // Else the machine is so busy that the handler may have been over before the signal came.
        if asked.elapsed() < Duration::from_millis(u64::from(millis)) / 2 {
            return drains_with(stage, server, in_flight, silent, start);
        }
    }
    bail!("this machine is too busy to send a signal while a handler sleeps")
}

/// The signal was sent at `start`.
fn drains_with(
    stage: &Stage,
    mut server: Server,
    mut in_flight: Client,
    silent: Client,
    start: Instant,
) -> Result<()> {
    let address = server.address();
    let late = Client::connect(address);
    // On a slow machine the last call may be over by now.
    ensure!(late.is_ok() || start.elapsed() > LAME_DUCK, "it refuses while it drains");
    ensure!(in_flight.expect(200)?, "the answer in flight does not say that it is the last");
    in_flight.expect_end()?;
    for mut client in [Ok(silent), late].into_iter().flatten() {
        says_that_it_drains(&mut client)?;
    }
    let status = server.wait(PATIENCE)?.context("it drained, and did not end")?;
    ensure!(status.code() == Some(0), "{status}: {}", server.stderr());
    let next = stage.start_on(&address.to_string(), &[]).context("restarting on the same port")?;
    answers(next.address())
}

/// A load balancer hears it, on whatever connection it asks.
fn says_that_it_drains(client: &mut Client) -> Result<()> {
    client.get("/healthz");
    ensure!(client.expect(503)?, "/healthz does not say that its connection ends");
    client.expect_end()
}

/// What is still open when the grace period ends is cut off, and that is no failure either.
fn ends_with_its_grace(stage: &Stage) -> Result<()> {
    let mut server = stage.start(&["--grace", "100ms"])?;
    let _in_flight = in_handler(&server, 60_000)?;
    signal::send(server.pid(), Signal::Interrupt)?;
    let status = server.wait(PATIENCE)?.context("it outlived its grace period")?;
    ensure!(status.code() == Some(0), "{status}: {}", server.stderr());
    Ok(())
}

/// A second signal does not wait for anybody.
fn second_signal(stage: &Stage) -> Result<()> {
    let mut server = stage.start(LONG_GRACE)?;
    let _in_flight = in_handler(&server, 60_000)?;
    signal::send(server.pid(), Signal::Terminate)?;
    taken(&server)?;
    signal::send(server.pid(), Signal::Terminate)?;
    let status = server.wait(PATIENCE)?.context("a second SIGTERM did not end it")?;
    ensure!(status.code() == Some(128 + 15), "{status}");
    Ok(())
}

/// A client whose second request sleeps: as its first one is answered, the second was read.
pub(super) fn in_handler(server: &Server, millis: u32) -> Result<Client> {
    let mut client = Client::connect(server.address())?;
    let two =
        format!("GET / HTTP/1.1\r\nHost: h\r\n\r\nGET /sleep/{millis} HTTP/1.1\r\nHost: h\r\n\r\n");
    client.send(two.as_bytes());
    client.expect(200)?;
    Ok(client)
}

/// Waits until a server says that it drains, or takes no newcomers any more.
pub(super) fn begun(server: &Server) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let health =
            Client::connect(server.address()).and_then(|mut client| client.ask("/healthz"));
        if health.map_or(true, |(status, _)| status == 503) {
            return Ok(());
        }
        ensure!(Instant::now() < deadline, "it goes on as if no signal had come");
    }
}

/// Waits until the first signal was taken: two that are pending at once are one.
pub(super) fn taken(server: &Server) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    while !has_taken_signals(server.pid())? {
        ensure!(Instant::now() < deadline, "it does not take its signals");
        std::thread::sleep(Duration::from_millis(1));
    }
    Ok(())
}
