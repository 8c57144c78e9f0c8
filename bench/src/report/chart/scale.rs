//! From a figure to a place on an axis.

/// How figures are spread over an axis.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Spread {
    Even,
    /// Equal factors are equally far.
    Log,
    /// Like `Log`, but with a place for zero.
    LogFromZero,
    /// Each further nine of a percentile is equally far.
    Nines,
}

/// An axis: from `low` to `high`, with ticks.
#[derive(Clone, Debug)]
pub struct Scale {
    spread: Spread,
    low: f64,
    high: f64,
    /// Where lines and labels stand, rising.
    pub ticks: Vec<f64>,
}

impl Scale {
    /// From zero to a round figure at or above `high`, in about five even steps.
    pub fn even(high: f64) -> Self {
        let rough = (high / 5.0).max(1e-9);
        let power = 10_f64.powf(rough.log10().floor());
        let factor = [1.0, 2.0, 2.5, 5.0, 10.0].into_iter().find(|step| step * power >= rough);
        let step = factor.unwrap_or(10.0) * power;
        let steps = (high / step).ceil().max(1.0) as usize;
        let ticks: Vec<_> = (0..=steps).map(|index| index as f64 * step).collect();
        Self { spread: Spread::Even, low: 0.0, high: step * steps as f64, ticks }
    }

    /// From the round figure at or below `low` to the one at or above `high`: 1, 2, 5, 10, 20, ...
    pub fn log(low: f64, high: f64) -> Self {
        let low = low.max(1e-9);
        let rounds: Vec<_> = (-9..15)
            .flat_map(|power| [1.0, 2.0, 5.0].map(|digit| digit * 10_f64.powi(power)))
            .collect();
        // The tolerance is for 0.1 and its like, which binary fractions only come near to.
        let first = rounds.iter().rposition(|round| *round <= low * 1.0001).unwrap_or(0);
        let last = rounds.iter().position(|round| *round >= high * 0.9999);
        // Also of nothing at all there is an axis: from the infinite to zero.
        let first = first.min(rounds.len() - 2);
        let last = last.unwrap_or(rounds.len() - 1).max(first + 1);
        let all = &rounds[first..=last];
        // Three labels per power of ten are too many over more than two of them.
        let sparse = all.len() > 9;
        let is_power = |tick: &f64| (tick.log10() - tick.log10().round()).abs() < 1e-9;
        let ticks = all.iter().copied().filter(|tick| !sparse || is_power(tick)).collect();
        Self { spread: Spread::Log, low: all[0], high: all[all.len() - 1], ticks }
    }

    /// With ticks at `levels` and nowhere else.
    pub fn levels(levels: &[usize]) -> Self {
        let mut ticks: Vec<_> = levels.iter().map(|level| *level as f64).collect();
        ticks.sort_by(f64::total_cmp);
        ticks.dedup();
        let (low, high) =
            (ticks.first().copied().unwrap_or(1.0), ticks.last().copied().unwrap_or(1.0));
        let spread = if low > 0.0 { Spread::Log } else { Spread::LogFromZero };
        Self { spread, low, high, ticks }
    }

    /// Percentiles from 0 to `high`, below 1.
    pub fn nines(high: f64) -> Self {
        let ticks = [0.0, 0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999];
        let ticks = ticks.into_iter().filter(|tick| *tick <= high + 1e-9).collect();
        Self { spread: Spread::Nines, low: 0.0, high, ticks }
    }

    /// 0 at the axis' beginning, 1 at its end; figures beyond stay at the ends.
    pub fn place(&self, figure: f64) -> f64 {
        let bend = |figure: f64| match self.spread {
            Spread::Even => figure,
            Spread::Log => figure.max(1e-9).ln(),
            Spread::LogFromZero => figure.max(0.0).ln_1p(),
            Spread::Nines => -(1.0 - figure).max(1e-9).ln(),
        };
        let (low, high) = (bend(self.low), bend(self.high));
        if high <= low {
            return 0.5;
        }
        ((bend(figure) - low) / (high - low)).clamp(0.0, 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn even_scales_end_at_round_figures() {
        assert_eq!(Scale::even(87_510.0).ticks.last(), Some(&100_000.0));
        assert_eq!(Scale::even(9.3).ticks, [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]);
        assert_eq!(Scale::even(10.0).place(5.0), 0.5);
        assert!(Scale::even(0.0).place(0.0) == 0.0);
    }

    #[test]
    fn log_scales_enclose_their_figures() {
        let scale = Scale::log(37.0, 1500.0);
        assert_eq!(scale.ticks, [20.0, 50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0]);
        assert_eq!(Scale::log(0.1, 20_000.0).ticks.len(), 6);
        assert_eq!(Scale::log(5.0, 5.0).ticks, [5.0, 10.0]);
        assert_eq!(Scale::log(f64::MAX, 0.0).ticks.len(), 2);
        assert!((Scale::log(1.0, 100.0).place(10.0) - 0.5).abs() < 1e-9);
    }

    #[test]
    fn levels_may_be_one_or_begin_at_zero() {
        assert_eq!(Scale::levels(&[50]).place(50.0), 0.5);
        let scale = Scale::levels(&[0, 1000]);
        assert_eq!((scale.place(0.0), scale.place(1000.0)), (0.0, 1.0));
    }

    #[test]
    fn nines_are_equally_far() {
        let scale = Scale::nines(0.999);
        assert!((scale.place(0.99) - 2.0 / 3.0).abs() < 1e-9);
        assert_eq!(scale.ticks, [0.0, 0.5, 0.9, 0.99, 0.999]);
    }
}
