//! Kinds of counts: waits, the pace, idle clients, latencies.

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
    /// How late requests were sent, in nanoseconds: all together, and the latest.
    pub lag_total: u64,
    #[allow(missing_docs)]
    pub lag_max: u64,
}

impl Pacing {
    /// How late a request was sent on average.
    pub fn lag(&self) -> Duration {
        Duration::from_nanos(self.lag_total / self.sent.max(1))
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
