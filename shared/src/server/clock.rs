//! The clock of a thread that serves: read after every wait, and again after whatever may have taken time.

use crate::http::DateLine;
use crate::sys::clock::coarse;
use std::time::{Instant, SystemTime};

/// One moment for all that happens at once, and the Date line of its second.
///
/// A loop that read the clock for every request would read it a million times a second to learn, nearly always, that
/// no time has passed. So it is read when the thread wakes up, and holds until [`Clock::catch_up`] finds that the
/// kernel's coarse clock has moved: what is seen here is never older than a timer interrupt (1 to 10 ms).
#[derive(Clone, Debug)]
pub struct Clock {
    now: Instant,
    /// The coarse clock at the last look; `None` for a clock that only [`Clock::set`] moves.
    seen: Option<(i64, i64)>,
    date: DateLine,
}

impl Clock {
    /// A clock that stands still, for tests that move it themselves.
    pub fn stopped(now: Instant) -> Self {
        Self { now, seen: None, date: DateLine::new(now, SystemTime::now()) }
    }

    /// The moment of the last look.
    pub fn now(&self) -> Instant {
        self.now
    }

    /// The Date line of that moment.
    pub fn date(&self) -> &DateLine {
        &self.date
    }

    /// Looks at the clock: after a wait, or after what is known to take time.
    pub fn read(&mut self) -> Instant {
        if self.seen.is_some() {
            self.set(Instant::now());
        }
        self.now
    }

    /// The same after what takes time only now and then, as a handler does: a look at the coarse clock, nearly always.
    #[inline]
    pub fn catch_up(&mut self) {
        if let Some(seen) = &mut self.seen {
            let coarse = coarse();
            if *seen != coarse {
                *seen = coarse;
                self.set(Instant::now());
            }
        }
    }

    /// It is `now`.
    pub fn set(&mut self, now: Instant) {
        self.now = now;
        if self.date.is_stale(now) {
            self.date = DateLine::new(now, SystemTime::now());
        }
    }
}

/// The present moment.
impl Default for Clock {
    fn default() -> Self {
        Self { seen: Some(coarse()), ..Self::stopped(Instant::now()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn it_holds_for_a_moment_and_is_never_old() {
        let mut clock = Clock::default();
        let start = clock.now();
        while clock.now() == start {
            assert!(start.elapsed() < Duration::from_secs(10), "it stands still");
            clock.catch_up();
        }
        assert!(clock.now() > start);
        let mut stopped = Clock::stopped(start);
        stopped.catch_up();
        assert_eq!((stopped.read(), stopped.now()), (start, start));
    }
}
