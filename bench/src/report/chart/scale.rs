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
    /// What stands there instead of figures; as many, or none.
    names: Vec<&'static str>,
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
        Self { log: false, low: 0.0, high: step * steps as f64, ticks, names: Vec::new() }
    }

    /// With ticks at `levels` and nowhere else.
    pub fn levels(levels: impl IntoIterator<Item = f64>) -> Self {
        let mut ticks: Vec<_> = levels.into_iter().collect();
        ticks.sort_by(f64::total_cmp);
        ticks.dedup();
        let end = |end: Option<&f64>| end.copied().unwrap_or(1.0);
        let (low, high) = (end(ticks.first()), end(ticks.last()));
        Self { log: true, low, high, ticks, names: Vec::new() }
    }

    /// With these at its ticks.
    pub fn named(self, names: impl Into<Vec<&'static str>>) -> Self {
        Self { names: names.into(), ..self }
    }

    /// What stands at the tick of this number; figures as they are written.
    pub fn label(&self, tick: usize, written: fn(f64) -> String) -> String {
        let figure = || self.ticks.get(tick).map_or(String::new(), |tick| written(*tick));
        self.names.get(tick).map_or_else(figure, |name| (*name).to_owned())
    }

    /// Times from the power of ten at or below `low` to that at or above `high`, in microseconds; to 10 s at most, as no
    /// response is waited for longer.
    pub fn times(low: f64, high: f64) -> Self {
        const POWERS: [f64; 7] = [1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7];
        const NAMES: [&str; 7] = ["10 µs", "100 µs", "1 ms", "10 ms", "100 ms", "1 s", "10 s"];
        let first = POWERS.iter().rposition(|power| *power <= low).unwrap_or(0);
        let last = POWERS.iter().position(|power| *power >= high).unwrap_or(POWERS.len() - 1);
        let range = first..=last.max(first);
        Self::levels(POWERS[range.clone()].iter().copied()).named(&NAMES[range])
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
    fn an_axis_may_have_one_tick_or_none() {
        assert!(Scale::even(0.0).place(0.0) == 0.0);
        assert_eq!(Scale::levels([50.0]).place(50.0), 0.5);
        assert!(Scale::levels([]).ticks.is_empty());
        let ticks = |low, high| Scale::times(low, high).ticks.len();
        assert_eq!((ticks(0.0, 0.0), ticks(0.0, 1e9), ticks(1e9, 1e9)), (1, 7, 1));
    }
}
