//! Well-behaved clients beside hostile ones: the former are served, what the latter cost is bounded, and all of it is
//! given back.

use super::client::{serves, serves_within};
use super::hostile::{Actions, HostileClients, Kind};
use super::process_usage::{self, ProcessUsage};
use super::well_behaved::{Behaviour, Outcome, WellBehavedClients};
use super::{Stage, say};
use crate::numbers::median;
use crate::targets::server::Server;
use anyhow::{Context, Result, ensure};
use shared::http::limits::MAX_OUTPUT;
use std::time::Duration;

/// Hostile clients at once.
const HOSTILE: usize = 500;

/// In KiB: a client that sends 4 KiB ten times a second comes up to it.
const LARGEST_BODY: u64 = 32;

/// What heaps may grow whatever the clients do, in KiB.
const SLACK: u64 = 4 << 10;

/// What may stay of an attack, in KiB, whatever its kind: pages that hold something else as well.
pub const KEPT: u64 = 4 << 10;

/// What may stay for a stage with a thread for each client: also the stack and the buffers of each thread.
pub fn kept(stage: &Stage) -> u64 {
    if stage.at_once <= 64 { KEPT + 64 * stage.at_once as u64 } else { KEPT }
}

/// What all hostile clients may cost the server while they are there, in KiB: the bound for each, and the growth of the heap.
///
/// A client that sends a body costs twice the largest body (a vector grows by doubling); one that takes none of its
/// response, the next piece; one that pipelines, all that waits of its responses; one that sends a head, the largest
/// head; the others a table slot and what they have sent.
pub fn allowed(kind: Kind) -> u64 {
    let each = match kind {
        Kind::EndlessBody => 2 * LARGEST_BODY,
        Kind::NeverReads | Kind::ResetInResponse => 64,
        Kind::EndlessPipeline => (2 * MAX_OUTPUT as u64) >> 10,
        Kind::EndlessHead => 16,
        _ => 4,
    };
    HOSTILE as u64 * each + SLACK
}

/// How one attack went.
#[derive(Debug)]
pub struct Attack {
    /// Of the well-behaved clients, before it.
    pub alone: Outcome,
    /// Of the well-behaved clients, while it lasted.
    pub beside: Outcome,
    /// What the hostile clients did.
    pub actions: Actions,
    /// The server's memory in KiB: before, at most, and where it comes to rest after.
    pub memory: [u64; 3],
}

/// A server whose limits are reached within the run: to enforce them is a part of it.
fn start(stage: &Stage, time_out: &str) -> Result<Server> {
    let max_body = (LARGEST_BODY << 10).to_string();
    let limits =
        ["--head-timeout", "--body-timeout", "--write-timeout"].map(|flag| [flag, time_out]);
    let server = stage.start(&[&limits.concat()[..], &["--max-body", &max_body]].concat())?;
    serves(server.address())?;
    Ok(server)
}

/// Hostile clients of one kind.
fn hostile(server: &Server, kind: Kind, seed: u64) -> Result<HostileClients> {
    let every = Duration::from_millis(100);
    HostileClients::start(server.address(), &[kind], HOSTILE, every, seed)
}

/// Stops them. All must have connected, else it was no attack.
fn stop(hostile: HostileClients) -> Result<Actions> {
    let actions = hostile.stop()?;
    let all = actions.connects >= HOSTILE as u64 && actions.failed == 0;
    ensure!(all, "not all hostile clients connected: {actions:?}");
    Ok(actions)
}

/// Hostile clients of one kind against one server, after and beside well-behaved ones, each for its time.
///
/// # Errors
/// When a well-behaved client lost a request, or the server used more memory than is [allowed], or keeps some.
pub fn attack(
    stage: &Stage,
    kind: Kind,
    [alone, beside]: [Duration; 2],
    seed: u64,
) -> Result<Attack> {
    let server = start(stage, "1s")?;
    let before = ProcessUsage::at_rest(server.pid())?;
    let alone = well_behaved(&server, seed, alone).context("before")?;
    let idle = process_usage::memory(server.pid())?;
    let hostile = hostile(&server, kind, seed)?;
    let beside = well_behaved(&server, seed, beside)?;
    let actions = stop(hostile)?;
    let memory =
        afterwards(&server, before, idle, KEPT, Duration::from_secs(1)).context("afterwards")?;
    let (allowed, more) = (allowed(kind), memory[1] - idle);
    ensure!(more <= allowed, "{more} KiB more, {allowed} are allowed");
    Ok(Attack { alone, beside, actions, memory })
}

