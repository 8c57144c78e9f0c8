//! How a server ends: at the first signal it finishes what it has, at the second it ends at once.

use crate::attempts::{prepared_in_time, side_by_side};
use anyhow::{Context, Result, ensure};
use bench::resilience::client::{Client, serves};
use bench::resilience::process_usage::{self, has_taken_signals};
use bench::resilience::shutdown::exits;
use bench::resilience::{Stage, wait_until};
use bench::targets::server::Server;
use shared::sys::process::freeze;
use shared::sys::signal::{self, Signal};
use std::thread;
use std::time::{Duration, Instant};

/// Far longer than the tests wait: a server that ends before has ended by itself, every thread joined,
/// and was not cut off.
const LONG_GRACE: &[&str] = &["--grace", "120s", "--drain-idle", "120s"];

/// How long a server that is asked to end still accepts for certain.
const LAME_DUCK: Duration = Duration::from_millis(200);

/// The exit status after a second SIGTERM.
pub const SECOND_SIGTERM: i32 = 128 + 15;

/// All the ways to end.
pub fn each(stage: &Stage) -> Result<()> {
    let ways: [fn(&Stage<'_>) -> Result<()>; 4] =
        [drains, ends_with_its_grace, is_stopped_until_its_grace_is_over, second_signal];
    side_by_side(&ways, ways.len(), |way| way(stage))
}

/// A request in flight gets its response, which says that it is the last; clients that come while the server drains
/// read 503 from `/healthz`; then the server ends with status 0. Another can take its place at once.
fn drains(stage: &Stage) -> Result<()> {
    let sleeps = [300, 1000, 3000, 9000].map(Duration::from_millis);
    let (mut server, mut in_flight, silent, start) = prepared_in_time(sleeps, |sleep| {
        let server = stage.start(LONG_GRACE)?;
        let in_flight = in_handler(&server, sleep.as_millis() as u32)?;
        let silent = Client::connect(server.address())?;
        let start = Instant::now();
        signal::send(server.pid(), Signal::Terminate)?;
        signals_taken(server.pid())?;
        Ok((server, in_flight, silent, start))
    })?;
    let address = server.address();
    let late = Client::connect(address);
    // On a slow machine the last accept may be over by now.
    ensure!(late.is_ok() || start.elapsed() > LAME_DUCK, "it refuses while it drains");
    ensure!(in_flight.expect(200)?, "the response in flight does not say that it is the last");
    in_flight.expect_end()?;
    for mut client in [Ok(silent), late].into_iter().flatten() {
        // A load balancer learns it on whatever connection it asks.
        client.get("/healthz");
        ensure!(client.expect(503)?, "/healthz does not say that its connection ends");
        client.expect_end()?;
    }
    exits(&mut server, 0)?;
    let next = stage.start_on(&address.to_string(), &[]).context("restarting on the same port")?;
    serves(next.address())
}

/// What is still open when the grace period ends is cut off, and that is no failure either.
fn ends_with_its_grace(stage: &Stage) -> Result<()> {
    let mut server = stage.start(&["--grace", "100ms"])?;
    let _in_flight = in_handler(&server, 60_000)?;
    signal::send(server.pid(), Signal::Interrupt)?;
    exits(&mut server, 0)
}

/// A grace period that passes while the process is stopped is none: what is in flight still gets its response.
fn is_stopped_until_its_grace_is_over(stage: &Stage) -> Result<()> {
    const GRACE: Duration = Duration::from_secs(4);
    let mut server = stage.start(&["--grace", "4s"])?;
    let mut in_flight = Client::connect(server.address())?;
    in_flight.fetch_ok("/")?;
    in_flight.get("/delay/2000");
    process_usage::at_rest(server.pid())?;
    signal::send(server.pid(), Signal::Terminate)?;
    signals_taken(server.pid())?;
    freeze(server.pid(), true)?;
    thread::sleep(GRACE + LAME_DUCK);
    freeze(server.pid(), false)?;
    in_flight.expect(200)?;
    exits(&mut server, 0)
}

/// A second signal waits for no client.
fn second_signal(stage: &Stage) -> Result<()> {
    let mut server = stage.start(LONG_GRACE)?;
    let _in_flight = in_handler(&server, 60_000)?;
    terminate_twice(server.pid())?;
    exits(&mut server, SECOND_SIGTERM)
}

/// Sends SIGTERM twice.
///
/// # Errors
/// When the process is gone, or does not take the first.
pub fn terminate_twice(pid: u32) -> Result<()> {
    signal::send(pid, Signal::Terminate)?;
    // Two that are pending at once are one.
    signals_taken(pid)?;
    Ok(signal::send(pid, Signal::Terminate)?)
}

/// A client whose second request sleeps: as its first one has its response, the second was read.
///
/// # Errors
/// As [`Client::connect`], or without the first response.
pub fn in_handler(server: &Server, millis: u32) -> Result<Client> {
    let mut client = Client::connect(server.address())?;
    let two =
        format!("GET / HTTP/1.1\r\nHost: h\r\n\r\nGET /sleep/{millis} HTTP/1.1\r\nHost: h\r\n\r\n");
    client.send(two.as_bytes());
    client.expect(200)?;
    Ok(client)
}

/// Waits until a process has taken the signals that were sent to it.
///
/// # Errors
/// When it does not, or is gone.
pub fn signals_taken(pid: u32) -> Result<()> {
    wait_until("it takes its signals", || has_taken_signals(pid))
}
