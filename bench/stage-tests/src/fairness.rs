//! One client's work does not keep the others waiting: pipelines, new clients, tasks whose client has left.
//! All by the order of events: how long anything takes does not matter.

use crate::attempts::prepared_in_time;
use anyhow::{Context, Result, ensure};
use bench::resilience::client::{Client, metric, serves, value};
use bench::resilience::{Stage, TIMEOUT, process_usage, wait_until};
use bench::targets::server::Server;
use bench::tools::Folder;
use shared::sys::process::freeze;
use shared::sys::rlimit;
use std::fs;
use std::thread;
use std::time::{Duration, Instant};

/// Threads of stage 4 for handlers that block.
const POOL: usize = 64;

/// Where one client is served to its end first, another has its first turn after that and no more, in every attempt. On a
/// busy machine the other misses its turns, because it is not there in time: it is tried again.
const TURNS: usize = 3;

/// Requests that one client pipelines, each 20 ms of CPU time, take turns with those of another.
pub fn pipelines_share_the_loop(stage: &Stage) -> Result<()> {
    const PIPELINED: usize = 30;
    let server = stage.start(&["--threads", "1"])?;
    let mut other = Client::connect(server.address())?;
    wait_until("another client has turns between pipelined requests", || {
        let mut busy = Client::connect(server.address())?;
        busy.send(&b"GET /work/20000 HTTP/1.1\r\nHost: h\r\n\r\n".repeat(PIPELINED));
        let mut turns = 0;
        while busy.heard() < PIPELINED {
            other.fetch_ok("/").context("beside the pipeline")?;
            turns += 1;
        }
        Ok(turns >= TURNS)
    })
}

/// Handlers that block a loop run one at a time: between two of them the others are served.
pub fn sleepers_take_turns_with_others(stage: &Stage) -> Result<()> {
    const SLEEPERS: usize = 10;
    let server = stage.start(&[])?;
    let mut other = Client::connect(server.address())?;
    wait_until("another client has turns between handlers that sleep", || {
        let mut sleepers = Client::asking(server.address(), "/sleep/100", SLEEPERS)?;
        let mut turns = 0;
        while sleepers.iter_mut().any(Client::hears_nothing) {
            other.fetch_ok("/").context("beside the sleepers")?;
            turns += 1;
        }
        Ok(turns >= TURNS)
    })
}

/// A client keeps no thread from the others, whether it asks again and again or has sent many requests at once.
pub fn busy_clients_give_way(stage: &Stage) -> Result<()> {
    const PIPELINED: usize = 500;
    for path in ["/work/10000", "/sleep/10", "/delay/10"] {
        let server = stage.start(&["--threads", "1"])?;
        let mut busy = Client::connect(server.address())?;
        busy.fetch_ok(path)?;
        let mut other = Client::connect(server.address())?;
        other.get("/");
        wait_until("the last response of the busy client", || {
            busy.get(path);
            busy.expect_or_end(200)
        })?;
        drop(busy);
        other.expect(200)?;
        let mut busy = Client::connect(server.address())?;
        busy.send(format!("GET {path} HTTP/1.1\r\nHost: h\r\n\r\n").repeat(PIPELINED).as_bytes());
        busy.expect(200)?;
        serves(server.address())?;
        ensure!(busy.heard() < PIPELINED, "{path}: another client was served when all was over");
    }
    Ok(())
}

/// No thread waits to respond to a client that has left.
pub fn a_client_that_leaves_frees_its_thread(stage: &Stage) -> Result<()> {
    let server = stage.start(&["--threads", "1"])?;
    let mut client = Client::connect(server.address())?;
    let [now, later] =
        ["/", "/delay/60000"].map(|path| format!("GET {path} HTTP/1.1\r\nHost: h\r\n\r\n"));
    client.send((now + &later).as_bytes());
    client.reset();
    let start = Instant::now();
    serves(server.address())?;
    ensure!(start.elapsed() < TIMEOUT / 2, "it waited for {:?}", start.elapsed());
    Ok(())
}

