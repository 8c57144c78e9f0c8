//! A claim against a run.

use super::claim::{Claim, Relation};
use super::comparison::{Comparison, comparisons, margin};
use crate::numbers::{self, micros};
use crate::results::statistics::{ENOUGH, Ratio};
use crate::results::{Part, Profile, Results, Sample};

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
        Ok(decide(claim, &comparisons(claim, &groups)?))
    };
    decided().unwrap_or_else(Verdict::CannotBeTested)
}

/// A figure of this kind is a layer of a server's profile, in µs per request: `profile.read`.
const PROFILE: &str = "profile.";

/// Holds `claim` against the layers that perf saw: one look, of hundreds of samples and more.
fn by_profiles(claim: &Claim, results: &Results) -> Result<Verdict, String> {
    let layer = |target: &str, figure: &str| {
        let seen = |profile: &&Profile| profile.target == target && profile.missing.is_none();
        results.profiles.iter().find(seen)?.layer(figure.strip_prefix(PROFILE)?)
    };
    let values = claim.left.value(&layer).zip(claim.right.value(&layer));
    let (left, right) = values.ok_or("the run has no profile by perf of these servers")?;
    let right = right * claim.times;
    let name = claim.left.figure().trim_start_matches(PROFILE);
    let why = format!("{name} {left:.1} µs a request, claimed {} {right:.1} µs", claim.is.sign());
    let holds = claim.is.holds(left, right);
    Ok(if holds { Verdict::Held(why) } else { Verdict::DidNotHold(why) })
}

