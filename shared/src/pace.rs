//! How slow a client may be in taking an answer.
//!
//! That the socket takes more is seen at once, but it takes no more before it has got rid of some 64 KiB. Whoever
//! reads a few KiB a second would seem to stand still meanwhile. So before a client is given up, the kernel is asked
//! what has arrived.

use crate::limits::{Limits, pace};
use std::time::{Duration, Instant};

/// Watches one stretch of writing, from the moment that the socket first would not take more.
#[derive(Clone, Copy, Debug)]
pub struct WritePace {
    since: Instant,
    progress: Instant,
    /// Bytes that the socket has taken since,
    taken: u64,
    /// those that were on their way before,
    queued: u64,
    /// and how many of both had arrived at the last look.
    arrived: u64,
}

impl WritePace {
    /// Writing begins, with `queued` bytes on their way ([`crate::sys::Socket::unacknowledged`]).
    pub fn new(now: Instant, queued: u64) -> Self {
        Self { since: now, progress: now, taken: 0, queued, arrived: 0 }
    }

    /// How long it has taken.
    pub fn so_far(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.since)
    }

    /// The socket has taken `bytes` more.
    pub fn took(&mut self, bytes: usize, now: Instant) {
        if bytes > 0 {
            self.taken += bytes as u64;
            self.progress = now;
        }
    }

    /// A look at what is still on its way.
    pub fn look(&mut self, queued: u64, now: Instant) {
        let arrived = (self.queued + self.taken).saturating_sub(queued);
        if arrived > self.arrived {
            self.arrived = arrived;
            self.progress = now;
        }
    }

    /// When to give up, unless another look tells of progress: after a time without any progress, and after more time in all than a slow
    /// line would need. Either alone could be defeated: the second by stopping after a fast start, the
    /// first by taking one byte now and then.
    pub fn deadline(&self, limits: &Limits) -> Instant {
        let stuck = self.progress + limits.write_timeout;
        stuck.min(pace(self.since, limits.write_timeout, self.taken.max(self.arrived)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_dripping_nor_stopping_holds_a_connection() {
        let (limits, start) = (Limits::default(), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut drip = WritePace::new(start, 0);
        for second in 0..10 {
            drip.took(1, at(second));
        }
        assert_eq!(drip.deadline(&limits), at(10));
        let mut stop = WritePace::new(start, 0);
        stop.took(100 << 20, at(1));
        assert_eq!(stop.deadline(&limits), at(11));
        let mut steady = WritePace::new(start, 0);
        (0..60).for_each(|second| steady.took(1024, at(second)));
        assert_eq!(steady.deadline(&limits), at(69));
    }

    #[test]
    fn what_has_arrived_is_progress_though_the_socket_takes_no_more() {
        let (limits, start) = (Limits::default(), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut slow = WritePace::new(start, 100 << 10);
        slow.look(60 << 10, at(10));
        assert_eq!(slow.deadline(&limits), at(20), "40 KiB in 10 s");
        slow.look(60 << 10, at(20));
        assert_eq!(slow.deadline(&limits), at(20), "and then none");
        slow.took(64 << 10, at(15));
        slow.look(123 << 10, at(25));
        assert_eq!(slow.deadline(&limits), at(35), "a KiB more of both");
        let mut drip = WritePace::new(start, 100 << 10);
        drip.look((100 << 10) - 1, at(10));
        assert_eq!(drip.deadline(&limits), at(10), "a byte in 10 s");
    }
}
