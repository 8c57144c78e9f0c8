//! A constant rate: requests are due at moments that are planned beforehand, and each is timed from the moment
//! that it was due, whether a connection was free to send it or not.
//!
//! In a closed loop a server that stops for a while gets no requests meanwhile, so that its pause shows in
//! one response per connection. Here it shows in every request that was due.

use super::plan::Arrivals;
use crate::numbers::{self, Random};
use std::collections::VecDeque;

/// One thread's share of the plan.
pub(super) struct Pace {
    /// Nanoseconds from one request of this thread to the next.
    interval: f64,
    /// When its first one is due.
    start: f64,
    /// How many have been sent since.
    sent: u64,
    /// Where gaps are random: what they are drawn from, and when the next request is due.
    gaps: Option<Gaps>,
    /// Clients with nothing to do, and since when; the longest idle first: all of them are used in turn.
    pub(super) free: VecDeque<(usize, u64)>,
}

#[derive(Clone)]
struct Gaps {
    random: Random,
    next: f64,
}

impl Gaps {
    fn advance(&mut self, interval: f64) {
        self.next += interval * self.random.exponential();
    }
}

impl Pace {
    /// The share of thread `index` of `threads` in `rate` requests per second. At constant gaps the threads take turns;
    /// several Poisson processes are one together.
    pub(super) fn new(rate: f64, arrivals: Arrivals, index: usize, threads: usize) -> Self {
        let interval = 1e9 * threads as f64 / rate;
        let start = interval * index as f64 / threads as f64;
        let is_poisson = arrivals == Arrivals::Poisson;
        let gaps = is_poisson.then(|| Gaps { random: Random::new(numbers::seed()), next: start });
        Self { interval, start, sent: 0, gaps, free: VecDeque::new() }
    }

    /// When the next request is due. Computed from the start, so that no error adds up.
    pub(super) fn due(&self) -> u64 {
        match &self.gaps {
            Some(gaps) => gaps.next as u64,
            None => (self.start + self.interval * self.sent as f64) as u64,
        }
    }

    /// The request that is due was sent.
    pub(super) fn advance(&mut self) {
        self.sent += 1;
        if let Some(gaps) = &mut self.gaps {
            gaps.advance(self.interval);
        }
    }

    /// Begins anew at `now`, forgetting what could not be sent so far.
    pub(super) fn restart(&mut self, now: u64) {
        let phase = self.start % self.interval;
        (self.start, self.sent) = (now as f64 + phase, 0);
        if let Some(gaps) = &mut self.gaps {
            gaps.next = now as f64;
            gaps.advance(self.interval);
        }
    }

    /// How many requests are due by `now` and were not sent.
    pub(super) fn backlog(&self, now: u64) -> u64 {
        if let Some(mut gaps) = self.gaps.clone() {
            let mut due = 0;
            while gaps.next < now as f64 {
                gaps.advance(self.interval);
                due += 1;
            }
            return due;
        }
        let due = (now as f64 - self.start) / self.interval;
        (due.max(0.0).ceil() as u64).saturating_sub(self.sent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_take_turns_and_no_error_adds_up() {
        let mut paces = [0, 1].map(|index| Pace::new(3000.0, Arrivals::Constant, index, 2));
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
    fn random_gaps_keep_the_rate_and_differ() {
        let mut pace = Pace::new(1000.0, Arrivals::Poisson, 0, 1);
        pace.restart(5_000_000);
        let backlog = pace.backlog(10_005_000_000);
        // A hundred is the standard deviation of a count of 10,000.
        assert!((9_400..10_600).contains(&backlog), "{backlog}");
        let mut gaps = Vec::new();
        for _ in 0..1000 {
            let due = pace.due();
            pace.advance();
            gaps.push(pace.due() - due);
        }
        assert_eq!(pace.backlog(10_005_000_000), backlog - 1000);
        let short = gaps.iter().filter(|gap| **gap < 693_147).count();
        assert!(
            (400..600).contains(&short),
            "half of the gaps are shorter than ln 2 of the mean: {short}"
        );
    }

    #[test]
    fn what_was_due_and_not_sent() {
        let mut pace = Pace::new(1000.0, Arrivals::Constant, 0, 1);
        pace.restart(5_000_000);
        assert_eq!(pace.backlog(4_000_000), 0);
        pace.sent = 4;
        assert_eq!(pace.backlog(14_500_000), 6, "due at 5 to 14 ms: ten, of which four were sent");
    }
}