/// A server whose pool is full of handlers that sleep, their clients, what `ask` has asked meanwhile, and a client that has
/// asked after that.
fn beside_sleepers<T>(
    stage: &Stage,
    millis: &[u64],
    ask: impl Fn(&Server) -> Result<T>,
) -> Result<(Server, Vec<Client>, T, Client)> {
    prepared_in_time(millis.iter().copied().map(Duration::from_millis), |sleep| {
        let server = stage.start(&[])?;
        let sleep = format!("/sleep/{}", sleep.as_millis());
        let sleepers = Client::asking(server.address(), &sleep, POOL)?;
        // Each has its thread: one loop may be ahead of another.
        process_usage::at_rest(server.pid())?;
        let asked = ask(&server)?;
        let mut other = Client::connect(server.address())?;
        other.get("/sleep/1");
        Ok((server, sleepers, asked, other))
    })
}

/// A pool full of handlers that sleep, and a queue full of requests whose clients have left: a request whose client
/// waits is neither refused nor does it wait for them.
pub fn tasks_without_a_client_are_dropped(stage: &Stage) -> Result<()> {
    // As many as may wait, and a few more.
    const LEFT: usize = 1100;
    let (_server, _sleepers, (), mut other) =
        beside_sleepers(stage, &[10_000, 14_000, 20_000, 40_000], |server| {
            for _ in 0..LEFT {
                let mut client = Client::connect(server.address())?;
                client.get("/");
                client.get("/sleep/30000");
                // A response that lies unread makes the close a reset.
                client.reset();
            }
            Ok(())
        })?;
    other.expect(200).context("tasks without a client hold the queue").map(drop)
}

/// A client that has half-closed may wait for its response. But clients that are there for certain come first.
pub fn tasks_of_half_closed_clients_wait_for_the_others(stage: &Stage) -> Result<()> {
    let (_server, _sleepers, mut half_closed, mut other) =
        beside_sleepers(stage, &[1000, 2000, 4000, 16_000], |server| {
            let mut clients = Client::asking(server.address(), "/sleep/8000", 2 * POOL)?;
            clients.iter_mut().for_each(Client::half_close);
            Ok(clients)
        })?;
    other.expect(200)?;
    ensure!(half_closed.iter_mut().all(Client::hears_nothing), "half-closed clients came first");
    half_closed.iter_mut().take(2).try_for_each(|client| client.expect(200).map(drop))
}

/// While every thread for handlers sleeps, files are opened and `/metrics` is served.
pub fn files_and_metrics_have_a_way_of_their_own(stage: &Stage) -> Result<()> {
    let folder = Folder::create()?;
    fs::write(folder.join("file.txt"), "a file")?;
    let server = stage.start(&["--root", &folder.path().to_string_lossy()])?;
    let mut sleepers = Client::asking(server.address(), "/sleep/60000", 2 * POOL)?;
    let mut other = Client::connect(server.address())?;
    for (path, expected) in [("/file.txt", 200), ("/metrics", 200), ("/none.txt", 404)] {
        ensure!(other.fetch(path)?.0 == expected, "{path}");
    }
    ensure!(sleepers.iter_mut().all(Client::hears_nothing), "a minute was over");
    Ok(())
}

