//! Clients with think time: each waits between a response and its next request, as users do.
//!
//! In a closed loop of N clients that think for Z, X = N / (R + Z) requests come per second (the interactive response time
//! law). The time is drawn anew each time: with a constant one, clients that were answered together would ask together
//! again, for ever.

use crate::numbers::Random;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

/// How long clients think.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Think {
    /// On average.
    pub mean: Duration,
    /// Always so long; otherwise uniformly distributed between half of it and one and a half.
    pub fixed: bool,
}

/// One thread's clients that think, by when they will have thought.
pub(super) struct Thinkers {
    think: Think,
    random: Random,
    due: BinaryHeap<Reverse<(u64, usize)>>,
}

impl Thinkers {
    /// No client thinks yet.
    pub(super) fn new(think: Think, seed: u64) -> Self {
        Self { think, random: Random::new(seed), due: BinaryHeap::new() }
    }

    /// The client in `slot` begins to think, `now`.
    pub(super) fn add(&mut self, slot: usize, now: u64) {
        let due = now + self.time();
        self.due.push(Reverse((due, slot)));
    }

    /// When the next one will have thought.
    pub(super) fn next(&self) -> Option<u64> {
        self.due.peek().map(|Reverse((due, _))| *due)
    }

    /// Takes a client that has thought by `now`.
    pub(super) fn take(&mut self, now: u64) -> Option<usize> {
        self.next().filter(|due| *due <= now)?;
        self.due.pop().map(|Reverse((_, slot))| slot)
    }

    fn time(&mut self) -> u64 {
        let mean = self.think.mean.as_nanos() as f64;
        let factor = if self.think.fixed { 1.0 } else { 0.5 + self.random.fraction() };
        (mean * factor) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_is_around_the_mean_or_just_that() {
        let times = |fixed| {
            let think = Think { mean: Duration::from_micros(10), fixed };
            let mut thinkers = Thinkers::new(think, 7);
            (0..1000).map(|_| thinkers.time()).collect::<Vec<_>>()
        };
        assert!(times(true).iter().all(|time| *time == 10_000));
        let drawn = times(false);
        assert!(drawn.iter().all(|time| (5_000..15_000).contains(time)));
        let mean = drawn.iter().sum::<u64>() / 1000;
        assert!((9_500..10_500).contains(&mean), "{mean}");
        assert!(drawn.iter().min() < Some(&5_500) && drawn.iter().max() > Some(&14_500));
    }

    #[test]
    fn the_first_that_has_thought_is_the_first_to_ask() {
        let think = Think { mean: Duration::from_nanos(100), fixed: true };
        let mut thinkers = Thinkers::new(think, 7);
        thinkers.add(3, 20);
        thinkers.add(4, 10);
        assert_eq!((thinkers.next(), thinkers.take(109)), (Some(110), None));
        assert_eq!(
            (thinkers.take(120), thinkers.take(120), thinkers.take(120)),
            (Some(4), Some(3), None)
        );
    }
}
