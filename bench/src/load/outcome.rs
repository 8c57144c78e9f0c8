//! What a finished load has shown.

use super::samples::Tally;
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
