//! What keeping connections open is worth, and who has to give one up: three experiments on one server.

use super::client::Client;
use super::{Stage, process_usage, say, wait_until};
use crate::interrupt::Interrupt;
use crate::load::{Expect, Load, Options};
use crate::numbers;
use crate::table::Table;
use anyhow::{Result, ensure};
use std::time::{Duration, Instant};

/// Numbers of requests after which the server ends a connection; 0: never.
const REQUESTS: [u32; 4] = [1, 10, 100, 0];

/// Clients of the load.
const BUSY: usize = 32;

/// Clients that ask once and then stay silent.
const IDLE: usize = 40;

/// The idle time-out of the experiment.
const IDLE_TIMEOUT: Duration = Duration::from_secs(1);

/// What a limit on the requests of a connection comes to.
#[derive(Clone, Copy, Debug)]
pub struct PerConnection {
    /// Responses per second.
    pub rps: f64,
    /// CPU time of the server for each.
    pub cpu: Duration,
    /// Correct responses.
    pub requests: u64,
    /// Connections that they took.
    pub connections: u64,
}

/// Puts load on a server that ends each connection after `limit` requests.
pub fn per_connection(
    stage: &Stage,
    limit: u32,
    time: Duration,
    interrupt: &Interrupt,
) -> Result<PerConnection> {
    let server = stage.start(&["--max-requests", &limit.to_string()])?;
    let expect = Expect::Body(b"Hello, World!".to_vec());
    let options = Options { expect, ..Options::get(server.url()?, BUSY, time) };
    let load = Load::start(&options, interrupt)?;
    load.warm_up(interrupt)?;
    let before = process_usage::cpu(server.pid())?;
    load.measure(interrupt);
    let used = process_usage::cpu(server.pid())?.saturating_sub(before);
    let outcome = load.finish(interrupt)?;
    let requests = outcome.tally.requests;
    let connections = outcome.tally.opened + outcome.tally.reconnects;
    ensure!(outcome.tally.errors.total() == 0, "errors: {:?}", outcome.tally.errors);
    let cpu = used / requests.max(1) as u32;
    Ok(PerConnection { rps: outcome.rps(), cpu, requests, connections })
}

/// How long each of some clients was kept after it had begun to ask, in the order of their asking.
pub fn kept(stage: &Stage) -> Result<Vec<Duration>> {
    let server = stage.start(&["--idle-timeout", &format!("{}ms", IDLE_TIMEOUT.as_millis())])?;
    let mut clients = Vec::new();
    for _ in 0..IDLE {
        let (asked, mut client) = (Instant::now(), Client::connect(server.address())?);
        client.fetch_ok("/")?;
        clients.push((asked, client));
    }
    let mut kept = vec![None; IDLE];
    wait_until("idle connections are closed", || {
        for ((asked, client), kept) in clients.iter_mut().zip(&mut kept) {
            if kept.is_none() && !client.hears_nothing() {
                *kept = Some(asked.elapsed());
            }
        }
        Ok(!kept.contains(&None))
    })?;
    Ok(kept.into_iter().flatten().collect())
}

/// Fills a server with idle clients, has the first ask once more, and connects one that finds no place. Tells
/// which connections were closed, by the order of their coming.
pub fn closed(stage: &Stage) -> Result<Vec<usize>> {
    let cap = IDLE.to_string();
    // Each loop closes clients of its own: with one, "longest idle" is the same for all.
    let server = stage.start(&["--max-connections", &cap, "--threads", "1"])?;
    let mut clients = Client::idle(server.address(), IDLE)?;
    // A client that asked less than a second ago is not idle.
    std::thread::sleep(Duration::from_millis(1500));
    clients[0].fetch_ok("/")?;
    let mut another = Client::connect(server.address())?;
    another.fetch_ok("/")?;
    // The server closes connections before it accepts another, so by now their clients can read the end.
    let is_closed =
        |(number, client): (usize, &mut Client)| (!client.hears_nothing()).then_some(number);
    Ok(clients.iter_mut().enumerate().filter_map(is_closed).collect())
}

/// All three, as one table.
pub(super) fn show(stage: &Stage, time: Duration, interrupt: &Interrupt) -> Result<()> {
    let mut table = Table::of_prose(["experiment", "setting", "what came of it"]);
    for limit in REQUESTS {
        let found = per_connection(stage, limit, time, interrupt)?;
        let setting = if limit == 0 { "no limit".to_owned() } else { format!("at most {limit}") };
        let result = format!(
            "{} req/s, {} CPU each, {} connections",
            numbers::grouped(found.rps),
            numbers::time(found.cpu),
            numbers::grouped(found.connections as f64)
        );
        table.add(["requests per connection".to_owned(), setting, result]);
    }
    let kept = kept(stage)?;
    for seconds in [0.5, 1.5] {
        let held = kept.iter().filter(|kept| kept.as_secs_f64() > seconds).count();
        let result = format!("{held} of {IDLE} silent connections after {seconds} s");
        table.add(["idle time-out".to_owned(), numbers::time(IDLE_TIMEOUT), result]);
    }
    let closed = closed(stage)?;
    let setting = format!("{IDLE} connections");
    let result = format!("a new client was accepted; of {IDLE}, closed: {closed:?}");
    table.add(["cap, the first has asked again".to_owned(), setting, result]);
    say(table.terminal().trim_end())
}
