//! A claim against a run.
//!
//! What is compared was measured in the same repeat. Repeats are interleaved, so that what happens to the machine in the
//! course of a run happens to all servers; two medians can still come from different repeats, one from before it
//! and one from after it. Of the repeats the one is told in which the comparison comes out in the middle.

use super::claim::{At, Claim, Quantity, Relation};
use crate::numbers::{self, micros};
use crate::results::{Group, Part, Results};

/// What a run says to a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is so, with the figures that come nearest to not being so.
    Held(String),
    /// It is not so, with the figures.
    DidNotHold(String),
    /// This machine or this run does not show it, because ...
    CannotBeTested(String),
}

impl Verdict {
    /// In one word or a few.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Held(_) => "held",
            Self::DidNotHold(_) => "did not hold",
            Self::CannotBeTested(_) => "cannot be tested here",
        }
    }

    /// The figures, or why not.
    pub fn why(&self) -> &str {
        match self {
            Self::Held(why) | Self::DidNotHold(why) | Self::CannotBeTested(why) => why,
        }
    }
}

/// Two values of one repeat.
struct Comparison {
    /// Connections on the left side, and on the right.
    at: [usize; 2],
    repeat: usize,
    left: f64,
    right: f64,
}

/// Holds `claim` against `results`.
pub fn judge(claim: &Claim, results: &Results) -> Verdict {
    if let Some(why) = hindrance(claim, results) {
        return Verdict::CannotBeTested(why);
    }
    let groups = results.groups();
    let groups: Vec<_> = groups
        .iter()
        .filter(|group| {
            let sample = group.median();
            // The matrix repeats `hello` in windows of its own, and a constant rate does not show what a server can do.
            let hello = claim.workload == "hello";
            let other = sample.part == Part::Rate || hello && sample.part != Part::Ladder;
            (&sample.workload, &sample.connection) == (&claim.workload, &claim.connection) && !other
        })
        .collect();
    let targets = || claim.left.targets().iter().chain(claim.right.targets());
    let has = |target: &String| groups.iter().any(|group| group.median().target == *target);
    if let Some(missing) = targets().find(|target| !has(target)) {
        let (workload, connection) = (&claim.workload, &claim.connection);
        return Verdict::CannotBeTested(format!("no row of {missing} on {workload}, {connection}"));
    }
    match comparisons(claim, &groups) {
        Err(why) => Verdict::CannotBeTested(why),
        Ok(comparisons) => doubted(claim, decide(claim, &comparisons), &comparisons, &groups),
    }
}

