//! What happened in each second of the window.

use serde::Serialize;

/// One of them.
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
    /// In their order, up to the last in which something happened.
    pub parts: Vec<Second>,
    booked: Second,
}

impl Series {
    /// Counts what came since the last call in the part `index`, which ends about now. `sums`: all since the window
    /// opened. Says what is new.
    pub(super) fn book(&mut self, index: usize, sums: Second) -> Second {
        if self.parts.len() <= index {
            self.parts.resize(index + 1, Second::default());
        }
        let new = Second {
            requests: sums.requests - self.booked.requests,
            errors: sums.errors - self.booked.errors,
        };
        self.parts[index].add(new);
        self.booked = sums;
        new
    }

    pub(super) fn merge(&mut self, other: &Self) {
        let length = self.parts.len().max(other.parts.len());
        self.parts.resize(length, Second::default());
        self.parts.iter_mut().zip(&other.parts).for_each(|(sum, part)| sum.add(*part));
    }
}

impl Second {
    pub(super) fn add(&mut self, other: Self) {
        self.requests += other.requests;
        self.errors += other.errors;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_new_belongs_to_the_part_that_it_came_in() {
        let mut series = Series::default();
        let sums = |requests| Second { requests, errors: 1 };
        series.book(0, sums(5));
        let new = series.book(2, sums(12));
        assert_eq!((new.requests, new.errors), (7, 0));
        series.book(2, sums(13));
        let requests: Vec<_> = series.parts.iter().map(|part| part.requests).collect();
        assert_eq!(requests, [5, 0, 8]);
        let mut sum = Series::default();
        sum.merge(&series);
        sum.merge(&series);
        assert_eq!(sum.parts[2].requests, 16);
    }
}
