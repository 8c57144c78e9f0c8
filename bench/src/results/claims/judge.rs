//! A claim against a run.

use super::claim::{Claim, Relation};
use super::comparison::{Comparison, comparisons};
use crate::numbers;
use crate::results::statistics::{ENOUGH, Ratio};
use crate::results::{Part, Results, Sample};

/// What a claim came to; the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// It is not so.
    DidNotHold,
    /// This machine or this run does not show it.
    CannotBeTested,
    /// It is so.
    Held,
}

/// What a run says to a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// What it came to.
    pub outcome: Outcome,
    /// The figures that come nearest to the other outcome, or why the claim cannot be tested.
    pub why: String,
}

impl Verdict {
    fn is_so(holds: bool, why: String) -> Self {
        let outcome = if holds { Outcome::Held } else { Outcome::DidNotHold };
        Self { outcome, why }
    }

    fn cannot_be_tested(why: String) -> Self {
        Self { outcome: Outcome::CannotBeTested, why }
    }

    /// The outcome in one word or a few.
    pub fn name(&self) -> &'static str {
        match self.outcome {
            Outcome::Held => "held",
            Outcome::DidNotHold => "did not hold",
            Outcome::CannotBeTested => "cannot be tested here",
        }
    }
}

/// Holds `claim` against `results`.
pub fn judge(claim: &Claim, results: &Results) -> Verdict {
    let decided = || {
        hindrance(claim, results)?;
        if claim.left.figure().starts_with(PROFILE) {
            return by_profiles(claim, results);
        }
        let groups = results.groups();
        let groups: Vec<_> =
            groups.iter().filter(|group| is_about(claim, group.median())).collect();
        let has = |target: &String| groups.iter().any(|group| group.median().target == *target);
        if let Some(missing) = targets(claim).find(|target| !has(target)) {
            let (workload, connection) = (&claim.workload, &claim.connection);
            return Err(format!("no row of {missing} on {workload}, {connection}"));
        }
        Ok(decide(&comparisons(claim, &groups)?))
    };
    decided().unwrap_or_else(Verdict::cannot_be_tested)
}

/// A figure of this kind is a layer of a server's profile, in µs per request: `profile.read`.
const PROFILE: &str = "profile.";

/// Holds `claim` against the layers that perf saw: one look, of hundreds of samples and more.
fn by_profiles(claim: &Claim, results: &Results) -> Result<Verdict, String> {
    let mut doubts =
        targets(claim).filter_map(|name| results.profile(name)).flat_map(|of| &of.doubts);
    if let Some(doubt) = doubts.next() {
        return Err(doubt.clone());
    }
    let layer = |target: &str, figure: &str| {
        let profile = results.profile(target).filter(|profile| profile.is_by_layer())?;
        profile.layer(figure.strip_prefix(PROFILE)?)
    };
    let values = claim.left.value(&layer).zip(claim.right.value(&layer));
    let (left, right) = values.ok_or("the run has no profile by perf of these servers")?;
    let right = right * claim.times;
    let name = claim.left.figure().trim_start_matches(PROFILE);
    let why = format!("{name} {left:.1} µs a request, claimed {} {right:.1} µs", claim.is.sign());
    Ok(Verdict::is_so(claim.is.holds(left, right), why))
}

/// The servers that a claim compares.
fn targets(claim: &Claim) -> impl Iterator<Item = &String> {
    claim.left.target().into_iter().chain(claim.right.target())
}

