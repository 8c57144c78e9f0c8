//! Hours of mixed traffic: well-behaved clients lose nothing, and memory and descriptors are given back afterwards.

use super::client::serves;
use super::hostile::{Actions, HostileClients, Kind};
use super::process_usage::{self, ProcessUsage};
use super::well_behaved::{Behaviour, Outcome, WellBehavedClients};
use super::{Stage, attack};
use crate::interrupt::Interrupt;
use crate::numbers::median;
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
    /// How memory changed while the clients were there, in KiB per minute. Heaps and caches fill at first: only of a long
    /// run does it tell a leak.
    pub slope: f64,
    /// Most descriptors at once, and when all clients have gone: as many as before the first, or it is an error.
    pub fds: [usize; 2],
}

/// Well-behaved clients and `hostile` hostile ones of all kinds for so long, or until interrupted.
///
/// # Errors
/// When a request of a well-behaved client is lost, a hostile one cannot connect, or the server does not give back
/// what it had taken.
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
        samples.push(process_usage::memory(pid)?);
        most = most.max(ProcessUsage::of(pid)?.fds);
    }
    let (actions, outcome) = (hostile.stop()?, clients.stop()?);
    let time = start.elapsed();
    outcome.check_none_refused()?;
    ensure!(actions.failed == 0, "hostile clients could not connect: {actions:?}");
    let memory = attack::afterwards(&server, before, idle, attack::kept(stage), head_timeout)
        .context("afterwards")?;
    let (slope, fds) = (slope(&samples, time), [most, ProcessUsage::of(pid)?.fds]);
    Ok(Soak { time, outcome, actions, memory, slope, fds })
}

/// How memory changed in a run that took `time`, in KiB per minute. Clients come and go, and memory with them: the
/// medians of the first and the last quarter of the samples are compared, whose middles lie three quarters of the run apart.
fn slope(samples: &[u64], time: Duration) -> f64 {
    let quarter = samples.len() / 4;
    let middle = |samples: &[u64]| median(&mut samples.to_vec(), Ord::cmp).unwrap_or(0) as f64;
    let grown = middle(&samples[samples.len() - quarter..]) - middle(&samples[..quarter]);
    grown / (time.as_secs_f64() * 0.75 / 60.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slope_is_that_of_what_grows_and_not_of_what_comes_and_goes() {
        let of = |kib: fn(u64) -> u64| {
            slope(&(0..240).map(kib).collect::<Vec<_>>(), Duration::from_secs(120))
        };
        assert_eq!(of(|half_second| 9000 + 10 * half_second), 1200.0);
        assert_eq!(of(|half_second| 9000 + 16_000 * u64::from(half_second % 7 == 0)), 0.0);
        assert_eq!(of(|half_second| 90_000 - half_second), -120.0);
    }
}
