//! Whether memory leaks: what a server needs in the last quarter of a run, beside the quarter before.

use crate::numbers::median;
use anyhow::{Result, ensure};
use std::fmt;
use std::time::Duration;

/// In quarters shorter than that a difference means nothing: an allocator takes memory in steps, and one step in a short
/// time looks like a leak.
const MEANINGFUL: Duration = Duration::from_secs(30);

/// How much memory may grow in a minute, in KiB: about a KiB per second. Less than that is seen only in
/// a run of hours.
const PER_MINUTE: f64 = 64.0;

/// How much memory may grow from quarter to quarter, in KiB: a heap that takes one more step, once, does not leak.
const STEP: f64 = 512.0;

/// How memory changed in the second half of a run: in the first, heaps and caches fill. Clients come and go, and memory
/// with them, so the medians of two quarters are compared.
#[derive(Clone, Copy, Debug)]
pub struct Growth {
    /// How long a quarter of the run was.
    pub quarter: Duration,
    /// From the median of the third quarter to the median of the last, in KiB.
    pub kib: f64,
    /// The most of both quarters less the least, in KiB.
    pub swing: f64,
}

impl Growth {
    /// The growth in a run that took `time`; each sample is a time since its start, and KiB.
    pub fn of(samples: &[(Duration, u64)], time: Duration) -> Self {
        let quarter = time / 4;
        let middle = |from: Duration, to: Duration| {
            let within = samples.iter().filter(|(at, _)| (from..to).contains(at));
            median(&mut within.map(|(_, kib)| *kib).collect::<Vec<_>>(), Ord::cmp)
        };
        let medians = middle(2 * quarter, 3 * quarter).zip(middle(3 * quarter, Duration::MAX));
        let kib = medians.map_or(0.0, |(third, last)| last as f64 - third as f64);
        let half = || samples.iter().filter(|(at, _)| *at >= 2 * quarter).map(|(_, kib)| *kib);
        let swing = half().max().unwrap_or(0) - half().min().unwrap_or(0);
        Self { quarter, kib, swing: swing as f64 }
    }

    /// Whether it is no leak. Where memory only goes up and down, medians differ too, by chance, but by a small part of that.
    ///
    /// # Errors
    /// When memory grows, and the time was long enough to tell.
    pub fn check(&self) -> Result<()> {
        let slow = PER_MINUTE * self.quarter.as_secs_f64() / 60.0;
        let allowed = STEP.max(slow).max(self.swing / 4.0);
        let grows = self.kib > allowed && self.quarter >= MEANINGFUL;
        ensure!(!grows, "memory grows: {self}; allowed are {allowed:.0} KiB");
        Ok(())
    }
}

impl fmt::Display for Growth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { quarter, kib, swing } = self;
        write!(
            f,
            "{kib:+.0} KiB from the third quarter to the last, of {quarter:.0?} each, a swing of {swing:.0}"
        )?;
        if *quarter < MEANINGFUL {
            write!(f, " (too short to mean anything: that takes {MEANINGFUL:?})")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The growth of a run of so many seconds, with `kib` of memory at each.
    fn growth(seconds: u64, kib: impl Fn(u64) -> u64) -> Growth {
        let samples: Vec<_> =
            (0..seconds).map(|second| (Duration::from_secs(second), kib(second))).collect();
        Growth::of(&samples, Duration::from_secs(seconds))
    }

    #[test]
    fn only_a_steady_growth_over_a_long_time_is_a_leak() {
        let leaks = |seconds, kib: fn(u64) -> u64| growth(seconds, kib).check().is_err();
        assert!(leaks(120, |second| 9000 + 20 * second));
        assert!(!leaks(119, |second| 9000 + 20 * second), "too short");
        assert!(!leaks(120, |second| 9000 + 10 * second), "no more than a step");
        assert!(!leaks(3600, |second| 9000 + second), "no more than a KiB per second");
        let swinging = |second| 9000 + 1500 * (second / 2700) + 16_000 * u64::from(second % 7 == 0);
        assert!(!leaks(3600, swinging), "up and down");
        assert!(!leaks(3600, |second| 900_000 - 20 * second), "less and less");
    }

    #[test]
    fn what_fills_in_the_first_half_does_not_count() {
        let filling = growth(400, |second| 9000 + 50 * second.min(190));
        assert_eq!((filling.kib, filling.quarter), (0.0, Duration::from_secs(100)));
        assert!(!filling.to_string().contains("too short"), "{filling}");
        assert!(growth(0, |_| 0).to_string().contains("too short"));
    }
}
