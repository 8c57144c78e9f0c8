//! Whether memory leaks: the straight line through its samples, and how steep the line may be.

use anyhow::{Result, ensure};
use std::fmt;
use std::time::Duration;

/// In less time a slope means nothing: an allocator takes memory in steps, and one step in a short
/// window looks like a leak.
const MEANINGFUL: Duration = Duration::from_secs(60);

/// How much memory may grow in a minute, in KiB: about a KiB per second. Less than that is seen only in
/// a run of hours.
const PER_MINUTE: f64 = 64.0;

/// How much memory may grow in all, in KiB: a heap that takes one more step, once, does not leak.
const IN_ALL: f64 = 1024.0;

/// How memory changed in the second half of a run. In the first, heaps and caches fill.
#[derive(Clone, Copy, Debug)]
pub struct Growth {
    /// How long the second half was.
    pub window: Duration,
    /// How steep its line is, in KiB per minute.
    pub per_minute: f64,
    /// The highest less the lowest, in KiB: clients come and go, and memory with them.
    pub swing: f64,
}

impl Growth {
    /// The growth in a run that took `time`; each sample is a time since its start, and KiB.
    pub fn of(samples: &[(Duration, u64)], time: Duration) -> Self {
        let window = time / 2;
        let half: Vec<_> = samples
            .iter()
            .filter(|(at, _)| *at >= window)
            .map(|(at, kib)| (at.as_secs_f64() / 60.0, *kib as f64))
            .collect();
        let kib = || half.iter().map(|(_, kib)| *kib);
        let swing = kib().reduce(f64::max).zip(kib().reduce(f64::min));
        let swing = swing.map_or(0.0, |(high, low)| high - low);
        Self { window, per_minute: slope(&half), swing }
    }

    fn is_meaningful(&self) -> bool {
        self.window >= MEANINGFUL
    }

    fn in_all(&self) -> f64 {
        self.per_minute * self.window.as_secs_f64() / 60.0
    }

    /// Whether it is no leak. Memory that only goes up and down has a slope too, by chance, but not one that makes up most of
    /// the swing.
    ///
    /// # Errors
    /// When memory grows, and the time was long enough to tell.
    pub fn check(&self) -> Result<()> {
        let grows = self.per_minute > PER_MINUTE && self.in_all() > IN_ALL.max(self.swing / 2.0);
        ensure!(
            !(grows && self.is_meaningful()),
            "memory grows: {self}, {:.0} KiB in all; allowed are {PER_MINUTE} KiB per minute, or {IN_ALL} KiB in all",
            self.in_all()
        );
        Ok(())
    }
}

impl fmt::Display for Growth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { window, per_minute, swing } = self;
        write!(
            f,
            "{per_minute:+.0} KiB per minute in the last {window:.0?}, a swing of {swing:.0}"
        )?;
        if !self.is_meaningful() {
            write!(f, " (too short to mean anything: that takes {MEANINGFUL:?})")?;
        }
        Ok(())
    }
}

/// The slope of the straight line that fits best (least squares).
fn slope(samples: &[(f64, f64)]) -> f64 {
    let count = samples.len().max(1) as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| samples.iter().map(of).sum::<f64>() / count;
    let (x, y) = (mean(|sample| sample.0), mean(|sample| sample.1));
    let both: f64 = samples.iter().map(|sample| (sample.0 - x) * (sample.1 - y)).sum();
    let square: f64 = samples.iter().map(|sample| (sample.0 - x).powi(2)).sum();
    if square > 0.0 { both / square } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slope_is_that_of_the_line() {
        assert_eq!(slope(&[(0.0, 5.0), (1.0, 7.0), (2.0, 9.0)]), 2.0);
        // Not through any of the samples: the best fit.
        assert_eq!(slope(&[(0.0, 0.0), (1.0, 3.0), (2.0, 0.0), (3.0, 3.0)]), 0.6);
        assert_eq!((slope(&[]), slope(&[(1.0, 1.0)])), (0.0, 0.0));
    }

    #[test]
    fn what_fills_in_the_first_half_does_not_count() {
        let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
        let samples = [0, 5000, 9000, 9010, 9020].into_iter().zip(0..);
        let samples: Vec<_> = samples.map(|(kib, minute)| (minutes(minute), kib)).collect();
        let growth = Growth::of(&samples, minutes(4));
        assert_eq!((growth.window, growth.per_minute, growth.swing), (minutes(2), 10.0, 20.0));
    }

    #[test]
    fn only_a_steady_growth_over_a_long_time_is_a_leak() {
        for (seconds, per_minute, swing, leaks) in [
            (60, 1100.0, 1100.0, true),
            (59, 1100.0, 1100.0, false),
            (60, 1000.0, 1000.0, false),
            (3600, 65.0, 4000.0, true),
            (3600, 65.0, 8000.0, false),
            (3600, 63.0, 4000.0, false),
            (3600, -5000.0, 9000.0, false),
        ] {
            let growth = Growth { window: Duration::from_secs(seconds), per_minute, swing };
            assert_eq!(growth.check().is_err(), leaks, "{growth}");
            assert_eq!(growth.to_string().contains("too short"), seconds < 60);
        }
    }
}
