//! Kinds of counts: waits, the pace, idle clients, latencies.

use crate::numbers::as_micros;
use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Requests without a response, and how long each had waited so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waits {
    /// How many.
    pub count: u64,
    /// All together, in nanoseconds.
    total: u64,
    /// The longest.
    pub longest: Duration,
}

impl Waits {
    /// Adds `count` requests that waited so many nanoseconds each.
    pub(super) fn add(&mut self, count: usize, nanos: u64) {
        self.count += count as u64;
        self.total += count as u64 * nanos;
        self.longest = self.longest.max(Duration::from_nanos(nanos));
    }

    /// The mean; zero without any.
    pub fn mean(&self) -> Duration {
        Duration::from_nanos(self.total / self.count.max(1))
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.total += other.total;
        self.longest = self.longest.max(other.longest);
    }
}

/// How well the generator itself kept to its plan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Pacing {
    /// Requests that were due in the window and sent.
    pub sent: u64,
    /// Requests that were due in the window and were not: every connection still waited for a response.
    pub unsent: u64,
    /// How long the oldest of them had been due when the window closed, in nanoseconds.
    pub oldest_unsent: u64,
    /// How late requests were sent, in nanoseconds: all together, and the latest.
    pub lag_total: u64,
    #[allow(missing_docs)]
    pub lag_max: u64,
    /// The part of that which is the generator's own: a connection was free, and the request was not sent yet.
    pub generator_lag_total: u64,
    #[allow(missing_docs)]
    pub generator_lag_max: u64,
}

impl Pacing {
    /// A request was sent `now`, that was `due` earlier, on a connection that was `free` since then.
    pub(super) fn add(&mut self, due: u64, free: u64, now: u64) {
        let (lag, own) = (now.saturating_sub(due), now.saturating_sub(due.max(free)));
        self.sent += 1;
        self.lag_total += lag;
        self.lag_max = self.lag_max.max(lag);
        self.generator_lag_total += own;
        self.generator_lag_max = self.generator_lag_max.max(own);
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.sent += other.sent;
        self.unsent += other.unsent;
        self.oldest_unsent = self.oldest_unsent.max(other.oldest_unsent);
        self.lag_total += other.lag_total;
        self.lag_max = self.lag_max.max(other.lag_max);
        self.generator_lag_total += other.generator_lag_total;
        self.generator_lag_max = self.generator_lag_max.max(other.generator_lag_max);
    }

    /// How late a request was sent on average.
    pub fn lag(&self) -> Duration {
        Duration::from_nanos(self.lag_total / self.sent.max(1))
    }

    /// How late the generator was on average: a request may also be late because every connection waited for a response.
    pub fn generator_lag(&self) -> Duration {
        Duration::from_nanos(self.generator_lag_total / self.sent.max(1))
    }
}

/// Clients that were silent or slow on purpose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct IdleCounts {
    /// Those that got a connection.
    pub opened: u64,
    /// Those that were answered once.
    pub answered: u64,
    /// Those whose connection the server ended. They do not come back.
    pub evicted: u64,
}

/// Latencies of correct responses, in microseconds. A percentile that too few samples speak for is `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs)] // Their names say it.
pub struct Latency {
    pub mean: f64,
    pub p50: Option<f64>,
    pub p90: Option<f64>,
    pub p99: Option<f64>,
    pub p999: Option<f64>,
    pub max: f64,
}

impl Latency {
    /// Of samples in nanoseconds.
    pub fn of(samples: &Histogram<u64>) -> Self {
        let at = |quantile| percentile(samples, quantile).map(as_micros);
        Self {
            mean: as_micros(Duration::from_nanos(samples.mean() as u64)),
            p50: at(0.5),
            p90: at(0.9),
            p99: at(0.99),
            p999: at(0.999),
            max: as_micros(Duration::from_nanos(samples.max())),
        }
    }
}

/// What `quantile` of the samples, which are nanoseconds, do not exceed; `None` when fewer than 10 samples lie beyond it:
/// one of them more or less would move it at will.
pub(super) fn percentile(samples: &Histogram<u64>, quantile: f64) -> Option<Duration> {
    let beyond = samples.len() as f64 * (1.0 - quantile);
    // The tolerance is for quantiles that binary fractions only come near to: 0.9 of 100 is 10 beyond.
    (beyond + 1e-6 >= 10.0).then(|| Duration::from_nanos(samples.value_at_quantile(quantile)))
}
