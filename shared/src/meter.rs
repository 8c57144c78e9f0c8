//! What one thread notes about the requests that it serves. A connection says what happened; the
//! meter, which belongs to the stage, knows the time.

use crate::metrics::{Counters, Metrics};
use std::sync::Arc;
use std::time::Instant;

/// The notes of one thread.
pub struct Meter {
    /// Its counters, which others may read.
    pub counters: Arc<Counters>,
    /// Answers of this round: they all have taken as long as the round will have.
    fresh: u64,
}

impl Meter {
    /// A meter for the calling thread.
    pub fn new(metrics: &Metrics) -> Self {
        Self { counters: metrics.register(), fresh: 0 }
    }

    /// An answer is given at `now` to a request that was complete at `since`.
    pub(crate) fn answered(&mut self, code: u16, since: Instant, now: Instant) {
        self.counters.answered(code);
        if since == now {
            self.fresh += 1;
        } else {
            self.counters.took(now.saturating_duration_since(since), 1);
        }
    }

    /// The answers of a round that began at `start` are written: one look at the clock for them all.
    pub fn end_round(&mut self, start: Instant) {
        if self.fresh > 0 {
            self.counters.took(start.elapsed(), self.fresh);
            self.fresh = 0;
        }
    }
}
