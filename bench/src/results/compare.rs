//! Two runs side by side, and whether they differ by more than their repeats do.

use super::Results;
use super::group::{Group, Range};
use super::sample::Sample;

/// One trial that both runs have.
#[derive(Debug)]
pub struct Pair<'a> {
    /// Of the first run.
    pub a: &'a Sample,
    /// Of the second.
    pub b: &'a Sample,
    /// Whether requests per second differ.
    pub rps: Verdict,
    /// Whether the server's CPU per request differs.
    pub cpu: Verdict,
}

/// What two ranges of repeats say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// A figure is missing.
    Unknown,
    /// Two single figures always lie apart, which says nothing.
    OneRunOnly,
    /// Their ranges have a point in common.
    Same,
    /// No repeat of one run reaches any of the other.
    Differs,
}

impl Verdict {
    /// As tables name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unknown => "-",
            Self::OneRunOnly => "one run only",
            Self::Same => "same",
            Self::Differs => "differs",
        }
    }

    fn of(a: &Group<'_>, b: &Group<'_>, figure: &dyn Fn(&Sample) -> Option<f64>) -> Self {
        let ranges: Option<(Range, Range)> = a.range(figure).zip(b.range(figure));
        match ranges {
            None => Self::Unknown,
            Some(_) if a.samples.len().min(b.samples.len()) < 2 => Self::OneRunOnly,
            Some((a, b)) if a.overlaps(&b) => Self::Same,
            Some(_) => Self::Differs,
        }
    }
}

/// The trials that both have, in the order of `a`.
pub fn pairs<'a>(a: &'a Results, b: &'a Results) -> Vec<Pair<'a>> {
    let right = b.groups();
    let pair = |one: Group<'a>| {
        let other = right.iter().find(|group| group.is_of(one.median()))?;
        let rps = Verdict::of(&one, other, &|sample| Some(sample.load.rps));
        let cpu = Verdict::of(&one, other, &|sample| sample.server_cpu_us);
        Some(Pair { a: one.median(), b: other.median(), rps, cpu })
    };
    a.groups().into_iter().filter_map(pair).collect()
}

/// Why figures of two runs may differ although the servers do not.
pub fn warnings(a: &Results, b: &Results) -> Vec<&'static str> {
    let few = a.config.repeat.min(b.config.repeat) < 3;
    let all = [
        (a.host != b.host, "two machines: compare the factors between servers, not the figures"),
        (a.source.servers != b.source.servers, "the servers' sources are not the same"),
        (
            few,
            "a range needs --repeat 3 or more on both sides; without it no difference can be told",
        ),
        (a.interrupted || b.interrupted, "a run was interrupted"),
    ];
    all.into_iter().filter(|(is_so, _)| *is_so).map(|(_, warning)| warning).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::Figures;

    fn run(rps: &[f64]) -> Results {
        let row = |rps: &f64| {
            let load = Figures { rps: *rps, ..Figures::default() };
            Sample { target: "floor".into(), load, ..Sample::default() }
        };
        Results { rows: rps.iter().map(row).collect(), ..Results::default() }
    }

    #[test]
    fn only_ranges_that_do_not_overlap_differ() {
        for (a, b, verdict) in [
            ([100.0, 110.0, 120.0].as_slice(), [119.0, 130.0, 140.0].as_slice(), Verdict::Same),
            (&[100.0, 110.0, 120.0], &[121.0, 132.0, 140.0], Verdict::Differs),
            (&[100.0], &[200.0], Verdict::OneRunOnly),
        ] {
            let (a, b) = (run(a), run(b));
            let pairs = pairs(&a, &b);
            assert_eq!((pairs[0].rps, pairs[0].cpu), (verdict, Verdict::Unknown), "{a:?} {b:?}");
        }
    }

    #[test]
    fn what_only_one_has_is_left_out_and_what_hinders_is_said() {
        let (one, mut other) = (run(&[1.0]), run(&[1.0]));
        other.rows[0].connections = 7;
        assert!(pairs(&one, &other).is_empty());
        other.host.cores = 64;
        other.source.servers = "x".into();
        let warnings = warnings(&one, &other);
        assert!(warnings[0].contains("two machines") && warnings[1].contains("sources"));
    }
}
