//! What one thread counts, and how the threads' counts become one.

use super::counts::{IdleCounts, Latency, Pacing, Waits};
use super::errors::Errors;
use crate::numbers::as_micros;
use hdrhistogram::Histogram;
use std::time::Duration;

/// The longest latency told apart from longer ones: a minute, in nanoseconds.
const LONGEST: u64 = 60_000_000_000;

/// Counts of the window: of one thread, and after [`Tally::merge`] of all.
#[derive(Clone, Debug)]
pub struct Tally {
    /// Correct responses that were completed in the window.
    pub requests: u64,
    /// Bytes of responses that arrived in it.
    pub bytes: u64,
    /// What went wrong in it.
    pub errors: Errors,
    /// Connections opened anew in it, after the server ended one or the time-out did.
    pub reconnects: u64,
    /// Client slots that had a connection at least once.
    pub opened: u64,
    /// Client slots that got at least one correct response in the window.
    pub served: u64,
    /// Of correct responses alone, nanoseconds: from the request's first byte (in close mode from the start of
    /// the connect) to the response's last.
    pub latency: Histogram<u64>,
    /// Requests that were given up when their time was out. How long they would have taken is unknown.
    pub timed_out: Waits,
    /// Requests under way when the window closed. In a closed loop there are always some.
    pub unanswered: Waits,
    /// CPU that each thread of the generator used in the window.
    pub cpu: Vec<Duration>,
    /// Correct responses in each tenth of the window, about: threads look at the clock every 10 ms.
    pub tenths: [u64; 10],
    /// How well a constant rate was kept.
    pub pacing: Pacing,
    /// What became of the clients that were silent or slow on purpose.
    pub idle: IdleCounts,
}

impl Tally {
    /// All counts zero.
    pub fn new() -> Self {
        // Three digits hold every figure to 0.1 %. The bounds are constants that hdrhistogram accepts.
        let latency = Histogram::new_with_bounds(1, LONGEST, 3)
            .unwrap_or_else(|error| unreachable!("constant bounds: {error}"));
        Self {
            requests: 0,
            bytes: 0,
            errors: Errors::default(),
            reconnects: 0,
            opened: 0,
            served: 0,
            latency,
            timed_out: Waits::default(),
            unanswered: Waits::default(),
            cpu: Vec::new(),
            tenths: [0; 10],
            pacing: Pacing::default(),
            idle: IdleCounts::default(),
        }
    }

    /// Adds what another thread counted.
    pub fn merge(&mut self, other: &Self) {
        self.requests += other.requests;
        self.bytes += other.bytes;
        self.errors.merge(&other.errors);
        self.reconnects += other.reconnects;
        self.opened += other.opened;
        self.served += other.served;
        self.timed_out.merge(&other.timed_out);
        self.unanswered.merge(&other.unanswered);
        // Equal bounds on both sides: nothing is out of range.
        let _ = self.latency.add(&other.latency);
        self.cpu.extend(&other.cpu);
        self.pacing.sent += other.pacing.sent;
        self.pacing.unsent += other.pacing.unsent;
        self.pacing.lag_total += other.pacing.lag_total;
        self.pacing.lag_max = self.pacing.lag_max.max(other.pacing.lag_max);
        self.tenths.iter_mut().zip(other.tenths).for_each(|(sum, part)| *sum += part);
    }

    /// Books what was answered since the last call to the tenth of the window that ends about now.
    pub(super) fn book_tenth(&mut self, elapsed: u64, window: u64) {
        let tenth = elapsed.saturating_mul(10) / window.max(1);
        let booked: u64 = self.tenths.iter().sum();
        self.tenths[tenth.min(9) as usize] += self.requests.saturating_sub(booked);
    }

    /// Requests in the slowest tenth over the mean: 1.0 is perfectly even. `None` when there are too few
    /// to tell.
    pub fn slowest_tenth(&self) -> Option<f64> {
        let all: u64 = self.tenths.iter().sum();
        let slowest = *self.tenths.iter().min()?;
        (all >= 1000).then(|| 10.0 * slowest as f64 / all as f64)
    }

    /// The latency that `quantile` of the samples do not exceed; `None` when fewer than 10 samples
    /// lie beyond it: one of them more or less would move it at will.
    pub fn percentile(&self, quantile: f64) -> Option<Duration> {
        let beyond = self.latency.len() as f64 * (1.0 - quantile);
        // The tolerance is for quantiles that binary fractions only come near to: 0.9 of 100 is 10 beyond.
        (beyond + 1e-6 >= 10.0)
            .then(|| Duration::from_nanos(self.latency.value_at_quantile(quantile)))
    }

    /// All of them, as files hold them.
    pub fn latencies(&self) -> Latency {
        let percentile = |quantile| self.percentile(quantile).map(as_micros);
        Latency {
            mean: as_micros(self.mean()),
            p50: percentile(0.5),
            p90: percentile(0.9),
            p99: percentile(0.99),
            p999: percentile(0.999),
            max: as_micros(self.max()),
        }
    }

    /// The mean latency; zero without samples.
    pub fn mean(&self) -> Duration {
        Duration::from_nanos(self.latency.mean() as u64)
    }

    /// The longest latency; zero without samples.
    pub fn max(&self) -> Duration {
        Duration::from_nanos(self.latency.max())
    }
}

impl Default for Tally {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::errors::Failure;

    fn tally(latencies: impl IntoIterator<Item = u64>) -> Tally {
        let mut tally = Tally::new();
        for nanos in latencies {
            tally.latency.saturating_record(nanos);
        }
        tally
    }

    #[test]
    fn a_percentile_needs_ten_samples_beyond_it() {
        let few = tally(1..=99);
        assert!(few.percentile(0.5).is_some() && few.percentile(0.9).is_none());
        let enough = tally(1..=100);
        assert_eq!(enough.percentile(0.9), Some(Duration::from_nanos(90)));
        assert_eq!(enough.percentile(0.99), None);
        assert_eq!(tally([]).percentile(0.5), None);
    }

    #[test]
    fn merging_adds_samples_and_keeps_the_oldest() {
        let (mut left, mut right) = (tally([1_000, 3_000]), tally([9_000_000]));
        right.errors.add(Failure::Timeout, 2);
        left.unanswered.add(1, 1_000_000_000);
        right.unanswered.add(3, 5_000_000_000);
        left.merge(&right);
        assert_eq!((left.latency.len(), left.errors.total(), left.unanswered.count), (3, 2, 4));
        let ages = (left.unanswered.mean(), left.unanswered.longest);
        assert_eq!(ages, (Duration::from_secs(4), Duration::from_secs(5)));
        // Three significant digits: within 0.1 %.
        assert!(left.max().as_nanos().abs_diff(9_000_000) < 9_000);
    }

    #[test]
    fn tenths_show_a_window_that_was_uneven() {
        let mut tally = Tally::new();
        for tenth in 0..10 {
            tally.requests += if tenth == 3 { 20 } else { 200 };
            tally.book_tenth(tenth * 100 + 99, 1000);
        }
        tally.book_tenth(1005, 1000);
        assert_eq!((tally.tenths[3], tally.tenths[9]), (20, 200));
        assert!((tally.slowest_tenth().unwrap() - 0.11).abs() < 0.01);
        assert_eq!(Tally::new().slowest_tenth(), None);
    }

    #[test]
    fn what_lasts_longer_than_a_minute_counts_as_a_minute() {
        let long = tally([u64::MAX]);
        assert!(long.max() >= Duration::from_secs(60));
    }
}
