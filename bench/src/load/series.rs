//! What happened in each second of the window.

use serde::Serialize;

const SECOND: u64 = 1_000_000_000;

/// One second, or what the window had of its last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Second {
    /// Correct responses.
    pub requests: u64,
    #[allow(missing_docs)]
    pub errors: u64,
}

/// All of them. Threads look at the clock every 10 ms: a response may be counted so much later than it came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Series {
    /// In their order.
    pub seconds: Vec<Second>,
    booked: Second,
}

impl Series {
    /// Counts what came since the last call in the second that ends about now, `elapsed` nanoseconds after the window
    /// opened. `sums`: all since then. Says what is new.
    pub(super) fn book(&mut self, elapsed: u64, window: u64, sums: Second) -> Second {
        let index = (elapsed.min(window.saturating_sub(1)) / SECOND) as usize;
        if self.seconds.len() <= index {
            self.seconds.resize(index + 1, Second::default());
        }
        let new = Second {
            requests: sums.requests - self.booked.requests,
            errors: sums.errors - self.booked.errors,
        };
        self.seconds[index].add(new);
        self.booked = sums;
        new
    }

    pub(super) fn merge(&mut self, other: &Self) {
        let length = self.seconds.len().max(other.seconds.len());
        self.seconds.resize(length, Second::default());
        self.seconds.iter_mut().zip(&other.seconds).for_each(|(sum, part)| sum.add(*part));
    }
}

impl Second {
    fn add(&mut self, other: Self) {
        self.requests += other.requests;
        self.errors += other.errors;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_new_belongs_to_the_second_that_it_came_in() {
        let mut series = Series::default();
        let (window, sums) = (2_500_000_000, |requests| Second { requests, errors: 1 });
        series.book(900_000_000, window, sums(5));
        let new = series.book(2_100_000_000, window, sums(12));
        assert_eq!((new.requests, new.errors), (7, 0));
        // The last look is a little late, and the window's end belongs to no second of its own.
        series.book(3_010_000_000, window, sums(13));
        let requests: Vec<_> = series.seconds.iter().map(|second| second.requests).collect();
        assert_eq!(requests, [5, 0, 8]);
        let mut sum = Series::default();
        sum.merge(&series);
        sum.merge(&series);
        assert_eq!(sum.seconds[2].requests, 16);
    }
}
