//! Hours of mixed traffic: good clients lose nothing, memory and descriptors stay flat.

use super::client::answers;
use super::good::{Account, GoodClients, Habits};
use super::growth::Growth;
use super::hostile::{Crowd, Deeds, Kind};
use super::vitals::{self, Vitals};
use super::{Stage, attack};
use crate::interrupt::Interrupt;
use anyhow::{Context, Result, ensure};
use std::time::{Duration, Instant};

/// What a soak has shown.
#[derive(Debug)]
pub struct Soak {
    /// How long it was.
    pub time: Duration,
    /// Of the good clients.
    pub account: Account,
    /// What the hostile clients did.
    pub deeds: Deeds,
    /// Memory in KiB: before the first came, at most, and where it comes to rest when all have gone.
    pub memory: [u64; 3],
    /// How memory grew in the second half.
    pub growth: Growth,
    /// Most descriptors at once, and when all have gone: as many as before the first came, or it is an error.
    pub fds: [usize; 2],
}

/// For as long as a test may take.
pub fn short(stage: &Stage) -> Result<()> {
    soak(stage, stage.at_once / 4 * 3, Duration::from_secs(3), 1, &Interrupt::default()).map(drop)
}

/// Good and hostile clients of all kinds for so long, or until interrupted.
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
    answers(server.address())?;
    let (before, idle) = (Vitals::at_rest(pid)?, vitals::memory(pid)?);
    let head_timeout = Duration::from_secs(2);
    let habits = Habits { pause: Duration::from_millis(5), head_timeout, ..Habits::busy(seed) };
    let good = GoodClients::start(server.address(), habits);
    let each = Duration::from_millis(200);
    let crowd = Crowd::start(server.address(), &Kind::ALL, hostile, each, seed)?;
    let (start, mut samples, mut most) = (Instant::now(), Vec::new(), 0);
    while start.elapsed() < time && !interrupt.wait(Duration::from_millis(500)) {
        samples.push((start.elapsed(), vitals::memory(pid)?));
        most = most.max(Vitals::of(pid)?.fds);
    }
    let (deeds, account) = (crowd.stop()?, good.stop()?);
    let time = start.elapsed();
    account.check_all_let_in()?;
    ensure!(deeds.failed == 0, "hostile clients did not get in: {deeds:?}");
    let memory =
        attack::afterwards(&server, before, idle, attack::kept(stage)).context("afterwards")?;
    let growth = Growth::of(&samples, time);
    Ok(Soak { time, account, deeds, memory, growth, fds: [most, Vitals::of(pid)?.fds] })
}
