//! Hours of mixed traffic: well-behaved clients lose nothing, memory and descriptors stay flat. Whether memory leaks is seen by
//! what the server needs in the last quarter of the run, beside the quarter before.

use super::client::serves;
use super::hostile::{Actions, HostileClients, Kind};
use super::process_usage::{self, ProcessUsage};
use super::well_behaved::{Behaviour, Outcome, WellBehavedClients};
use super::{Stage, attack};
use crate::interrupt::Interrupt;
use crate::numbers::median;
use anyhow::{Context, Result, ensure};
use std::fmt;
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

/// In quarters shorter than that a difference means nothing: an allocator takes memory in steps, and one step in a short
/// time looks like a leak.
const MEANINGFUL: Duration = Duration::from_secs(30);

/// How much memory may grow in a minute, in KiB: about a KiB per second. Less than that is seen only in
/// a run of hours.
const PER_MINUTE: f64 = 64.0;

/// How much memory may grow from quarter to quarter, in KiB: a heap that takes one more step, once, does not leak.
const STEP: f64 = 512.0;

/// How memory changed in the second half of a run: in the first, heaps and caches fill. Clients come and go, and memory
/// with them, so the medians of two quarters are compared.
#[derive(Clone, Copy, Debug)]
pub struct Growth {
    /// How long a quarter of the run was.
    pub quarter: Duration,
    /// From the median of the third quarter to the median of the last, in KiB.
    pub kib: f64,
    /// The most of both quarters less the least, in KiB.
    pub swing: f64,
}

impl Growth {
    /// The growth in a run that took `time`; each sample is a time since its start, and KiB.
    pub fn of(samples: &[(Duration, u64)], time: Duration) -> Self {
        let quarter = time / 4;
        let middle = |from: Duration, to: Duration| {
            let within = samples.iter().filter(|(at, _)| (from..to).contains(at));
            median(&mut within.map(|(_, kib)| *kib).collect::<Vec<_>>(), Ord::cmp)
        };
        let medians = middle(2 * quarter, 3 * quarter).zip(middle(3 * quarter, Duration::MAX));
        let kib = medians.map_or(0.0, |(third, last)| last as f64 - third as f64);
        let half = || samples.iter().filter(|(at, _)| *at >= 2 * quarter).map(|(_, kib)| *kib);
        let swing = half().max().unwrap_or(0) - half().min().unwrap_or(0);
        Self { quarter, kib, swing: swing as f64 }
    }

    /// Whether it is no leak. Where memory only goes up and down, medians differ too, by chance, but by a small part of that.
    ///
    /// # Errors
    /// When memory grows, and the time was long enough to tell.
    pub fn check(&self) -> Result<()> {
        let slow = PER_MINUTE * self.quarter.as_secs_f64() / 60.0;
        let allowed = STEP.max(slow).max(self.swing / 4.0);
        let grows = self.kib > allowed && self.quarter >= MEANINGFUL;
        ensure!(!grows, "memory grows: {self}; allowed are {allowed:.0} KiB");
        Ok(())
    }
}

impl fmt::Display for Growth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { quarter, kib, swing } = self;
        write!(
            f,
            "{kib:+.0} KiB from the third quarter to the last, of {quarter:.0?} each, a swing of {swing:.0}"
        )?;
        if *quarter < MEANINGFUL {
            write!(f, " (too short to mean anything: that takes {MEANINGFUL:?})")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The growth of a run of so many seconds, with `kib` of memory at each.
    fn growth(seconds: u64, kib: impl Fn(u64) -> u64) -> Growth {
        let samples: Vec<_> =
            (0..seconds).map(|second| (Duration::from_secs(second), kib(second))).collect();
        Growth::of(&samples, Duration::from_secs(seconds))
    }

    #[test]
    fn only_a_steady_growth_over_a_long_time_is_a_leak() {
        let leaks = |seconds, kib: fn(u64) -> u64| growth(seconds, kib).check().is_err();
        assert!(leaks(120, |second| 9000 + 20 * second));
        assert!(!leaks(119, |second| 9000 + 20 * second), "too short");
        assert!(!leaks(120, |second| 9000 + 10 * second), "no more than a step");
        assert!(!leaks(3600, |second| 9000 + second), "no more than a KiB per second");
        let swinging = |second| 9000 + 1500 * (second / 2700) + 16_000 * u64::from(second % 7 == 0);
        assert!(!leaks(3600, swinging), "up and down");
        assert!(!leaks(3600, |second| 900_000 - 20 * second), "less and less");
    }

    #[test]
    fn what_fills_in_the_first_half_does_not_count() {
        let filling = growth(400, |second| 9000 + 50 * second.min(190));
        assert_eq!((filling.kib, filling.quarter), (0.0, Duration::from_secs(100)));
        assert!(!filling.to_string().contains("too short"), "{filling}");
        assert!(growth(0, |_| 0).to_string().contains("too short"));
    }
}
