//! A claim against a run.

use super::claim::{Claim, Relation};
use super::comparison::{Comparison, comparisons, margin};
use crate::numbers::{self, micros};
use crate::results::{Group, Part, Results, Sample};

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

/// Holds `claim` against `results`.
pub fn judge(claim: &Claim, results: &Results) -> Verdict {
    let decided = || {
        hindrance(claim, results)?;
        let groups = results.groups();
        let groups: Vec<_> =
            groups.iter().filter(|group| is_about(claim, group.median())).collect();
        let has = |target: &String| groups.iter().any(|group| group.median().target == *target);
        if let Some(missing) = targets(claim).find(|target| !has(target)) {
            let (workload, connection) = (&claim.workload, &claim.connection);
            return Err(format!("no row of {missing} on {workload}, {connection}"));
        }
        let comparisons = comparisons(claim, &groups)?;
        let verdict = decide(claim, &comparisons)?;
        undoubted(claim, verdict, &comparisons, &groups)
    };
    decided().unwrap_or_else(Verdict::CannotBeTested)
}

/// The servers that a claim compares.
fn targets(claim: &Claim) -> impl Iterator<Item = &String> {
    claim.left.targets().iter().chain(claim.right.targets())
}

/// Whether a row is of the claim's workload and mode. The matrix repeats `hello` in windows of its own, a constant
/// rate does not show what a server can do, and a control is another server.
fn is_about(claim: &Claim, sample: &Sample) -> bool {
    let other = matches!(sample.part, Part::Rate | Part::Controls)
        || claim.workload == "hello" && sample.part != Part::Ladder;
    (&sample.workload, &sample.connection) == (&claim.workload, &claim.connection) && !other
}

/// A claim about speed stands or falls with figures that can be trusted; how many clients were served shows even on a
/// machine where other programs work.
fn undoubted(
    claim: &Claim,
    verdict: Verdict,
    comparisons: &[Comparison],
    groups: &[&Group<'_>],
) -> Result<Verdict, String> {
    if ["served", "connections", "errors"].contains(&claim.left.figure()) {
        return Ok(verdict);
    }
    let is_compared = |sample: &&&Sample| {
        targets(claim).any(|target| *target == sample.target)
            && comparisons
                .iter()
                .any(|it| it.repeat == sample.repeat && it.at.contains(&sample.connections))
    };
    let samples = groups.iter().flat_map(|group| &group.samples).filter(is_compared);
    match samples.flat_map(|sample| sample.doubts()).next() {
        None => Ok(verdict),
        Some(doubt) => {
            let would = if verdict.name() == "held" { "would hold" } else { "would not hold" };
            Err(format!("{doubt}; by these figures it {would}: {}", verdict.why()))
        }
    }
}

/// Says why this machine or this run cannot tell.
fn hindrance(claim: &Claim, results: &Results) -> Result<(), String> {
    let (cores, args) = (results.host.cores, &results.config.stage_args);
    if cores < claim.min_cores {
        return Err(format!("it needs {} cores and there are {cores}", claim.min_cores));
    }
    if let Some(most) = claim.max_cores.filter(|most| cores > *most) {
        return Err(format!("it is about {most} cores or fewer and there are {cores}"));
    }
    if claim.defaults_only && !args.is_empty() {
        let args = args.join(" ");
        return Err(format!("it is about the stages' defaults and they ran with {args}"));
    }
    Ok(())
}

/// All must hold. The comparison that comes nearest to failing, or fails by most, is told.
fn decide(claim: &Claim, comparisons: &[Comparison]) -> Result<Verdict, String> {
    // Of equals, the comparison with the most connections.
    let by_margin =
        |a: &&Comparison, b: &&Comparison| margin(claim, a).total_cmp(&margin(claim, b));
    let worst = comparisons.iter().rev().min_by(by_margin).ok_or("nothing to compare")?;
    let (left, right, figure) = (worst.left, worst.right, claim.left.figure());
    let place = match worst.at {
        [one, other] if one == other => format!("at {one} connections"),
        [one, other] => format!("{one} connections against {other}"),
    };
    let why = |sign: &str| {
        format!("{figure} {} {sign} {}, {place}", short(figure, left), short(figure, right))
    };
    Ok(match (claim.is.holds(left, right), claim.is) {
        (true, relation) => Verdict::Held(why(relation.sign())),
        (false, Relation::AtLeast) => Verdict::DidNotHold(why("<")),
        (false, Relation::AtMost) => Verdict::DidNotHold(why(">")),
    })
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
    use crate::results::Figures;

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
            load: Figures { rps: *rps, ..Figures::default() },
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
        let rps =
            [("a", 100.0), ("b", 170.0), ("a", 101.0), ("b", 110.0), ("a", 60.0), ("b", 100.0)];
        let mut rows = results(&rps.map(|(target, rps)| (target, 5, rps)));
        for (number, row) in rows.rows.iter_mut().enumerate() {
            row.repeat = number / 2;
        }
        assert_eq!(
            judge(&claim(FASTER), &rows),
            Verdict::Held("rps 100 ≥ 96, at 5 connections".into())
        );
        rows.rows[4].load.rps = 70.0;
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
