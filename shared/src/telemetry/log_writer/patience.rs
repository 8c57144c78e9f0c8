//! When the end of the process waits no longer. A first reading may skip it.

use std::time::{Duration, Instant};

/// How long the end of the process waits for an output.
pub(crate) struct Patience {
    /// When the end began.
    pub(crate) begun: Instant,
    /// For so long while nothing is written.
    pub(crate) stalled: Duration,
    /// For so long in all, however much is written.
    pub(crate) most: Duration,
}

impl Patience {
    /// How long it still lasts, where something was last written at `last_progress`.
    pub(super) fn left(&self, last_progress: Option<Instant>) -> Duration {
        let since = last_progress.map_or(self.begun, |last| last.max(self.begun));
        let stalled = self.stalled.saturating_sub(since.elapsed());
        stalled.min(self.most.saturating_sub(self.begun.elapsed()))
    }
}
