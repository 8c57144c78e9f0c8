//! `bench check hostile --guard-rails`: what limits buy. Well-behaved clients beside hostile ones, on a server with its
//! limits and on one without; what was measured becomes a run's folder, as tables of the book are made from.

use crate::experiments::common::Common;
use crate::experiments::record::{Finished, Record};
use crate::interrupt::Interrupt;
use crate::load::{Figures, Latency};
use crate::numbers::as_micros;
use crate::resilience::hostile::{HostileClients, Kind};
use crate::resilience::well_behaved::{Behaviour, Outcome, WellBehavedClients};
use crate::resilience::{Stage, client, on_each, process_usage};
use crate::results::{Part, Sample};
use crate::targets::{self, server::Server};
use anyhow::Result;
use clap::ValueEnum;
use hdrhistogram::Histogram;
use serde_json::json;
use std::thread;
use std::time::Duration;

/// An attack, and the limit against it.
const ATTACKS: [(Kind, &str); 3] = [
    (Kind::EndlessHead, "head at most 16 KiB"),
    (Kind::EndlessBody, "body at most 32 KiB"),
    (Kind::DrippedHead, "head within 250 ms"),
];

/// Limits that an attack reaches within the window; those of sizes are the defaults, or smaller.
const LIMITS: &[&str] = &["--max-body=32768", "--head-timeout=250ms", "--body-timeout=1s"];
/// The same, and the others that would end an attack, out of reach.
const NO_LIMITS: &[&str] = &[
    "--max-request-line=1000000000000",
    "--max-head=1000000000000",
    "--max-fields=1000000000000",
    "--max-body=1000000000000",
    "--head-timeout=never",
    "--body-timeout=never",
    "--write-timeout=never",
];

/// Clients that behave well.
const CLIENTS: usize = 32;
/// Hostile clients: more than stage 2 has workers.
const HOSTILE: usize = 100;
/// Each acts so often.
const EVERY: Duration = Duration::from_millis(10);
/// What the attack has to itself before well-behaved clients come.
const HEAD_START: Duration = Duration::from_millis(500);

/// Each attack on each of the stages, with limits and without, for so long.
///
/// # Errors
/// When a server cannot be built or started, or is gone, or the folder cannot be written.
pub(super) fn run(
    stages: &[String],
    time: Duration,
    seed: u64,
    interrupt: &Interrupt,
) -> Result<Finished> {
    let (mut names, mut rows) = (Vec::new(), Vec::new());
    on_each(stages, &[1, 2], &[], interrupt, |name, stage| {
        names.push(name.to_owned());
        let sides = ATTACKS.iter().flat_map(|attack| [(attack, true), (attack, false)]);
        for (attack, limited) in sides.take_while(|_| !interrupt.raised()) {
            let (row, latency) = measure(stage, *attack, limited, time, seed)?;
            rows.push((Sample { target: name.to_owned(), ..row }, latency));
        }
        Ok(())
    })?;
    let common = Common::default();
    let plan = common.plan(targets::parse(&names)?, vec![CLIENTS], time);
    let mut record = Record::begin(&plan, rows.len(), &common)?;
    rows.into_iter().for_each(|(row, latency)| record.add_row(row, latency));
    Ok(record.end(interrupt))
}

/// One attack on one server: its row, and the latencies of the well-behaved clients. The last of their requests may have had
/// their responses after it.
fn measure(
    stage: &Stage,
    (kind, limit): (Kind, &str),
    limited: bool,
    time: Duration,
    seed: u64,
) -> Result<(Sample, Histogram<u64>)> {
    let server = stage.start(if limited { LIMITS } else { NO_LIMITS })?;
    let (requests, memory, outcome) = attack(&server, kind, time, seed)?;
    let attack = kind.to_possible_value().map_or(String::new(), |it| it.get_name().to_owned());
    let (seconds, latency_us) = (time.as_secs_f64(), Latency::of(&outcome.latency));
    let rps = requests as f64 / seconds;
    let evidence = [
        ("attack", json!(attack)),
        ("limit", json!(limit)),
        ("limited", json!(limited)),
        ("hostile", json!(HOSTILE)),
        ("lost", json!(outcome.lost.len())),
        ("p99_us", json!(as_micros(outcome.p99()))),
        ("memory_kib", json!(memory)),
    ];
    let row = Sample {
        part: Part::GuardRails,
        workload: format!("{attack}-{}", if limited { "limited" } else { "unlimited" }),
        connection: "keep-alive".to_owned(),
        connections: CLIENTS,
        load: Figures { seconds, requests, rps, latency_us, ..Figures::default() },
        evidence: evidence.map(|(name, value)| (name.to_owned(), value)).into(),
        ..Sample::default()
    };
    Ok((row, outcome.latency))
}

/// Responses to well-behaved clients while the attack lasted, the server's memory in KiB (before, and at most), and what these
/// clients saw.
fn attack(
    server: &Server,
    kind: Kind,
    time: Duration,
    seed: u64,
) -> Result<(u64, [u64; 2], Outcome)> {
    client::serves(server.address())?;
    let before = process_usage::memory(server.pid())?;
    let hostile = HostileClients::start(server.address(), &[kind], HOSTILE, EVERY, seed)?;
    thread::sleep(HEAD_START);
    let behaviour = Behaviour { clients: CLIENTS, ..Behaviour::steady(seed) };
    let clients = WellBehavedClients::start(server.address(), behaviour);
    thread::sleep(time);
    let (served, most) = (clients.served(), process_usage::peak_memory(server.pid())?);
    // Clients that no thread has time for are served when the hostile ones are gone: they can be stopped then.
    hostile.stop()?;
    Ok((served, [before, most], clients.stop()?))
}
