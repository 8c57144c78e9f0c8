//! The checks of the book's exercises. Those that are ignored are unsolved as shipped.
#![forbid(unsafe_code)]

use anyhow::{Context, Result, ensure};
use bench::evidence::tree::Snapshot;
use bench::resilience::Stage;
use bench::resilience::client::Client;
use bench::resilience::process_usage::{ProcessUsage, at_rest};
use shared::sys::signal::{self, Signal};
use std::thread::sleep;
use std::time::Duration;

const STAGE: Stage = Stage::new(env!("CARGO_BIN_EXE_stage3-epoll"), 256, &[]);

/// Exercise 10.1. All responses together are larger than every buffer between the two, and each is written without
/// asking whether there is room, so one of them must fall short.
#[test]
fn a_slow_reader_gets_all_of_its_answers() -> Result<()> {
    const RESPONSES: usize = 1000;
    const LINES: usize = 5000;
    let server = STAGE.start(&[])?;
    let mut client = Client::connect(server.address())?;
    (0..RESPONSES).for_each(|_| client.get(&format!("/count/{LINES}")));
    // Until the server can write no more.
    at_rest(server.pid())?;
    let expected: String = (1..=LINES).map(|line| format!("{line}\n")).collect();
    for number in 0..RESPONSES {
        let (status, body) = client.response().with_context(|| format!("response {number}"))?;
        ensure!(status == 200 && body == expected.as_bytes(), "response {number}: {status}");
    }
    Ok(())
}

/// Exercise 11.1. The response to the second request must not wait for that to the first.
#[test]
#[ignore = "exercise 11.1, unsolved as shipped"]
fn a_sleeping_handler_stops_nobody() -> Result<()> {
    let server = STAGE.start(&[])?;
    let mut sleeping = Client::connect(server.address())?;
    sleeping.get("/sleep/2000");
    at_rest(server.pid())?;
    Client::connect(server.address())?.fetch_ok("/")?;
    ensure!(sleeping.hears_nothing(), "the sleep was over before the other response came");
    sleeping.expect(200)?;
    let threads = ProcessUsage::of(server.pid())?.threads;
    ensure!(threads == 2, "{threads}, not the loop and the thread that waits for signals");
    Ok(())
}

/// Exercise 11.2. While it waits for a client's last request, the server has nothing to do.
#[test]
fn a_draining_server_does_not_spin() -> Result<()> {
    let server = STAGE.start(&[])?;
    let mut client = Client::connect(server.address())?;
    client.send(b"POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhel");
    at_rest(server.pid())?;
    let before = Snapshot::of(&[server.pid()])?;
    signal::send(server.pid(), Signal::Terminate)?;
    sleep(Duration::from_millis(1500));
    let used = Snapshot::of(&[server.pid()])?.use_since(&before);
    // On a busy machine a thread that spins waits for a core as much as it has one.
    let awake = Duration::from_secs_f64(used.cpu + used.run_wait);
    let spins = awake >= Duration::from_millis(500);
    ensure!(!spins, "{awake:?} of CPU for nothing, or of waiting for it");
    client.send(b"lo");
    client.expect(200).map(drop)
}
