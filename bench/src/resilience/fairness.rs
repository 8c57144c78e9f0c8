//! One client's work does not keep the others waiting: pipelines, newcomers, jobs that nobody waits for any more.
//! All by the order of events: how long anything takes does not matter.

use super::client::Client;
use super::{PATIENCE, Stage, vitals};
use anyhow::{Context, Result, ensure};
use shared::sys::process::freeze;
use shared::sys::rlimit;
use std::fs;
use std::thread;
use std::time::{Duration, Instant};

/// Threads of stage 4 for handlers that block.
const POOL: usize = 64;

/// Requests that one client pipelines, each 20 ms of CPU time, are answered between those of another.
pub fn pipelines_share_the_loop(stage: &Stage) -> Result<()> {
    const PIPELINED: usize = 30;
    let server = stage.start(&["--threads", "1"])?;
    let (mut busy, mut other) =
        (Client::connect(server.address())?, Client::connect(server.address())?);
    busy.send(&b"GET /work/20000 HTTP/1.1\r\nHost: h\r\n\r\n".repeat(PIPELINED));
    let mut turns = 0;
    while busy.heard() < PIPELINED {
        ensure!(other.ask("/")?.0 == 200, "beside the pipeline");
        turns += 1;
    }
    ensure!(turns > PIPELINED / 3, "between {PIPELINED} requests another had {turns} turns");
    Ok(())
}

/// Handlers that block a loop run one at a time: between two of them the others are served.
pub fn sleepers_take_turns_with_others(stage: &Stage) -> Result<()> {
    const SLEEPERS: usize = 10;
    let server = stage.start(&[])?;
    let mut other = Client::connect(server.address())?;
    ensure!(other.ask("/")?.0 == 200, "before");
    let mut sleepers = asking(server.address(), "/sleep/100", SLEEPERS)?;
    let mut turns = 0;
    while sleepers.iter_mut().any(Client::hears_nothing) {
        ensure!(other.ask("/")?.0 == 200, "beside those who sleep");
        turns += 1;
    }
    ensure!(turns > SLEEPERS / 3, "between {SLEEPERS} sleepers another had {turns} turns");
    Ok(())
}

/// A pool full of handlers that sleep, and a queue full of requests whose clients have left: a request of somebody who
/// waits is neither turned away nor does it wait for them.
pub fn jobs_without_a_client_are_dropped(stage: &Stage) -> Result<()> {
    // As many as may wait, and a few more.
    const LEFT: usize = 1100;
    let server = stage.start(&[])?;
    let _sleepers = asking(server.address(), "/sleep/3000", POOL)?;
    for _ in 0..LEFT {
        let mut client = Client::connect(server.address())?;
        client.get("/");
        client.get("/sleep/30000");
        // An answer that lies unread makes the close a reset.
        client.reset();
    }
    Client::connect(server.address())?.ask("/sleep/1").and_then(|(status, _)| {
        ensure!(status == 200, "{status}: jobs without a client hold the queue");
        Ok(())
    })
}

/// Who has only ended its half may wait for its response. But those who are there for certain come first.
pub fn jobs_of_half_closed_clients_wait_for_the_others(stage: &Stage) -> Result<()> {
    let server = stage.start(&[])?;
    let _sleepers = asking(server.address(), "/sleep/1000", POOL)?;
    let mut half_closed = asking(server.address(), "/sleep/8000", 2 * POOL)?;
    half_closed.iter_mut().for_each(Client::end_half);
    let one = asking(server.address(), "/sleep/1", 1)?.pop();
    let answered = one.map(|mut client| client.expect(200)).transpose()?;
    let heard = |client: &mut Client| usize::from(!client.hears_nothing());
    let first: usize = half_closed.iter_mut().map(heard).sum();
    ensure!(answered.is_some() && first == 0, "{first} of those came first");
    for client in half_closed.iter_mut().take(2) {
        client.expect(200)?;
    }
    Ok(())
}

