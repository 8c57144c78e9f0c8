//! How slow a client may be in taking an answer.

use crate::limits::{Limits, pace};
use std::time::Instant;

/// Watches one stretch of writing, from the moment that the socket first would not take more.
#[derive(Clone, Copy, Debug)]
pub struct WritePace {
    since: Instant,
    progress: Instant,
    taken: u64,
}

impl WritePace {
    /// Writing begins.
    pub fn new(now: Instant) -> Self {
        Self { since: now, progress: now, taken: 0 }
    }

    /// The client has taken `bytes` more.
    pub fn took(&mut self, bytes: usize, now: Instant) {
        if bytes > 0 {
            self.taken += bytes as u64;
            self.progress = now;
        }
    }

    /// When to give up: after a time without any progress, and after more time in all than a slow
    /// line would need. Either alone could be defeated: the second by stopping after a fast start, the
    /// first by taking one byte now and then.
    pub fn deadline(&self, limits: &Limits) -> Instant {
        let stuck = self.progress + limits.write_timeout;
        stuck.min(pace(self.since, limits.write_timeout, self.taken))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn neither_dripping_nor_stopping_holds_a_connection() {
        let (limits, start) = (Limits::default(), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut drip = WritePace::new(start);
        for second in 0..10 {
            drip.took(1, at(second));
        }
        assert_eq!(drip.deadline(&limits), at(10));
        let mut stop = WritePace::new(start);
        stop.took(100 << 20, at(1));
        assert_eq!(stop.deadline(&limits), at(11));
        let mut steady = WritePace::new(start);
        (0..60).for_each(|second| steady.took(1024, at(second)));
        assert_eq!(steady.deadline(&limits), at(69));
    }
}