/// Whether a row is of the claim's workload and mode. The matrix repeats `hello` in windows of its own, a constant
/// rate does not show what a server can do, and a control is another server.
fn is_about(claim: &Claim, sample: &Sample) -> bool {
    let other =
        !sample.part.is_claimed() || claim.workload == "hello" && sample.part != Part::Ladder;
    (&sample.workload, &sample.connection) == (&claim.workload, &claim.connection) && !other
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

/// The claim must be so at all connection counts. Of those where it is not, else where that cannot be told, else of all,
/// the comparison is told that is nearest to failing, or fails by most; of equals, that with the most connections.
fn decide(comparisons: &[Comparison<'_>]) -> Verdict {
    let verdict = |comparison: &Comparison<'_>| (comparison.margin(), at_one_place(comparison));
    let verdicts = comparisons.iter().rev().map(verdict);
    let worst = verdicts.min_by(|a, b| a.1.outcome.cmp(&b.1.outcome).then(a.0.total_cmp(&b.0)));
    let nothing = || Verdict::cannot_be_tested("nothing to compare".to_owned());
    worst.map_or_else(nothing, |(_, verdict)| verdict)
}

/// A count is what it is in the middle repeat. A figure of speed is told from the claim's bound when the whole interval of
/// their ratio lies on one side, and never by fewer than [`ENOUGH`] repeats that nothing speaks against.
fn at_one_place(comparison: &Comparison<'_>) -> Verdict {
    let (holds, figures) = (comparison.holds(), comparison.told());
    if comparison.claim.left.is_counted() {
        return Verdict::is_so(holds, figures);
    }
    if comparison.trusted < ENOUGH {
        let repeats = numbers::counted(comparison.trusted, "repeat");
        let few = || format!("{repeats}, and it takes {ENOUGH} to tell a difference from chance");
        let why = comparison.doubt.clone().unwrap_or_else(few);
        let would = if holds { "would hold" } else { "would not hold" };
        return Verdict::cannot_be_tested(format!("{why}; by these figures it {would}: {figures}"));
    }
    let ratio = comparison.ratio();
    let Some(Ratio { low, high, .. }) = ratio else { return Verdict::is_so(holds, figures) };
    match comparison.claim.is {
        Relation::AtLeast if low >= 1.0 => Verdict::is_so(true, figures),
        Relation::AtMost if high <= 1.0 => Verdict::is_so(true, figures),
        _ if low <= 1.0 && high >= 1.0 => {
            Verdict::cannot_be_tested(format!("not told from chance: {figures}"))
        }
        _ => Verdict::is_so(false, figures),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::Figures;
    use serde_json::json;

    fn claim(text: &str) -> Claim {
        let rest = r#""id": "x", "text": "x", "connection": "close", "#;
        serde_json::from_str(&text.replacen('{', &format!("{{{rest}"), 1)).unwrap()
    }

    /// Five repeats, in which the machine is not always as fast.
    fn results(rows: &[(&str, usize, f64)]) -> Results {
        repeats(&[1.0, 1.02, 0.7, 1.01, 0.99], rows)
    }

    fn repeats(speeds: &[f64], rows: &[(&str, usize, f64)]) -> Results {
        let row = |repeat, speed: f64, (target, connections, rps): (&str, usize, f64)| Sample {
            target: target.to_owned(),
            workload: "hello".to_owned(),
            connection: "close".to_owned(),
            connections,
            repeat,
            load: Figures { rps: rps * speed, served: connections as u64, ..Figures::default() },
            ..Sample::default()
        };
        let mut results = Results::default();
        for (repeat, speed) in speeds.iter().enumerate() {
            results.rows.extend(rows.iter().map(|it| row(repeat, *speed, *it)));
        }
        results.host.cores = 2;
        results
    }

    const FASTER: &str = r#"{"left": {"of": "b", "figure": "rps"}, "is": "at-least", "times": 1.6,
        "right": {"of": "a", "figure": "rps"}}"#;

    /// Judges, and gives the reason of the outcome that is expected.
    #[track_caller]
    fn why(outcome: Outcome, claim_text: &str, results: &Results) -> String {
        let verdict = judge(&claim(claim_text), results);
        assert_eq!(verdict.outcome, outcome, "{}", verdict.why);
        verdict.why
    }

    #[test]
    fn it_must_be_so_at_every_level() {
        let held = results(&[("a", 5, 100.0), ("b", 5, 165.0), ("a", 9, 10.0), ("b", 9, 17.0)]);
        let told = "rps 1.65 × (1.65 to 1.65, 5 of 5 repeats), claimed ≥ 1.6 ×, at 5 connections";
        assert_eq!(why(Outcome::Held, FASTER, &held), told);
        let not = results(&[("a", 5, 100.0), ("b", 5, 160.0), ("a", 9, 10.0), ("b", 9, 15.0)]);
        let why = why(Outcome::DidNotHold, FASTER, &not);
        assert!(why.starts_with("rps 1.50 × ") && why.ends_with("at 9 connections"), "{why}");
    }

    #[test]
    fn what_lies_on_both_sides_of_the_bound_is_not_told_from_chance() {
        let mut rows = results(&[("a", 5, 100.0), ("b", 5, 162.0)]);
        (rows.rows[1].load.rps, rows.rows[3].load.rps) = (150.0, 170.0);
        let why = why(Outcome::CannotBeTested, FASTER, &rows);
        assert!(why.starts_with("not told from chance: rps 1.6"), "{why}");
    }

    #[test]
    fn a_count_needs_no_repeats_and_a_figure_of_speed_five() {
        let rows = repeats(&[1.0, 1.0], &[("a", 5, 100.0), ("b", 5, 200.0)]);
        let few = "2 repeats, and it takes 5 to tell a difference from chance; \
                   by these figures it would hold: rps 2.00 × (2.00 to 2.00, 2 of 2 repeats)";
        let told = why(Outcome::CannotBeTested, FASTER, &rows);
        assert!(told.starts_with(few), "{told}");
        let served = FASTER.replace("rps", "served").replace("1.6", "1");
        let told = "served 5 ≥ 5, 2 of 2 repeats, at 5 connections";
        assert_eq!(why(Outcome::Held, &served, &rows), told);
        let rows = repeats(&[1.0], &[("a", 5, 100.0), ("b", 5, 200.0)]);
        let told = why(Outcome::CannotBeTested, FASTER, &rows);
        assert!(told.ends_with("it would hold: rps 200 ≥ 160, at 5 connections"), "{told}");
    }

    #[test]
    fn what_cannot_be_tested_says_why() {
        let growth = r#"{"at": "highest-against-lowest", "#;
        let one = [("a", 5, 1.0), ("b", 5, 1.0)];
        for (text, rows, told) in [
            (FASTER.to_owned(), &one[..1], "no row of b"),
            (FASTER.replacen('{', r#"{"min_cores": 8, "#, 1), &[], "needs 8 cores"),
            (FASTER.replacen('{', growth, 1), &one, "two connection counts"),
            (FASTER.replace("rps", "cpu"), &one, "a figure is missing"),
        ] {
            let why = why(Outcome::CannotBeTested, &text, &results(rows));
            assert!(why.contains(told), "{why}");
        }
    }

    #[test]
    fn figures_that_are_not_trusted_decide_nothing_but_who_was_served() {
        let mut rows = results(&[("a", 5, 100.0), ("b", 5, 170.0)]);
        let doubts = json!(["others were at work"]);
        rows.rows[0].evidence.insert("doubts".to_owned(), doubts);
        let told = why(Outcome::CannotBeTested, FASTER, &rows);
        assert!(told.starts_with("others were at work; by these figures it would hold"), "{told}");
        why(Outcome::Held, &FASTER.replace("rps", "served").replace("1.6", "1"), &rows);
        // With a sixth repeat there are five to judge by.
        let mut more = repeats(&[1.0; 6], &[("a", 5, 100.0), ("b", 5, 170.0)]);
        more.rows[0].evidence = rows.rows[0].evidence.clone();
        let told = why(Outcome::Held, FASTER, &more);
        assert!(told.contains("5 of 5 repeats"), "{told}");
    }

    #[test]
    fn a_profile_decides_unless_its_looks_were_disturbed() {
        let layers = json!([{"name": "read", "us": 2.0}]);
        let profile = |name: &str, doubts: &[&str]| json!({"target": name, "layers": layers, "doubts": doubts});
        let run = |doubts| json!({"profiles": [profile("a", &[]), profile("b", doubts)]});
        let text = FASTER.replace("rps", "profile.read").replace("1.6", "1");
        let results = |doubts| serde_json::from_value(run(doubts)).unwrap();
        why(Outcome::Held, &text, &results(&[]));
        let told =
            why(Outcome::CannotBeTested, &text, &results(&["the host took 0.27 cores away"]));
        assert_eq!(told, "the host took 0.27 cores away");
    }

    #[test]
    fn a_misspelt_condition_is_an_error() {
        let text = r#"{"id": "x", "text": "x", "connection": "close", "min_core": 2, "left": 1,
            "is": "at-least", "right": 1}"#;
        assert!(serde_json::from_str::<Claim>(text).is_err());
    }
}
