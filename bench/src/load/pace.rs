//! A constant rate: requests are due at moments that are planned beforehand, and each is timed from the moment
//! that it was due, whether a connection was free to send it or not.
//!
//! In a closed loop a server that stops for a while gets no requests meanwhile, so that its pause shows in
//! one response per connection. Here it shows in every request that was due.

use std::collections::VecDeque;

/// One thread's share of the plan.
pub(super) struct Pace {
    /// Nanoseconds from one request of this thread to the next.
    interval: f64,
    /// When its first one is due.
    start: f64,
    /// How many have been sent since.
    pub(super) sent: u64,
    /// Clients with nothing to do, the longest idle first: all of them are used in turn.
    pub(super) free: VecDeque<usize>,
}

impl Pace {
    /// The share of thread `index` of `threads` in `rate` requests per second. The threads take turns.
    pub(super) fn new(rate: f64, index: usize, threads: usize) -> Self {
        let interval = 1e9 * threads as f64 / rate;
        let start = interval * index as f64 / threads as f64;
        Self { interval, start, sent: 0, free: VecDeque::new() }
    }

    /// When the next request is due. Computed from the start, so that no error adds up.
    pub(super) fn due(&self) -> u64 {
        (self.start + self.interval * self.sent as f64) as u64
    }

    /// Begins anew at `now`, forgetting what could not be sent so far.
    pub(super) fn restart(&mut self, now: u64) {
        let phase = self.start % self.interval;
        (self.start, self.sent) = (now as f64 + phase, 0);
    }

    /// How many requests are due by `now` and were not sent.
    pub(super) fn backlog(&self, now: u64) -> u64 {
        let due = (now as f64 - self.start) / self.interval;
        (due.max(0.0).ceil() as u64).saturating_sub(self.sent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_take_turns_and_no_error_adds_up() {
        let mut paces = [Pace::new(3000.0, 0, 2), Pace::new(3000.0, 1, 2)];
        paces.iter_mut().for_each(|pace| pace.restart(1_000_000));
        let mut due: Vec<u64> = Vec::new();
        for sent in 0..3000 {
            for pace in &mut paces {
                pace.sent = sent;
                due.push(pace.due());
            }
        }
        assert!(due.windows(2).all(|pair| (333_332..=333_335).contains(&(pair[1] - pair[0]))));
        assert_eq!((due[0], due[3000]), (1_000_000, 1_001_000_000));
    }

    #[test]
    fn what_was_due_and_not_sent() {
        let mut pace = Pace::new(1000.0, 0, 1);
        pace.restart(5_000_000);
        assert_eq!(pace.backlog(4_000_000), 0);
        pace.sent = 4;
        assert_eq!(pace.backlog(14_500_000), 6, "due at 5 to 14 ms: ten, of which four were sent");
    }
}
