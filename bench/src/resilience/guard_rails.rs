//! What limits buy: well-behaved clients beside hostile ones, on a server with its limits and on one without.

use super::hostile::{HostileClients, Kind};
use super::well_behaved::{Behaviour, Outcome, WellBehavedClients};
use super::{Stage, client, process_usage};
use anyhow::Result;
use std::thread;
use std::time::Duration;

/// An attack, and the limit against it.
pub const ATTACKS: [(Kind, &str); 3] = [
    (Kind::EndlessHead, "head at most 16 KiB"),
    (Kind::EndlessBody, "body at most 32 KiB"),
    (Kind::DrippedHead, "head within 250 ms"),
];

/// Limits that an attack reaches within the window; those of sizes are the defaults, or smaller.
const LIMITS: [&str; 6] =
    ["--max-body", "32768", "--head-timeout", "250ms", "--body-timeout", "1s"];
/// The same, and the others that would end an attack, out of reach.
const NO_LIMITS: [&str; 14] = [
    "--max-request-line",
    FAR,
    "--max-head",
    FAR,
    "--max-fields",
    FAR,
    "--max-body",
    FAR,
    "--head-timeout",
    "never",
    "--body-timeout",
    "never",
    "--write-timeout",
    "never",
];
const FAR: &str = "1000000000000";

/// Hostile clients: more than stage 2 has workers.
pub const HOSTILE: usize = 100;
/// Each acts so often.
const EVERY: Duration = Duration::from_millis(10);
/// What the attack has to itself before well-behaved clients come.
const HEAD_START: Duration = Duration::from_millis(500);

/// One attack on one server.
#[derive(Debug)]
pub struct Guarded {
    /// What the hostile clients do.
    pub kind: Kind,
    /// Whether the server has its limits.
    pub limited: bool,
    /// Responses to well-behaved clients while the attack lasted.
    pub served: u64,
    /// What these saw. Their last requests may have had their responses after it.
    pub outcome: Outcome,
    /// The server's memory in KiB: before, and at most.
    pub memory: [u64; 2],
}

/// Stages by name, and what came of the attacks on each.
pub type GuardedStages = Vec<(String, Vec<Guarded>)>;

/// Each attack, on a server with limits and on one without, for so long.
///
/// # Errors
/// When a server cannot be started, or is gone.
pub fn measure(stage: &Stage, time: Duration, seed: u64) -> Result<Vec<Guarded>> {
    let pairs = ATTACKS.iter().flat_map(|(kind, _)| [(*kind, true), (*kind, false)]);
    pairs.map(|(kind, limited)| one(stage, kind, limited, time, seed)).collect()
}

fn one(stage: &Stage, kind: Kind, limited: bool, time: Duration, seed: u64) -> Result<Guarded> {
    let server = stage.start(if limited { &LIMITS } else { &NO_LIMITS })?;
    client::serves(server.address())?;
    let before = process_usage::memory(server.pid())?;
    let hostile = HostileClients::start(server.address(), &[kind], HOSTILE, EVERY, seed)?;
    hostile.wait_for_all()?;
    thread::sleep(HEAD_START);
    let pause = Duration::from_millis(20);
    let behaviour = Behaviour { pause, hello_only: true, ..Behaviour::busy(seed) };
    let clients = WellBehavedClients::start(server.address(), behaviour);
    thread::sleep(time);
    let (served, most) = (clients.served(), process_usage::peak_memory(server.pid())?);
    // Clients that no thread has time for are served when the hostile ones are gone: they can be stopped then.
    hostile.stop()?;
    let outcome = clients.stop()?;
    Ok(Guarded { kind, limited, served, outcome, memory: [before, most] })
}
