//! How far two servers differ, and how sure that is.
//!
//! Repeats are interleaved: in each of them every server is measured once, within a minute. What changes from minute to
//! minute (heat, neighbours on the machine) changes all of them alike and falls out of the *ratio within a repeat*. So the
//! ratios are compared and not the figures: rows that differ by 15 % from repeat to repeat can have a ratio that is known
//! to 1 %. Ratios multiply, so their logarithms are averaged; Student's t says how far the mean may be from the truth.

use super::group::Group;
use super::sample::Sample;
use std::fmt;

/// Below so many repeats, nothing is said to differ: an interval from four ratios is wider than most differences.
pub const ENOUGH: usize = 5;

/// How many times as large a figure is as another: an estimate, and the interval that holds the truth 19 times in 20.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ratio {
    /// The geometric mean.
    pub mean: f64,
    /// Lower end of the 95 % interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Repeats in which the figure is larger, or smaller, as the mean has it.
    pub agree: usize,
    /// Repeats in all.
    pub repeats: usize,
}

impl Ratio {
    /// Of pairs of positive figures, one for each repeat; `None` of fewer than two.
    pub fn of(pairs: &[(f64, f64)]) -> Option<Self> {
        let logs: Vec<_> = pairs.iter().map(|(a, b)| (a / b).ln()).collect();
        if logs.len() < 2 || logs.iter().any(|log| !log.is_finite()) {
            return None;
        }
        let count = logs.len() as f64;
        let mean = logs.iter().sum::<f64>() / count;
        let variance = logs.iter().map(|log| (log - mean).powi(2)).sum::<f64>() / (count - 1.0);
        let half = student(logs.len() - 1) * (variance / count).sqrt();
        let agree = logs.iter().filter(|log| **log * mean > 0.0).count();
        let (low, high) = ((mean - half).exp(), (mean + half).exp());
        Some(Self { mean: mean.exp(), low, high, agree, repeats: logs.len() })
    }

    /// Of two servers of one run, by what is known of both in the same repeat.
    pub fn within(
        a: &Group<'_>,
        b: &Group<'_>,
        figure: impl Fn(&Sample) -> Option<f64>,
    ) -> Option<Self> {
        let partner = |sample: &Sample| {
            let other = b.samples.iter().find(|other| other.repeat == sample.repeat)?;
            // A group whose repeats were all disturbed shows them, and nothing is concluded from them.
            (!sample.doubtful && !other.doubtful).then_some(())?;
            figure(sample).zip(figure(other))
        };
        Self::of(&a.samples.iter().filter_map(|sample| partner(sample)).collect::<Vec<_>>())
    }

    /// The same ratio in a unit that is `by` times as small.
    #[must_use]
    pub fn times(self, by: f64) -> Self {
        Self { mean: self.mean * by, low: self.low * by, high: self.high * by, ..self }
    }

    /// In one sentence's end: `1.05 × nginx (1.02 to 1.11, 5 of 5 repeats)`.
    pub fn beside(&self, other: &str) -> String {
        let few = if self.repeats < ENOUGH { ": too few to tell it from chance" } else { "" };
        format!("{:.2} × {other} ({}{few})", self.mean, self.interval())
    }

    /// `1.02 to 1.11, 5 of 5 repeats`.
    pub fn interval(&self) -> String {
        let Self { low, high, agree, repeats, .. } = self;
        format!("{low:.2} to {high:.2}, {agree} of {repeats} repeats")
    }

    /// Whether the two differ: the interval leaves out 1, and there were enough repeats.
    pub fn differs(&self) -> bool {
        self.repeats >= ENOUGH && (self.low > 1.0 || self.high < 1.0)
    }
}

/// `1.05 × (1.02 to 1.11, 5 of 5 repeats)`.
impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.2} × ({})", self.mean, self.interval())
    }
}

/// How many times as many requests per second one serves as another: by the ratios within repeats, and without repeats by the
/// figures themselves. `None` where one of them serves nothing.
pub fn times(one: &Group<'_>, other: &Group<'_>) -> Option<f64> {
    match Ratio::within(one, other, served) {
        Some(ratio) => Some(ratio.mean),
        None => Some(served(one.median())? / served(other.median())?),
    }
}

/// Requests per second, where there were any.
pub fn served(sample: &Sample) -> Option<f64> {
    Some(sample.load.rps).filter(|rps| *rps > 0.0)
}

/// Student's t: so many standard errors on both sides of a mean hold the truth 19 times in 20.
fn student(freedom: usize) -> f64 {
    const TABLE: [f64; 30] = [
        12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160,
        2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056,
        2.052, 2.048, 2.045, 2.042,
    ];
    TABLE.get(freedom.saturating_sub(1)).copied().unwrap_or(1.96)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_drifts_for_both_falls_out() {
        let drift = [1.0, 1.3, 0.8, 1.1, 0.9];
        let pairs: Vec<_> = drift.iter().map(|by| (105.0 * by, 100.0 * by)).collect();
        let ratio = Ratio::of(&pairs).unwrap();
        assert_eq!(ratio.beside("nginx"), "1.05 × nginx (1.05 to 1.05, 5 of 5 repeats)");
        assert_eq!(ratio.times(2.0).to_string(), "2.10 × (2.10 to 2.10, 5 of 5 repeats)");
        assert!(
            Ratio::of(&pairs[..4])
                .unwrap()
                .beside("nginx")
                .ends_with("repeats: too few to tell it from chance)")
        );
        assert!(ratio.differs() && !Ratio::of(&pairs[..4]).unwrap().differs(), "too few repeats");
        let unknown = [(1.0, 0.0), (1.0, 1.0)];
        assert_eq!((Ratio::of(&pairs[..1]), Ratio::of(&unknown)), (None, None));
    }

    #[test]
    fn the_interval_is_students() {
        // Logarithms 0.1, 0.2, 0.3: mean 0.2, standard error 0.1 / √3, t = 4.303.
        let pairs = [0.1_f64, 0.2, 0.3].map(|log| (log.exp(), 1.0));
        let ratio = Ratio::of(&pairs).unwrap();
        assert!((ratio.mean.ln() - 0.2).abs() < 1e-9);
        assert!((ratio.high.ln() - 0.2 - 4.303 * 0.1 / 3_f64.sqrt()).abs() < 1e-9);
        assert_eq!((student(1), student(30), student(31)), (12.706, 2.042, 1.96));
    }
}
