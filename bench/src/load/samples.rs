//! What one thread counts, and how the threads' counts become one.

use super::counts::{IdleCounts, Pacing, Waits, percentile};
use super::errors::{Errors, Failure};
use super::series::{Second, Series};
use hdrhistogram::Histogram;
use std::collections::BTreeMap;
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
    /// Responses that were completed in it, by status code, right or wrong.
    pub status_codes: BTreeMap<u16, u64>,
    /// What went wrong in it.
    pub errors: Errors,
    /// When the first error occurred, in nanoseconds of the load's clock, and what it was.
    pub first_error: Option<(u64, String)>,
    /// Connections opened anew in it, after the server ended one or the time-out did.
    pub reconnects: u64,
    /// Client slots that had a connection at least once.
    pub opened: u64,
    /// Client slots that got at least one correct response in the window.
    pub served: u64,
    /// Of correct responses alone, nanoseconds: from the request's first byte (in close mode from the start of
    /// the connect) to the response's last.
    pub latency: Histogram<u64>,
    /// Of correct responses, from the request's first byte to the response's first.
    pub first_byte: Histogram<u64>,
    /// Latencies of responses that came in several pieces, until [`Tally::settle`] adds them to the others.
    in_pieces: Option<Box<Histogram<u64>>>,
    /// From the start of a connect to the first byte that the connection took, of all connections, of those before the
    /// window as well.
    pub connect: Histogram<u64>,
    /// Requests that were given up when their time was out. How long they would have taken is unknown.
    pub timed_out: Waits,
    /// Requests under way when the window closed. In a closed loop there are always some.
    pub unanswered: Waits,
    /// CPU that each thread of the generator used in the window.
    pub cpu: Vec<Duration>,
    /// Correct responses in each tenth of the window.
    pub(super) tenths: [u64; 10],
    /// What happened in each second.
    pub series: Series,
    /// How well a constant rate was kept.
    pub pacing: Pacing,
    /// What became of the clients that were silent or slow on purpose.
    pub idle: IdleCounts,
}

/// All counts zero.
impl Default for Tally {
    fn default() -> Self {
        Self {
            requests: 0,
            bytes: 0,
            status_codes: BTreeMap::new(),
            errors: Errors::default(),
            first_error: None,
            reconnects: 0,
            opened: 0,
            served: 0,
            latency: histogram(3),
            first_byte: histogram(2),
            in_pieces: None,
            connect: histogram(2),
            timed_out: Waits::default(),
            unanswered: Waits::default(),
            cpu: Vec::new(),
            tenths: [0; 10],
            series: Series::default(),
            pacing: Pacing::default(),
            idle: IdleCounts::default(),
        }
    }
}

impl Tally {
    /// Adds what another thread counted.
    pub fn merge(&mut self, other: &Self) {
        self.requests += other.requests;
        self.bytes += other.bytes;
        for (code, count) in &other.status_codes {
            *self.status_codes.entry(*code).or_default() += count;
        }
        self.errors.merge(&other.errors);
        let errors = [&self.first_error, &other.first_error].into_iter().flatten();
        self.first_error = errors.min().cloned();
        self.reconnects += other.reconnects;
        self.opened += other.opened;
        self.served += other.served;
        self.timed_out.merge(&other.timed_out);
        self.unanswered.merge(&other.unanswered);
        // Equal bounds on both sides: nothing is out of range.
        let _ = self.latency.add(&other.latency);
        let _ = self.first_byte.add(&other.first_byte);
        let _ = self.connect.add(&other.connect);
        self.tenths.iter_mut().zip(other.tenths).for_each(|(sum, part)| *sum += part);
        self.series.merge(&other.series);
        self.cpu.extend(&other.cpu);
        self.pacing.merge(&other.pacing);
    }

    /// Counts `count` requests that went wrong `at` this moment; `text` tells how.
    pub(super) fn fail(
        &mut self,
        failure: Failure,
        count: u64,
        at: u64,
        text: impl FnOnce() -> String,
    ) {
        self.errors.add(failure, count);
        self.first_error.get_or_insert_with(|| (at, text()));
    }

    /// Counts a correct response, complete `now`. `first_byte`: when the first piece of it came; zero if it is whole, as
    /// most are, for which one histogram is enough.
    pub(super) fn succeed(&mut self, since: u64, first_byte: u64, now: u64) {
        self.requests += 1;
        let latency = now.saturating_sub(since);
        if first_byte == 0 {
            self.latency.saturating_record(latency);
        } else {
            self.first_byte.saturating_record(first_byte.saturating_sub(since));
            let in_pieces = self.in_pieces.get_or_insert_with(|| Box::new(histogram(3)));
            in_pieces.saturating_record(latency);
        }
    }

    /// Makes the two histograms whole, at the end: a response in one piece is in both with the same time.
    pub(super) fn settle(&mut self) {
        // Equal bounds on both sides: nothing is out of range.
        let _ = self.first_byte.add(&self.latency);
        if let Some(in_pieces) = self.in_pieces.take() {
            let _ = self.latency.add(*in_pieces);
        }
    }

    /// Requests that came to an end, whichever.
    pub(super) fn ended(&self) -> Second {
        Second { requests: self.requests, errors: self.errors.total() }
    }

    /// Requests in the slowest tenth over the mean: 1.0 is perfectly even. `None` when there are too few
    /// to tell.
    pub fn slowest_tenth(&self) -> Option<f64> {
        let (all, slowest) = (self.tenths.iter().sum::<u64>(), *self.tenths.iter().min()?);
        (all >= 1000).then(|| 10.0 * slowest as f64 / all as f64)
    }

    /// The latency that `quantile` of the samples do not exceed; `None` when too few lie beyond it to tell.
    pub fn percentile(&self, quantile: f64) -> Option<Duration> {
        percentile(&self.latency, quantile)
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

/// So many digits are right; three hold a figure to 0.1 %.
fn histogram(digits: u8) -> Histogram<u64> {
    // The bounds are constants that hdrhistogram accepts.
    Histogram::new_with_bounds(1, LONGEST, digits)
        .unwrap_or_else(|error| unreachable!("constant bounds: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(latencies: impl IntoIterator<Item = u64>) -> Tally {
        let mut tally = Tally::default();
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
    fn the_first_error_of_all_threads_is_told() {
        let (mut left, mut right) = (Tally::default(), Tally::default());
        left.fail(Failure::Read, 1, 20, || "later".to_owned());
        right.fail(Failure::Status, 1, 10, || "status 503".to_owned());
        right.fail(Failure::Status, 1, 11, || unreachable!());
        left.merge(&right);
        assert_eq!(left.first_error, Some((10, "status 503".to_owned())));
    }

    #[test]
    fn tenths_show_a_window_that_was_uneven() {
        let mut tally = Tally { tenths: [200; 10], ..Tally::default() };
        tally.tenths[3] = 20;
        assert!((tally.slowest_tenth().unwrap() - 0.11).abs() < 0.01);
        assert_eq!(Tally::default().slowest_tenth(), None);
    }
}
