//! How long silent and slow clients are waited for.
//!
//! A socket takes more only when the client has acknowledged some 64 KiB: a client that reads a few KiB a second
//! would seem to stand still meanwhile. So before a connection is given up, the kernel is asked what has arrived.

use crate::http::Protocol;
use crate::http::limits::rate_deadline;
use crate::sys::Socket;
use std::time::{Duration, Instant};

/// A client that has been silent for so long may be closed where its place is needed.
pub const SILENCE: Duration = Duration::from_secs(1);

/// How long one connection's pipelined requests may keep a thread from all others.
pub const TIME_SLICE: Duration = Duration::from_millis(2);

/// Watches one stretch of writing, from the moment that the socket first would not take more.
#[derive(Clone, Copy, Debug)]
pub struct WriteProgress {
    since: Instant,
    progress: Instant,
    /// Bytes that the socket has taken since,
    taken: u64,
    /// those that were on their way before,
    queued: u64,
    /// and how many of both had arrived at the last look.
    arrived: u64,
}

impl WriteProgress {
    /// Writing begins, with `queued` bytes on their way ([`crate::sys::Socket::unacknowledged`]).
    pub fn new(now: Instant, queued: u64) -> Self {
        Self { since: now, progress: now, taken: 0, queued, arrived: 0 }
    }

    /// How long it has taken.
    pub fn elapsed(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.since)
    }

    /// The socket has taken `bytes` more.
    pub fn on_written(&mut self, bytes: usize, now: Instant) {
        if bytes > 0 {
            self.taken += bytes as u64;
            self.progress = now;
        }
    }

    /// A look at what is still on its way.
    pub fn on_acknowledged(&mut self, queued: u64, now: Instant) {
        let arrived = (self.queued + self.taken).saturating_sub(queued);
        if arrived > self.arrived {
            self.arrived = arrived;
            self.progress = now;
        }
    }

    /// When to give up, unless another look tells of progress: after a time without any progress, or after more time in
    /// all than a slow line would need, whichever comes first. Either alone could be defeated: the second by stopping
    /// after a fast start, the first by taking one byte now and then.
    pub fn deadline(&self, timeout: Duration) -> Instant {
        let stuck = self.progress + timeout;
        stuck.min(rate_deadline(self.since, timeout, self.taken.max(self.arrived)))
    }
}

/// Whether a client that has its last response and keeps its side open may be left before its time is over, where
/// another connection, or the end of the server, waits for it. Its kernel has acknowledged all, and it has been silent
/// for `silence` since our side was shut down. If that is a way there and back, what it had sent by then has arrived, so
/// that the close sends no reset, which would destroy the response.
pub fn may_leave(protocol: &Protocol, socket: &Socket, silence: Duration, now: Instant) -> bool {
    let is_silent = |since| now.saturating_duration_since(since) >= silence;
    protocol.lingers_since().is_some_and(is_silent)
        && socket.unacknowledged().is_ok_and(|count| count == 0)
}

/// The earlier of two moments, either of which there may not be.
pub fn earlier(one: Option<Instant>, other: Option<Instant>) -> Option<Instant> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMEOUT: Duration = Duration::from_secs(10);

    #[test]
    fn neither_dripping_nor_stopping_holds_a_connection() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut drip = WriteProgress::new(start, 0);
        for second in 0..10 {
            drip.on_written(1, at(second));
        }
        assert_eq!(drip.deadline(TIMEOUT), at(10));
        let mut stop = WriteProgress::new(start, 0);
        stop.on_written(100 << 20, at(1));
        assert_eq!(stop.deadline(TIMEOUT), at(11));
        let mut steady = WriteProgress::new(start, 0);
        (0..60).for_each(|second| steady.on_written(1024, at(second)));
        assert_eq!(steady.deadline(TIMEOUT), at(69));
    }

    #[test]
    fn what_has_arrived_is_progress_though_the_socket_takes_no_more() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut slow = WriteProgress::new(start, 100 << 10);
        slow.on_acknowledged(60 << 10, at(10));
        assert_eq!(slow.deadline(TIMEOUT), at(20), "40 KiB in 10 s");
        slow.on_acknowledged(60 << 10, at(20));
        assert_eq!(slow.deadline(TIMEOUT), at(20), "and then none");
        slow.on_written(64 << 10, at(15));
        slow.on_acknowledged(123 << 10, at(25));
        assert_eq!(slow.deadline(TIMEOUT), at(35), "a KiB more of both");
        let mut drip = WriteProgress::new(start, 100 << 10);
        drip.on_acknowledged((100 << 10) - 1, at(10));
        assert_eq!(drip.deadline(TIMEOUT), at(10), "a byte in 10 s");
    }
}