/// A claim about speed stands or falls with figures that can be trusted; how many clients were served shows even on a
/// machine where other programs work.
fn doubted(
    claim: &Claim,
    verdict: Verdict,
    comparisons: &[Comparison],
    groups: &[&Group<'_>],
) -> Verdict {
    if ["served", "connections", "errors"].contains(&claim.left.figure()) {
        return verdict;
    }
    let samples = groups.iter().flat_map(|group| &group.samples);
    let involved = samples.filter(|sample| {
        let mut targets = claim.left.targets().iter().chain(claim.right.targets());
        targets.any(|target| *target == sample.target)
            && comparisons
                .iter()
                .any(|it| it.repeat == sample.repeat && it.at.contains(&sample.connections))
    });
    match involved.flat_map(|sample| sample.doubts()).next() {
        None => verdict,
        Some(doubt) => {
            let would = if verdict.name() == "held" { "would hold" } else { "would not hold" };
            let why = verdict.why();
            Verdict::CannotBeTested(format!("{doubt}; by these figures it {would}: {why}"))
        }
    }
}

/// Why this machine or this run cannot tell.
fn hindrance(claim: &Claim, results: &Results) -> Option<String> {
    let cores = results.host.cores;
    if cores < claim.min_cores {
        return Some(format!("it needs {} cores and there are {cores}", claim.min_cores));
    }
    if let Some(most) = claim.max_cores.filter(|most| cores > *most) {
        return Some(format!("it is about {most} cores or fewer and there are {cores}"));
    }
    if claim.defaults_only && !results.config.stage_args.is_empty() {
        let args = results.config.stage_args.join(" ");
        return Some(format!("it is about the stages' defaults and they ran with {args}"));
    }
    None
}

/// The pairs of values that the claim is about.
fn comparisons(claim: &Claim, groups: &[&Group<'_>]) -> Result<Vec<Comparison>, String> {
    let mut levels: Vec<_> = groups.iter().map(|group| group.median().connections).collect();
    levels.sort_unstable();
    levels.dedup();
    let (Some(&lowest), Some(&highest)) = (levels.first(), levels.last()) else {
        return Err("the run has no rows".to_owned());
    };
    let pairs: Vec<_> = match claim.at {
        At::Each => levels.iter().map(|level| (*level, *level)).collect(),
        At::Highest => vec![(highest, highest)],
        At::HighestAgainstLowest if lowest == highest => {
            return Err(format!("it needs two connection counts and there is only {lowest}"));
        }
        At::HighestAgainstLowest => vec![(highest, lowest)],
    };
    let value = |quantity: &Quantity, level: usize, repeat: usize| {
        // Of several rows with as many connections the one with the most idle ones beside them.
        quantity.value(&|target, figure| {
            let of_level = groups.iter().filter(|group| {
                group.median().target == target && group.median().connections == level
            });
            let group = of_level.max_by_key(|group| group.median().idle)?;
            group.samples.iter().find(|sample| sample.repeat == repeat)?.figure(figure)
        })
    };
    let repeats = groups.iter().flat_map(|group| &group.samples).map(|sample| sample.repeat);
    let repeats = 0..=repeats.max().unwrap_or_default();
    let compare = |(left, right): (usize, usize)| {
        let of_repeat = |repeat| {
            let values =
                value(&claim.left, left, repeat).zip(value(&claim.right, right, repeat))?;
            let (a, b) = (values.0, values.1 * claim.times);
            Some(Comparison { at: [left, right], repeat, left: a, right: b })
        };
        let mut found: Vec<_> = repeats.clone().filter_map(of_repeat).collect();
        found.sort_by(|a, b| margin(claim, a).total_cmp(&margin(claim, b)));
        let middle = found.len().saturating_sub(1) / 2;
        let comparison = found.into_iter().nth(middle);
        comparison.ok_or_else(|| format!("a figure is missing at {left} connections"))
    };
    pairs.into_iter().map(compare).collect()
}

/// Less than one: it is not so. The more, the farther from not being so.
fn margin(claim: &Claim, Comparison { left, right, .. }: &Comparison) -> f64 {
    match claim.is {
        Relation::AtMost => right / left.max(f64::MIN_POSITIVE),
        Relation::AtLeast => left / right.max(f64::MIN_POSITIVE),
    }
}

/// All must be so; the one that comes nearest to not being so, or is farthest from it, is told.
fn decide(claim: &Claim, comparisons: &[Comparison]) -> Verdict {
    // Of equals the one with the most connections.
    let by_margin =
        |a: &&Comparison, b: &&Comparison| margin(claim, a).total_cmp(&margin(claim, b));
    let worst = comparisons.iter().rev().min_by(by_margin);
    let Some(Comparison { at: [left_at, right_at], left, right, .. }) = worst else {
        return Verdict::CannotBeTested("nothing to compare".to_owned());
    };
    let place = match left_at == right_at {
        true => format!("at {left_at} connections"),
        false => format!("{left_at} connections against {right_at}"),
    };
    let figure = claim.left.figure();
    let why = |sign: &str| {
        format!("{figure} {} {sign} {}, {place}", short(figure, *left), short(figure, *right))
    };
    match (claim.is.holds(*left, *right), claim.is) {
        (true, relation) => Verdict::Held(why(relation.sign())),
        (false, Relation::AtLeast) => Verdict::DidNotHold(why("<")),
        (false, Relation::AtMost) => Verdict::DidNotHold(why(">")),
    }
}

/// Times with their unit, counts as whole numbers, and what is small with two digits behind the point.
fn short(name: &str, figure: f64) -> String {
    match (name, figure) {
        ("mean" | "p50" | "p90" | "p99" | "p999" | "max" | "cpu", _) => micros(Some(figure)),
        (_, ..100.0) => format!("{}", (figure * 100.0).round() / 100.0),
        _ => numbers::grouped(figure),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::Sample;

    fn claim(text: &str) -> Claim {
        let rest = r#""id": "x", "text": "x", "connection": "close", "#;
        serde_json::from_str(&text.replacen('{', &format!("{{{rest}"), 1)).unwrap()
    }

    fn results(rows: &[(&str, usize, f64)]) -> Results {
        let row = |(target, connections, rps): &(&str, usize, f64)| Sample {
            target: (*target).to_owned(),
            workload: "hello".to_owned(),
            connection: "close".to_owned(),
            connections: *connections,
            rps: *rps,
            ..Sample::default()
        };
        let mut results = Results { rows: rows.iter().map(row).collect(), ..Results::default() };
        results.host.cores = 2;
        results
    }

    const FASTER: &str = r#"{"left": {"of": "b", "figure": "rps"}, "is": "at-least", "times": 1.6,
        "right": {"of": "a", "figure": "rps"}}"#;

    #[test]
    fn it_must_be_so_at_every_level() {
        let claim = claim(FASTER);
        let held = results(&[("a", 5, 100.0), ("b", 5, 160.0), ("a", 9, 10.0), ("b", 9, 17.0)]);
        assert_eq!(judge(&claim, &held), Verdict::Held("rps 160 ≥ 160, at 5 connections".into()));
        let not = results(&[("a", 5, 100.0), ("b", 5, 160.0), ("a", 9, 10.0), ("b", 9, 15.0)]);
        let Verdict::DidNotHold(why) = judge(&claim, &not) else { panic!() };
        assert_eq!(why, "rps 15 < 16, at 9 connections");
    }

    #[test]
    fn what_was_measured_at_different_times_is_not_compared() {
        // The machine slows down in the third repeat; the median of a is from before, that of b from after.
        let mut rows = results(&[
            ("a", 5, 100.0),
            ("b", 5, 170.0),
            ("a", 5, 101.0),
            ("b", 5, 110.0),
            ("a", 5, 60.0),
            ("b", 5, 100.0),
        ]);
        for (number, row) in rows.rows.iter_mut().enumerate() {
            row.repeat = number / 2;
        }
        assert_eq!(
            judge(&claim(FASTER), &rows),
            Verdict::Held("rps 100 ≥ 96, at 5 connections".into())
        );
        rows.rows[4].rps = 70.0;
        assert!(matches!(judge(&claim(FASTER), &rows), Verdict::DidNotHold(_)));
    }

    #[test]
    fn what_cannot_be_tested_says_why() {
        let why =
            |text: &str, rows: &[(&str, usize, f64)]| match judge(&claim(text), &results(rows)) {
                Verdict::CannotBeTested(why) => why,
                other => panic!("{other:?}"),
            };
        assert!(why(FASTER, &[("a", 5, 1.0)]).contains("no row of b"));
        let cores = FASTER.replacen('{', r#"{"min_cores": 8, "#, 1);
        assert!(why(&cores, &[]).contains("needs 8 cores"));
        let growth = FASTER.replacen('{', r#"{"at": "highest-against-lowest", "#, 1);
        assert!(why(&growth, &[("a", 5, 1.0), ("b", 5, 1.0)]).contains("two connection counts"));
        let cpu = FASTER.replace("rps", "cpu");
        assert!(why(&cpu, &[("a", 5, 1.0), ("b", 5, 1.0)]).contains("a figure is missing"));
    }

    #[test]
    fn figures_that_are_not_trusted_decide_nothing_but_who_was_served() {
        let mut rows = results(&[("a", 5, 100.0), ("b", 5, 160.0)]);
        rows.rows[0]
            .evidence
            .insert("doubts".to_owned(), serde_json::json!(["others were at work"]));
        let Verdict::CannotBeTested(why) = judge(&claim(FASTER), &rows) else { panic!() };
        assert!(why.starts_with("others were at work; by these figures it would hold: "), "{why}");
        let served = judge(&claim(&FASTER.replace("rps", "served")), &rows);
        assert!(matches!(served, Verdict::Held(_)));
    }

    #[test]
    fn lowest_and_highest_of_several_and_growth() {
        let spread = r#"{"left": {"lowest_of": ["a", "b"], "figure": "rps"}, "is": "at-least", "times": 0.75,
            "right": {"highest_of": ["a", "b"], "figure": "rps"}}"#;
        let rows = results(&[("a", 5, 100.0), ("b", 5, 76.0)]);
        assert!(matches!(judge(&claim(spread), &rows), Verdict::Held(_)));
        let growth = r#"{"at": "highest-against-lowest", "left": {"of": "a", "figure": "rps"},
            "is": "at-most", "right": {"of": "a", "figure": "rps"}}"#;
        let rows = results(&[("a", 5, 100.0), ("a", 50, 101.0)]);
        assert!(matches!(judge(&claim(growth), &rows), Verdict::DidNotHold(_)));
    }

    #[test]
    fn a_misspelt_condition_is_an_error() {
        let text = r#"{"id": "x", "text": "x", "connection": "close", "min_core": 2, "left": 1,
            "is": "at-least", "right": 1}"#;
        assert!(serde_json::from_str::<Claim>(text).is_err());
    }
}