/// A server that was stopped for longer than every time-out reads what has arrived before it decides that a client is late;
/// also where more clients are ready than one wait for events returns.
pub fn a_pause_of_the_machine_makes_no_client_late(stage: &Stage, clients: usize) -> Result<()> {
    rlimit::raise_open_files()?;
    // Until one is longer than it takes to get ready, on whatever machine this is.
    let time_outs = [2, 4, 8, 16, 32, 64].map(Duration::from_secs);
    let (server, time_out, mut waiting) = prepared_in_time(time_outs, |time_out| {
        let time = format!("{}s", time_out.as_secs());
        let server = stage.start(&["--head-timeout", &time, "--idle-timeout", &time])?;
        let mut waiting = Vec::new();
        // A third each: they have asked once, are within a head, have sent nothing.
        for number in 0..clients {
            let mut client = Client::connect(server.address())?;
            match number % 3 {
                0 => client.get("/"),
                1 => client.send(b"GET / HT"),
                _ => {}
            }
            waiting.push(client);
        }
        // All that came is read.
        process_usage::at_rest(server.pid())?;
        freeze(server.pid(), true)?;
        Ok((server, time_out, waiting))
    })?;
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
    Ok(())
}

/// A request that is in the kernel when a tick begins is read in this tick, also where its connection is not accepted yet:
/// its time does not wait for a handler that blocks the loop.
pub fn a_request_does_not_wait_for_its_connection_to_be_accepted(stage: &Stage) -> Result<()> {
    let server = stage.start(&[])?;
    let mut busy = Client::connect(server.address())?;
    let mut later = Client::connect(server.address())?;
    busy.fetch_ok("/")?;
    later.fetch_ok("/")?;
    freeze(server.pid(), true)?;
    let mut new = Client::connect(server.address())?;
    busy.get("/sleep/600");
    new.get("/delay/600");
    later.get("/delay/900");
    freeze(server.pid(), false)?;
    later.expect(200)?;
    // Had it been read after the handler, it would be due 300 ms after the other.
    ensure!(!new.hears_nothing(), "the delay of a new connection began after another's handler");
    new.expect(200)?;
    busy.expect(200).map(drop)
}

/// The time between two requests begins with the response to the first, however long its handler blocked the loop.
pub fn a_handler_takes_no_client_s_time(stage: &Stage) -> Result<()> {
    let server = stage.start(&["--idle-timeout", "2500ms"])?;
    let mut client = Client::connect(server.address())?;
    for _ in 0..2 {
        client.fetch_ok("/sleep/2600").context("before it asked again")?;
        // Time for a server that has it closed already.
        thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

/// A body that stands still just before its end is given up, also where the resource does not want it.
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
    // The response comes at once, and then nothing but the end.
    let mut discarded = begun("/none")?;
    discarded.expect(404)?;
    discarded.expect_end()?;
    // A second for each KiB would be three minutes.
    ensure!(start.elapsed() < 2 * TIMEOUT, "it took {:?}", start.elapsed());
    Ok(())
}

/// A request that is too slow is one time-out: the lingering close after its refusal adds none, and neither does a bad
/// request that was refused.
pub fn a_time_out_is_counted_once(stage: &Stage) -> Result<()> {
    let server = stage.start(&["--head-timeout", "2s"])?;
    let mut slow = Client::connect(server.address())?;
    slow.send(b"GET /");
    slow.expect(408)?;
    let mut bad = Client::connect(server.address())?;
    bad.send(b"BAD\r\n\r\n");
    bad.expect(400)?;
    // Until the server has given up waiting for either, and the client that asks is alone.
    let open = || metric(server.address(), "http_connections_open");
    wait_until("both connections are closed", || Ok(open()? <= 1))?;
    let counted = metric(server.address(), "http_connections_timed_out_total")?;
    ensure!(counted == 1, "one connection timed out, {counted} are counted");
    Ok(())
}

/// A stage that serves one connection at a time with these flags keeps the second waiting, and its metrics say so.
pub fn clients_that_wait_are_counted(stage: &Stage, flags: &[&str]) -> Result<()> {
    let server = stage.start(flags)?;
    let mut first = Client::connect(server.address())?;
    let mut second = Client::connect(server.address())?;
    first.fetch_ok("/")?;
    second.get("/metrics");
    drop(first);
    let (_, page) = second.response()?;
    let waited = value(page, "http_newcomers_kept_waiting_total{reason=\"full\"}")?;
    ensure!(waited > 0, "the second client did not wait");
    Ok(())
}
