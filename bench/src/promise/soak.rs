//! Hours of mixed traffic: good clients lose nothing, memory and descriptors stay flat.

use super::Stage;
use super::client::answers;
use super::good::{Account, GoodClients, Habits};
use super::hostile::{Crowd, Kind};
use super::vitals::{self, Vitals};
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
    pub deeds: u64,
    /// Memory in KiB: at first, at most, and at the end.
    pub memory: [u64; 3],
    /// How fast memory grew in the second half, in KiB per minute.
    pub slope: f64,
    /// Most descriptors at once, and when all have gone.
    pub fds: [usize; 2],
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
    let before = Vitals::at_rest(pid)?;
    let pause = Duration::from_millis(5);
    let habits = Habits { clients: 32, seed, pause, hello_only: false, until_refused: false };
    let good = GoodClients::start(server.address(), habits);
    let each = Duration::from_millis(200);
    let crowd = Crowd::start(server.address(), &Kind::ALL, hostile, each, seed)?;
    let (start, mut samples, mut most) = (Instant::now(), Vec::new(), 0);
    while start.elapsed() < time && !interrupt.wait(Duration::from_millis(500)) {
        samples.push((start.elapsed().as_secs_f64() / 60.0, vitals::memory(pid)? as f64));
        most = most.max(Vitals::of(pid)?.fds);
    }
    let (deeds, account) = (crowd.stop(), good.stop()?);
    let time = start.elapsed();
    answers(server.address()).context("afterwards")?;
    before.come_back(pid).context("afterwards")?;
    ensure!(account.lost.is_empty(), "{} lost: {:?}", account.lost.len(), account.lost);
    ensure!(account.answered > 0, "no good client was answered");
    let of = |pick: fn(f64, f64) -> f64| samples.iter().map(|sample| sample.1).reduce(pick);
    let first = samples.first().map_or(0.0, |sample| sample.1);
    let memory = [first as u64, of(f64::max).unwrap_or(first) as u64, vitals::memory(pid)?];
    let slope = slope(&samples[samples.len() / 2..]);
    Ok(Soak { time, account, deeds, memory, slope, fds: [most, Vitals::of(pid)?.fds] })
}

/// Of the straight line that fits best (least squares).
fn slope(samples: &[(f64, f64)]) -> f64 {
    let count = samples.len().max(1) as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| samples.iter().map(of).sum::<f64>() / count;
    let (x, y) = (mean(|sample| sample.0), mean(|sample| sample.1));
    let both: f64 = samples.iter().map(|sample| (sample.0 - x) * (sample.1 - y)).sum();
    let square: f64 = samples.iter().map(|sample| (sample.0 - x).powi(2)).sum();
    if square > 0.0 { both / square } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slope_is_that_of_the_line() {
        assert_eq!(slope(&[(0.0, 5.0), (1.0, 7.0), (2.0, 9.0)]), 2.0);
        assert_eq!(slope(&[(0.0, 5.0), (1.0, 5.0)]), 0.0);
        assert_eq!((slope(&[]), slope(&[(1.0, 1.0)])), (0.0, 0.0));
    }
}