/// The server serves, and has given back what it had taken. Its memory in KiB: before, at most, and after.
pub(super) fn afterwards(
    server: &Server,
    before: ProcessUsage,
    idle: u64,
    kept: u64,
    head_timeout: Duration,
) -> Result<[u64; 3]> {
    serves_within(server.address(), head_timeout)?;
    before.wait_for(server.pid())?;
    let after = process_usage::memory_down_to(server.pid(), idle + kept)?;
    Ok([idle, process_usage::peak_memory(server.pid())?, after])
}

/// Well-behaved clients for so long, and until as many responses have come as there are clients.
fn well_behaved(server: &Server, seed: u64, time: Duration) -> Result<Outcome> {
    let head_timeout = Duration::from_secs(1);
    let behaviour = Behaviour { head_timeout, ..Behaviour::steady(seed) };
    let clients = WellBehavedClients::start(server.address(), behaviour);
    clients.wait_for(behaviour.clients as u64)?;
    std::thread::sleep(time);
    let outcome = clients.stop()?;
    outcome.check_none_refused().map(|()| outcome)
}

/// Where a thread waits for one client, silent clients take all threads there are. The others wait meanwhile, some of
/// them until the attack is over; but all their requests are served then, and the server holds what it held before.
///
/// # Errors
/// When a request is lost, or the server does not give back what it had taken.
pub fn passes(stage: &Stage, kind: Kind) -> Result<()> {
    let server = start(stage, "200ms")?;
    let before = ProcessUsage::at_rest(server.pid())?;
    let idle = process_usage::memory(server.pid())?;
    let hostile = hostile(&server, kind, 1)?;
    let head_timeout = Duration::from_millis(200);
    let behaviour = Behaviour { head_timeout, ..Behaviour::steady(1) };
    let clients = WellBehavedClients::start(server.address(), behaviour);
    std::thread::sleep(Duration::from_millis(500));
    stop(hostile)?;
    clients.stop()?.check_none_refused()?;
    afterwards(&server, before, idle, kept(stage), head_timeout).map(drop)
}

/// `bench check hostile`: lets each `chosen` kind attack `repeat` times and prints a line for it.
pub(super) fn show(
    stage: &Stage,
    chosen: impl Fn(&Kind) -> bool,
    time: Duration,
    repeat: usize,
    seed: u64,
) -> Result<()> {
    say(&format!(
        "  99th percentile of 32 well-behaved clients, median of {repeat} times: alone, and beside the attack\n  \
         kind              actions served      alone attacked ratio   memory KiB: before, most (allowed), after (allowed)"
    ))?;
    let (mut kinds, mut within) = (0, 0);
    for kind in Kind::all().iter().filter(|kind| chosen(kind)) {
        let ratio = attacked(stage, *kind, time, repeat, seed);
        kinds += 1;
        within += usize::from(ratio.with_context(|| format!("{kind:?}"))? <= 2.0);
    }
    say(&format!(
        "  no request of a well-behaved client was lost and no connect refused; {within} of {kinds} kinds within twice the figure without attack"
    ))
}

/// Prints the line of one kind; the attacked server's figure, as a multiple of that without attack. The two that are
/// compared follow each other each time, so that a machine that grows slower does so to both.
fn attacked(stage: &Stage, kind: Kind, time: Duration, repeat: usize, seed: u64) -> Result<f64> {
    let (mut alone, mut beside) = (Vec::new(), Vec::new());
    let (mut actions, mut served, mut memory) = (0, 0, [0; 3]);
    for seed in (seed..).take(repeat) {
        let attack = attack(stage, kind, [time, time], seed)?;
        alone.push(attack.alone.p99());
        beside.push(attack.beside.p99());
        actions += attack.actions.done;
        served += attack.beside.served;
        for (most, now) in memory.iter_mut().zip(attack.memory) {
            *most = now.max(*most);
        }
    }
    let [alone, beside] =
        [alone, beside].map(|mut times| median(&mut times, Ord::cmp).unwrap_or_default());
    let ratio = beside.as_secs_f64() / alone.as_secs_f64();
    let [before, most, after] = memory;
    say(&format!(
        "  {:<16} {actions:>8} {served:>6}  {alone:>9.1?} {beside:>8.1?} {ratio:>5.2}   {before}, {most} ({}), {after} ({})",
        format!("{kind:?}"),
        before + allowed(kind),
        before + KEPT,
    ))?;
    Ok(ratio)
}
