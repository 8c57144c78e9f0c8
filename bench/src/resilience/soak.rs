//! Hours of mixed traffic: well-behaved clients lose nothing, memory and descriptors stay flat.

use super::client::serves;
use super::hostile::{Actions, HostileClients, Kind};
use super::leak::Growth;
use super::process_usage::{self, ProcessUsage};
use super::well_behaved::{Behaviour, Outcome, WellBehavedClients};
use super::{Stage, attack};
use crate::interrupt::Interrupt;
use anyhow::{Context, Result, ensure};
use std::time::{Duration, Instant};

/// What a soak has shown.
#[derive(Debug)]
pub struct Soak {
    /// How long it was.
    pub time: Duration,
    /// Of the well-behaved clients.
    pub outcome: Outcome,
    /// What the hostile clients did.
    pub actions: Actions,
    /// Memory in KiB: before the first client, at most, and where it comes to rest when all have gone.
    pub memory: [u64; 3],
    /// How memory grew in the second half.
    pub growth: Growth,
    /// Most descriptors at once, and when all clients have gone: as many as before the first, or it is an error.
    pub fds: [usize; 2],
}

/// Well-behaved clients and `hostile` hostile ones of all kinds for so long, or until interrupted.
///
/// # Errors
/// When a request of a well-behaved client is lost, a hostile one cannot connect, or the server does not give back
/// what it had taken. Growth is the caller's to [check](Growth::check).
pub fn soak(
    stage: &Stage,
    hostile: usize,
    time: Duration,
    seed: u64,
    interrupt: &Interrupt,
) -> Result<Soak> {
    // Short, so that each hostile client meets its time-out many times.
    let flags = ["--head-timeout", "2s", "--body-timeout", "2s", "--write-timeout", "2s"];
    let server = stage.start(&flags)?;
    let pid = server.pid();
    serves(server.address())?;
    let (before, idle) = (ProcessUsage::at_rest(pid)?, process_usage::memory(pid)?);
    let (pause, head_timeout) = (Duration::from_millis(5), Duration::from_secs(2));
    let behaviour = Behaviour { pause, head_timeout, ..Behaviour::busy(seed) };
    let clients = WellBehavedClients::start(server.address(), behaviour);
    let every = Duration::from_millis(200);
    let hostile = HostileClients::start(server.address(), Kind::all(), hostile, every, seed)?;
    let (start, mut samples, mut most) = (Instant::now(), Vec::new(), 0);
    while start.elapsed() < time && !interrupt.wait(Duration::from_millis(500)) {
        samples.push((start.elapsed(), process_usage::memory(pid)?));
        most = most.max(ProcessUsage::of(pid)?.fds);
    }
    let (actions, outcome) = (hostile.stop()?, clients.stop()?);
    let time = start.elapsed();
    outcome.check_none_refused()?;
    ensure!(actions.failed == 0, "hostile clients could not connect: {actions:?}");
    let memory = attack::afterwards(&server, before, idle, attack::kept(stage), head_timeout)
        .context("afterwards")?;
    let growth = Growth::of(&samples, time);
    Ok(Soak { time, outcome, actions, memory, growth, fds: [most, ProcessUsage::of(pid)?.fds] })
}
