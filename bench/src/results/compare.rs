//! Two runs side by side, and whether they differ by more than their repeats do. Their repeats were not made in the same
//! minute, so what drifted from one run to the other counts as a difference: within a run nothing does.

use super::group::Group;
use super::sample::Sample;
use super::statistics::{ENOUGH, Ratio};
use super::{Config, Results};
use crate::numbers::distinct;

/// One trial that both runs have, and how many times as much the second has of a figure.
#[derive(Debug)]
pub struct Pair<'a> {
    /// Of the first run.
    pub a: &'a Sample,
    /// Of the second.
    pub b: &'a Sample,
    /// Requests per second; `None` without repeats.
    pub rps: Option<Ratio>,
    /// The server's CPU per request; `None` without repeats, or where it is not known.
    pub cpu: Option<Ratio>,
}

impl Pair<'_> {
    /// Whether there are repeats enough to tell a difference from chance.
    pub fn is_judged(&self) -> bool {
        [self.rps, self.cpu].into_iter().flatten().any(|ratio| ratio.repeats >= ENOUGH)
    }

    /// Whether the second run is slower, or dearer in CPU time, by more than chance.
    pub fn is_regression(&self) -> bool {
        let differs = |ratio: &Option<Ratio>| ratio.filter(Ratio::differs);
        differs(&self.rps).is_some_and(|rps| rps.mean < 1.0)
            || differs(&self.cpu).is_some_and(|cpu| cpu.mean > 1.0)
    }
}

/// The trials that both have, part by part as `a` has them, and in the order of its tables.
pub fn pairs<'a>(a: &'a Results, b: &'a Results) -> Vec<Pair<'a>> {
    let right = b.groups();
    let pair = |one: Group<'a>| {
        let other = right.iter().find(|group| group.is_of(one.median()))?;
        let rps = Ratio::within(other, &one, |sample| Some(sample.load.rps));
        let cpu = Ratio::within(other, &one, |sample| sample.server_cpu_us);
        Some(Pair { a: one.median(), b: other.median(), rps, cpu })
    };
    let parts = distinct(a.rows.iter().map(|row| row.part));
    parts.into_iter().flat_map(|part| a.trials(part)).filter_map(pair).collect()
}

/// Why figures of two runs may differ although the servers do not.
pub fn warnings(a: &Results, b: &Results) -> Vec<&'static str> {
    let asked = |run: &Results| {
        let Config { seconds, threads, pin, stage_args, .. } = run.config.clone();
        (seconds.to_bits(), threads, pin, stage_args)
    };
    let few = a.config.repeat.min(b.config.repeat) < ENOUGH;
    let all = [
        (a.host != b.host, "two machines: compare the factors between servers, not the figures"),
        (a.source.servers != b.source.servers, "the servers' sources are not the same"),
        (
            a.began != b.began,
            "two runs: a drift between them looks the same; `run --also NAME=URL` compares within repeats",
        ),
        (
            asked(a) != asked(b),
            "not asked for alike: --duration, --threads, --pin, or what the stages were told",
        ),
        (few, "with fewer than 5 repeats in either run no difference is told from chance"),
        (a.interrupted || b.interrupted, "a run was interrupted"),
    ];
    all.into_iter().filter(|(is_so, _)| *is_so).map(|(_, warning)| warning).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::{Figures, Part};

    fn run(rps: &[f64]) -> Results {
        let row = |(repeat, rps): (usize, &f64)| {
            let load = Figures { rps: *rps, ..Figures::default() };
            Sample { target: "floor".into(), repeat, load, ..Sample::default() }
        };
        Results { rows: rps.iter().enumerate().map(row).collect(), ..Results::default() }
    }

    #[test]
    fn slower_in_every_repeat_is_a_regression_and_one_repeat_shows_nothing() {
        let base = [100.0, 110.0, 120.0, 90.0, 95.0];
        let by = |factors: [f64; 5]| run(&[0, 1, 2, 3, 4].map(|at| base[at] * factors[at]));
        let is_regression = |b: &Results| pairs(&run(&base), b)[0].is_regression();
        assert!(is_regression(&by([0.95, 0.94, 0.96, 0.95, 0.95])));
        assert!(!is_regression(&by([1.05, 1.04, 1.06, 1.05, 1.05])), "faster");
        assert!(!is_regression(&by([0.9, 1.1, 0.95, 1.04, 0.97])), "by chance");
        let (one, two) = (run(&[100.0]), run(&[50.0]));
        assert!(pairs(&one, &two)[0].rps.is_none() && !pairs(&one, &two)[0].is_regression());
        let judged = |repeats: usize| pairs(&run(&base[..repeats]), &run(&base))[0].is_judged();
        assert_eq!([1, 4, 5].map(judged), [false, false, true]);
    }

    #[test]
    fn servers_stand_in_the_order_of_a_runs_tables() {
        // The seed decides in which order they ran.
        let row = |target: &str, part| Sample { target: target.into(), part, ..Sample::default() };
        let rows = ["stage2", "stage1", "floor"].map(|target| row(target, Part::Ladder));
        let further = ["stage1", "stage2"].map(|target| row(target, Part::Matrix));
        let targets = ["stage1", "stage2", "floor"].map(str::to_owned).to_vec();
        let config = Config { targets, ..Config::default() };
        let run = Results { config, rows: [&rows[..], &further].concat(), ..Results::default() };
        let pairs = pairs(&run, &run);
        let order: Vec<_> = pairs.iter().map(|pair| (pair.a.part, &*pair.a.target)).collect();
        let [ladder, matrix] = [Part::Ladder, Part::Matrix];
        let of_ladder = ["stage1", "stage2", "floor"].map(|target| (ladder, target));
        let of_matrix = ["stage1", "stage2"].map(|target| (matrix, target));
        assert_eq!(order, [&of_ladder[..], &of_matrix].concat());
    }

    #[test]
    fn what_only_one_has_is_left_out_and_what_hinders_is_said() {
        let (one, mut other) = (run(&[1.0]), run(&[1.0]));
        other.rows[0].connections = 7;
        assert!(pairs(&one, &other).is_empty());
        other.host.cores = 64;
        other.source.servers = "x".into();
        let alike = warnings(&one, &other).len();
        other.config.stage_args = vec!["--threads=8".into()];
        let warnings = warnings(&one, &other);
        assert_eq!(warnings.len(), alike + 1, "{warnings:?}");
        assert!(warnings[0].contains("two machines") && warnings[1].contains("sources"));
    }
}
