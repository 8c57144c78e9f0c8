//! From a figure to a place on an axis.

/// An axis: from `low` to `high`, with ticks.
#[derive(Clone, Debug)]
pub struct Scale {
    /// Whether equal factors are equally far, about: zero has a place too.
    log: bool,
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
        Self { log: false, low: 0.0, high: step * steps as f64, ticks }
    }

    /// With ticks at `levels` and nowhere else.
    pub fn levels(levels: &[usize]) -> Self {
        let mut ticks: Vec<_> = levels.iter().map(|level| *level as f64).collect();
        ticks.sort_by(f64::total_cmp);
        ticks.dedup();
        let end = |end: Option<&f64>| end.copied().unwrap_or(1.0);
        Self { log: true, low: end(ticks.first()), high: end(ticks.last()), ticks }
    }

    /// 0 at the axis' beginning, 1 at its end; figures beyond stay at the ends.
    pub fn place(&self, figure: f64) -> f64 {
        let bend = |figure: f64| if self.log { figure.max(0.0).ln_1p() } else { figure };
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
    fn levels_may_be_one_or_begin_at_zero() {
        assert_eq!(Scale::levels(&[50]).place(50.0), 0.5);
        let scale = Scale::levels(&[0, 1000]);
        assert_eq!((scale.place(0.0), scale.place(1000.0)), (0.0, 1.0));
        assert!(Scale::levels(&[]).ticks.is_empty());
    }
}