/// The servers that a claim compares.
fn targets(claim: &Claim) -> impl Iterator<Item = &String> {
    claim.left.targets().iter().chain(claim.right.targets())
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
fn decide(claim: &Claim, comparisons: &[Comparison]) -> Verdict {
    let verdict = |comparison: &Comparison| {
        let verdict = at_one_place(claim, comparison);
        let rank = match verdict {
            Verdict::DidNotHold(_) => 0,
            Verdict::CannotBeTested(_) => 1,
            Verdict::Held(_) => 2,
        };
        (rank, margin(claim, comparison.middle(claim)), verdict)
    };
    let verdicts = comparisons.iter().rev().map(verdict);
    let worst = verdicts.min_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
    worst.map_or_else(|| Verdict::CannotBeTested("nothing to compare".to_owned()), |(.., it)| it)
}

/// A count is what it is in the middle repeat. A figure of speed is told from the claim's bound when the whole interval of
/// their ratio lies on one side, and never by fewer than [`ENOUGH`] repeats that nothing speaks against.
fn at_one_place(claim: &Claim, comparison: &Comparison) -> Verdict {
    let middle = comparison.middle(claim);
    let holds = claim.is.holds(middle.0, middle.1);
    let verdict = |is_so, why| if is_so { Verdict::Held(why) } else { Verdict::DidNotHold(why) };
    if claim.left.is_counted() {
        return verdict(holds, in_figures(claim, comparison, holds));
    }
    let ratio = comparison.ratio();
    let figures = match ratio {
        Some(ratio) => in_ratio(claim, comparison, ratio),
        // A single repeat, or a server that answered nothing.
        None => in_figures(claim, comparison, holds),
    };
    if comparison.trusted < ENOUGH {
        let repeats = numbers::counted(comparison.trusted, "repeat");
        let few = || format!("{repeats}, and it takes {ENOUGH} to tell a difference from chance");
        let why = comparison.doubt.clone().unwrap_or_else(few);
        let would = if holds { "would hold" } else { "would not hold" };
        return Verdict::CannotBeTested(format!("{why}; by these figures it {would}: {figures}"));
    }
    match (ratio, claim.is) {
        (None, _) => verdict(holds, figures),
        (Some(ratio), Relation::AtLeast) if ratio.low >= 1.0 => Verdict::Held(figures),
        (Some(ratio), Relation::AtMost) if ratio.high <= 1.0 => Verdict::Held(figures),
        (Some(ratio), _) if ratio.low <= 1.0 && ratio.high >= 1.0 => {
            Verdict::CannotBeTested(format!("not told from chance: {figures}"))
        }
        _ => Verdict::DidNotHold(figures),
    }
}

/// `rps 1.89 × (1.85 to 1.93, 5 of 5 repeats), claimed ≥ 1.6 ×, at 64 connections`: the repeats lie on the same side of the
/// claim's bound as their mean.
fn in_ratio(claim: &Claim, comparison: &Comparison, ratio: Ratio) -> String {
    let (figure, sign, times) = (claim.left.figure(), claim.is.sign(), claim.times);
    format!("{figure} {}, claimed {sign} {times} ×, {}", ratio.times(times), place(comparison))
}

/// `served 64 ≤ 64, 5 of 5 repeats, at 800 connections`.
fn in_figures(claim: &Claim, comparison: &Comparison, holds: bool) -> String {
    let (figure, (left, right)) = (claim.left.figure(), comparison.middle(claim));
    let sign = match (holds, claim.is) {
        (true, relation) => relation.sign(),
        (false, Relation::AtLeast) => "<",
        (false, Relation::AtMost) => ">",
    };
    let alike = comparison.pairs.iter().filter(|pair| claim.is.holds(pair.0, pair.1) == holds);
    let repeats = match comparison.pairs.len() {
        1 => String::new(),
        all => format!("{} of {all} repeats, ", alike.count()),
    };
    let (left, right) = (short(figure, left), short(figure, right));
    format!("{figure} {left} {sign} {right}, {repeats}{}", place(comparison))
}

fn place(comparison: &Comparison) -> String {
    match comparison.at {
        [one, other] if one == other => format!("at {one} connections"),
        [one, other] => format!("{one} connections against {other}"),
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
    use crate::results::Figures;
    use crate::results::profile::Layer;

    fn claim(text: &str) -> Claim {
        let rest = r#""id": "x", "text": "x", "connection": "close", "#;
        serde_json::from_str(&text.replacen('{', &format!("{{{rest}"), 1)).unwrap()
    }

    /// Five repeats, in which the machine is not always as fast.
    fn results(rows: &[(&str, usize, f64)]) -> Results {
        let speeds = [1.0, 1.02, 0.7, 1.01, 0.99].into_iter().enumerate();
        repeats(&speeds.collect::<Vec<_>>(), rows)
    }

    fn repeats(speeds: &[(usize, f64)], rows: &[(&str, usize, f64)]) -> Results {
        let row = |(repeat, speed): (usize, f64),
                   (target, connections, rps): &(&str, usize, f64)| Sample {
            target: (*target).to_owned(),
            workload: "hello".to_owned(),
            connection: "close".to_owned(),
            connections: *connections,
            repeat,
            load: Figures { rps: rps * speed, served: *connections as u64, ..Figures::default() },
            ..Sample::default()
        };
        let repeat =
            |speed: &(usize, f64)| rows.iter().map(move |it| row(*speed, it)).collect::<Vec<_>>();
        let rows = speeds.iter().flat_map(repeat).collect();
        let mut results = Results { rows, ..Results::default() };
        results.host.cores = 2;
        results
    }

    const FASTER: &str = r#"{"left": {"of": "b", "figure": "rps"}, "is": "at-least", "times": 1.6,
        "right": {"of": "a", "figure": "rps"}}"#;

    #[test]
    fn it_must_be_so_at_every_level() {
        let claim = claim(FASTER);
        let held = results(&[("a", 5, 100.0), ("b", 5, 165.0), ("a", 9, 10.0), ("b", 9, 17.0)]);
        let told = "rps 1.65 × (1.65 to 1.65, 5 of 5 repeats), claimed ≥ 1.6 ×, at 5 connections";
        assert_eq!(judge(&claim, &held), Verdict::Held(told.into()));
        let not = results(&[("a", 5, 100.0), ("b", 5, 160.0), ("a", 9, 10.0), ("b", 9, 15.0)]);
        let Verdict::DidNotHold(why) = judge(&claim, &not) else { panic!() };
        assert!(why.starts_with("rps 1.50 × ") && why.ends_with("at 9 connections"), "{why}");
    }

    #[test]
    fn what_lies_on_both_sides_of_the_bound_is_not_told_from_chance() {
        let mut rows = results(&[("a", 5, 100.0), ("b", 5, 162.0)]);
        (rows.rows[1].load.rps, rows.rows[3].load.rps) = (150.0, 170.0);
        let Verdict::CannotBeTested(why) = judge(&claim(FASTER), &rows) else { panic!() };
        assert!(why.starts_with("not told from chance: rps 1.6"), "{why}");
    }

    #[test]
    fn a_count_needs_no_repeats_and_a_figure_of_speed_five() {
        let rows = repeats(&[(0, 1.0), (1, 1.0)], &[("a", 5, 100.0), ("b", 5, 200.0)]);
        let Verdict::CannotBeTested(why) = judge(&claim(FASTER), &rows) else { panic!() };
        let few = "2 repeats, and it takes 5 to tell a difference from chance; \
                   by these figures it would hold: rps 2.00 × (2.00 to 2.00, 2 of 2 repeats)";
        assert!(why.starts_with(few), "{why}");
        let served = FASTER.replace("rps", "served").replace("1.6", "1");
        let told = "served 5 ≥ 5, 2 of 2 repeats, at 5 connections";
        assert_eq!(judge(&claim(&served), &rows), Verdict::Held(told.into()));
        let rows = repeats(&[(0, 1.0)], &[("a", 5, 100.0), ("b", 5, 200.0)]);
        let Verdict::CannotBeTested(why) = judge(&claim(FASTER), &rows) else { panic!() };
        assert!(why.ends_with("it would hold: rps 200 ≥ 160, at 5 connections"), "{why}");
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
        let mut rows = results(&[("a", 5, 100.0), ("b", 5, 170.0)]);
        let doubts = serde_json::json!(["others were at work"]);
        rows.rows[0].evidence.insert("doubts".to_owned(), doubts);
        let Verdict::CannotBeTested(why) = judge(&claim(FASTER), &rows) else { panic!() };
        assert!(why.starts_with("others were at work; by these figures it would hold: "), "{why}");
        let served = judge(&claim(&FASTER.replace("rps", "served").replace("1.6", "1")), &rows);
        assert!(matches!(served, Verdict::Held(_)));
        // With a sixth repeat there are five to judge by.
        let speeds = [0, 1, 2, 3, 4, 5].map(|repeat| (repeat, 1.0));
        let mut more = repeats(&speeds, &[("a", 5, 100.0), ("b", 5, 170.0)]);
        more.rows[0].evidence = rows.rows[0].evidence.clone();
        let Verdict::Held(why) = judge(&claim(FASTER), &more) else { panic!() };
        assert!(why.contains("5 of 5 repeats"), "{why}");
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
    fn layers_are_compared_where_perf_has_seen_them() {
        let claim = claim(&FASTER.replace("rps", "profile.read"));
        let profile = |target: &str, us| Profile {
            target: target.to_owned(),
            layers: vec![Layer { name: "read".to_owned(), us }],
            ..Profile::default()
        };
        let mut rows = results(&[]);
        assert!(matches!(judge(&claim, &rows), Verdict::CannotBeTested(_)));
        rows.profiles = vec![profile("a", 1.0), profile("b", 1.7)];
        let held = "read 1.7 µs a request, claimed ≥ 1.6 µs".to_owned();
        assert_eq!(judge(&claim, &rows), Verdict::Held(held));
        rows.profiles[1].layers[0].us = 1.5;
        assert!(matches!(judge(&claim, &rows), Verdict::DidNotHold(_)));
    }

    #[test]
    fn a_misspelt_condition_is_an_error() {
        let text = r#"{"id": "x", "text": "x", "connection": "close", "min_core": 2, "left": 1,
            "is": "at-least", "right": 1}"#;
        assert!(serde_json::from_str::<Claim>(text).is_err());
    }
}