/// While every thread for handlers sleeps, files are opened and `/metrics` is answered.
pub fn files_and_metrics_have_a_way_of_their_own(stage: &Stage) -> Result<()> {
    let root = std::env::temp_dir().join(format!("fairness-{}", std::process::id()));
    fs::create_dir_all(&root)?;
    fs::write(root.join("file.txt"), "a file")?;
    let server = stage.start(&["--root", &root.to_string_lossy()])?;
    let mut sleepers = asking(server.address(), "/sleep/60000", 2 * POOL)?;
    let mut other = Client::connect(server.address())?;
    for path in ["/file.txt", "/metrics", "/none.txt"] {
        let expected = if path == "/none.txt" { 404 } else { 200 };
        ensure!(other.ask(path)?.0 == expected, "{path}");
    }
    ensure!(sleepers.iter_mut().all(Client::hears_nothing), "a minute was over");
    fs::remove_dir_all(&root)?;
    Ok(())
}

/// A server that was stopped for longer than every time-out reads what has arrived before it says that anybody is late;
/// also where that is more than one wait tells of.
pub fn a_pause_of_the_machine_makes_nobody_late(stage: &Stage, clients: usize) -> Result<()> {
    rlimit::raise_open_files()?;
    // Longer than it takes to get ready, on whatever machine this is.
    let mut time_out = Duration::from_secs(1);
    while !pause(stage, clients, time_out)? {
        ensure!(time_out < PATIENCE, "{clients} clients cannot be got ready");
        time_out *= 2;
    }
    Ok(())
}

/// Tells whether the clients were ready in time.
fn pause(stage: &Stage, clients: usize, time_out: Duration) -> Result<bool> {
    let time = format!("{}ms", time_out.as_millis());
    let server = stage.start(&["--head-timeout", &time, "--idle-timeout", &time])?;
    let (start, mut waiting) = (Instant::now(), Vec::new());
    // One of each kind: some have asked once, some are within a head, some have said nothing.
    for number in 0..clients {
        let mut client = Client::connect(server.address())?;
        match number % 3 {
            0 => client.get("/"),
            1 => client.send(b"GET / HT"),
            _ => {}
        }
        waiting.push(client);
    }
    while vitals::unread(server.address())? > 0 && start.elapsed() < time_out / 2 {
        thread::sleep(Duration::from_millis(1));
    }
    freeze(server.pid(), true)?;
    if start.elapsed() > time_out / 2 {
        return Ok(false);
    }
    for (number, client) in waiting.iter_mut().enumerate() {
        let whole = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n";
        client.send(if number % 3 == 1 { &whole[8..] } else { whole });
    }
    thread::sleep(time_out);
    freeze(server.pid(), false)?;
    for (number, client) in waiting.iter_mut().enumerate() {
        for _ in 0..if number % 3 == 0 { 2 } else { 1 } {
            client.expect(200).with_context(|| format!("client {number}"))?;
        }
    }
    Ok(true)
}

/// The time between two requests begins when the first is answered, however long its handler blocked the loop.
pub fn a_handler_takes_nobody_s_time(stage: &Stage) -> Result<()> {
    let server = stage.start(&["--idle-timeout", "2500ms"])?;
    let mut client = Client::connect(server.address())?;
    for _ in 0..2 {
        ensure!(client.ask("/sleep/2600")?.0 == 200, "closed before it asked again");
        // Time for a server that has it closed already.
        thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

/// A body that stands still just before its end is given up, also where nobody wants it.
pub fn a_body_that_stands_still_is_given_up(stage: &Stage) -> Result<()> {
    let server = stage.start(&["--body-timeout", "300ms"])?;
    let begun = |path: &str| -> Result<Client> {
        let mut client = Client::connect(server.address())?;
        let head = format!("POST {path} HTTP/1.1\r\nHost: h\r\nContent-Length: 200001\r\n\r\n");
        client.send(&[head.as_bytes(), &[b'x'; 200_000]].concat());
        Ok(client)
    };
    let start = Instant::now();
    begun("/echo")?.expect(408)?;
    // The answer comes at once, and then nothing but the end.
    let mut discarded = begun("/none")?;
    discarded.expect(404)?;
    discarded.expect_end()?;
    // A second for each KiB would be three minutes.
    ensure!(start.elapsed() < 2 * PATIENCE, "it took {:?}", start.elapsed());
    Ok(())
}

fn asking(address: std::net::SocketAddr, path: &str, count: usize) -> Result<Vec<Client>> {
    let ask = |_| {
        let mut client = Client::connect(address)?;
        client.get(path);
        Ok(client)
    };
    (0..count).map(ask).collect()
}
