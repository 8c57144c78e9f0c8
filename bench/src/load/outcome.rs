//! What a finished load has shown, and the form of it that files hold: a part of `bench load --json` and of every row of
//! `results.json`. Keys are only ever added there: scripts read them.

use super::counts::Latency;
use super::errors::Errors;
use super::samples::Tally;
use crate::numbers::as_micros;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The counts, and the window that they are of.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// The counts of all threads.
    pub tally: Tally,
    /// How long the window was open.
    pub window: Duration,
    /// How long clients thought between a response and their next request, on average.
    pub think: Option<Duration>,
    /// Requests that were due per second.
    pub rate: Option<f64>,
    /// Whether it was closed early, by a signal.
    pub interrupted: bool,
}

impl Outcome {
    /// Correct responses per second.
    pub fn rps(&self) -> f64 {
        self.tally.requests as f64 / self.window.as_secs_f64().max(f64::MIN_POSITIVE)
    }

    /// CPU of the generator per correct response.
    pub fn client_cpu(&self) -> Option<Duration> {
        let total: Duration = self.tally.cpu.iter().sum();
        let requests = u32::try_from(self.tally.requests).ok()?;
        total.checked_div(requests)
    }
}

/// The same in figures. Times are microseconds where the name says so.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Figures {
    /// How long the window was open.
    pub seconds: f64,
    /// Correct responses completed in it.
    pub requests: u64,
    /// The same per second.
    pub rps: f64,
    /// Clients that got at least one response in the window.
    pub served: u64,
    /// Clients that had a connection at least once.
    pub opened: u64,
    /// Of correct responses, from the request's first byte to the response's last.
    pub latency_us: Latency,
    /// What went wrong, by kind.
    pub errors: Errors,
    /// Connections that had to be opened again.
    pub reconnects: u64,
    /// Bytes received.
    pub bytes: u64,
    /// Requests under way when the window closed.
    pub in_flight_at_end: u64,
    /// How long they had waited on average.
    pub mean_in_flight_us: f64,
    /// How long the oldest of them had waited.
    pub oldest_in_flight_us: f64,
    /// How long requests had waited, on average, that were given up: `errors.timeout` of them.
    pub mean_timed_out_us: f64,
    /// The longest of those waits.
    pub longest_timed_out_us: f64,
    /// CPU of each thread of the generator, seconds.
    pub client_threads_cpu_seconds: Vec<f64>,
}

impl Figures {
    /// Those of `outcome`.
    pub fn of(outcome: &Outcome) -> Self {
        let tally = &outcome.tally;
        Self {
            seconds: outcome.window.as_secs_f64(),
            requests: tally.requests,
            rps: outcome.rps(),
            served: tally.served,
            opened: tally.opened,
            latency_us: Latency::of(&tally.latency),
            errors: tally.errors,
            reconnects: tally.reconnects,
            bytes: tally.bytes,
            in_flight_at_end: tally.unanswered.count,
            mean_in_flight_us: as_micros(tally.unanswered.mean()),
            oldest_in_flight_us: as_micros(tally.unanswered.longest),
            mean_timed_out_us: as_micros(tally.timed_out.mean()),
            longest_timed_out_us: as_micros(tally.timed_out.longest),
            client_threads_cpu_seconds: tally.cpu.iter().map(Duration::as_secs_f64).collect(),
        }
    }

    /// One of them by its name, as conditions and claims have it; `None` when there is no such figure.
    pub fn figure(&self, name: &str) -> Option<f64> {
        match name {
            "rps" => Some(self.rps),
            "served" => Some(self.served as f64),
            "errors" => Some(self.errors.total() as f64),
            "mean" => Some(self.latency_us.mean),
            "p50" => self.latency_us.p50,
            "p90" => self.latency_us.p90,
            "p99" => self.latency_us.p99,
            "p999" => self.latency_us.p999,
            "max" => Some(self.latency_us.max),
            _ => None,
        }
    }
}
