//! Which values a claim compares.
//!
//! What is compared was measured in the same repeat. Repeats are interleaved, so that what happens to the machine in the
//! course of a run happens to all servers; two medians can still come from different repeats, one from before it
//! and one from after it.

use super::claim::{At, Claim, Quantity, Relation};
use crate::numbers::{grouped, median, micros};
use crate::results::statistics::Ratio;
use crate::results::{Group, Sample};

/// Left and right of all repeats at one pair of connection counts.
pub(super) struct Comparison<'a> {
    /// The claim that it is of.
    pub(super) claim: &'a Claim,
    /// Connections on the left side, and on the right.
    pub(super) at: [usize; 2],
    /// The left side, and so many times the right side, of each repeat that nothing speaks against; of all where there is
    /// no such repeat. At least one.
    pub(super) pairs: Vec<(f64, f64)>,
    /// How many of them nothing speaks against.
    pub(super) trusted: usize,
    /// What speaks against another repeat.
    pub(super) doubt: Option<String>,
}

impl Comparison<'_> {
    /// The repeat in the middle, from those that come nearest to what the claim denies to those farthest from it.
    fn middle(&self) -> (f64, f64) {
        let order = |a: &(f64, f64), b: &(f64, f64)| {
            margin(self.claim, *a).total_cmp(&margin(self.claim, *b))
        };
        median(&mut self.pairs.clone(), order).unwrap_or_default()
    }

    /// Whether it is so in the middle repeat.
    pub(super) fn holds(&self) -> bool {
        let (left, right) = self.middle();
        self.claim.is.holds(left, right)
    }

    /// Less than one: it is not so in the middle repeat. The more, the farther from not being so.
    pub(super) fn margin(&self) -> f64 {
        margin(self.claim, self.middle())
    }

    /// How many times as large the left side is as the claim's bound.
    pub(super) fn ratio(&self) -> Option<Ratio> {
        Ratio::of(&self.pairs)
    }

    /// A count as `served 64 ≤ 64, 5 of 5 repeats, at 800 connections`, and so a single repeat; a figure of speed as
    /// `rps 1.89 × (1.85 to 1.93, 5 of 5 repeats), claimed ≥ 1.6 ×, at 64 connections`.
    pub(super) fn told(&self) -> String {
        let Claim { left, is, times, .. } = self.claim;
        let place = match self.at {
            [one, other] if one == other => format!("at {one} connections"),
            [one, other] => format!("{one} connections against {other}"),
        };
        let figure = left.figure();
        match self.ratio().filter(|_| !left.is_counted()) {
            Some(ratio) => {
                let (ratio, sign) = (ratio.times(*times), is.sign());
                format!("{figure} {ratio}, claimed {sign} {times} ×, {place}")
            }
            None => format!("{figure} {}{place}", self.in_figures()),
        }
    }

    fn in_figures(&self) -> String {
        let (Claim { left, is, .. }, holds) = (self.claim, self.holds());
        let sign = match (holds, is) {
            (true, relation) => relation.sign(),
            (false, Relation::AtLeast) => "<",
            (false, Relation::AtMost) => ">",
        };
        let alike = self.pairs.iter().filter(|pair| is.holds(pair.0, pair.1) == holds);
        let repeats = match self.pairs.len() {
            1 => String::new(),
            all => format!("{} of {all} repeats, ", alike.count()),
        };
        let [one, other] = <[f64; 2]>::from(self.middle()).map(|it| short(left.figure(), it));
        format!("{one} {sign} {other}, {repeats}")
    }
}

/// Times with their unit, counts as whole numbers, and what is small with two digits behind the point.
fn short(name: &str, figure: f64) -> String {
    match (name, figure) {
        ("mean" | "p50" | "p90" | "p99" | "p999" | "max" | "cpu", _) => micros(Some(figure)),
        (_, ..100.0) => format!("{}", (figure * 100.0).round() / 100.0),
        _ => grouped(figure),
    }
}

/// The pairs of connection counts that the claim is about.
fn pairs(claim: &Claim, groups: &[&Group<'_>]) -> Result<Vec<[usize; 2]>, String> {
    let mut levels: Vec<_> = groups.iter().map(|group| group.median().connections).collect();
    levels.sort_unstable();
    levels.dedup();
    let (Some(&lowest), Some(&highest)) = (levels.first(), levels.last()) else {
        return Err("the run has no rows".to_owned());
    };
    match claim.at {
        At::Each => Ok(levels.iter().map(|level| [*level, *level]).collect()),
        At::Lowest => Ok(vec![[lowest, lowest]]),
        At::Highest => Ok(vec![[highest, highest]]),
        At::HighestAgainstLowest if lowest == highest => {
            Err(format!("it needs two connection counts and there is only {lowest}"))
        }
        At::HighestAgainstLowest => Ok(vec![[highest, lowest]]),
    }
}

/// A comparison for each pair of connection counts.
pub(super) fn comparisons<'a>(
    claim: &'a Claim,
    groups: &[&Group<'_>],
) -> Result<Vec<Comparison<'a>>, String> {
    let repeats = groups.iter().flat_map(|group| &group.samples).map(|sample| sample.repeat);
    let last = repeats.max().unwrap_or_default();
    let compare = |at: [usize; 2]| {
        let (mut trusted, mut doubted, mut doubt) = (Vec::new(), Vec::new(), None);
        let missing = || format!("a figure is missing at {} connections", at[0]);
        for repeat in 0..=last {
            let mut doubts = Vec::new();
            let left = value(&claim.left, groups, at[0], repeat, &mut doubts);
            let right = value(&claim.right, groups, at[1], repeat, &mut doubts);
            let Some((left, right)) = left.zip(right) else { continue };
            let pairs = if doubts.is_empty() { &mut trusted } else { &mut doubted };
            pairs.push((left, right * claim.times));
            doubt = doubt.or(doubts.pop());
        }
        if trusted.is_empty() && doubted.is_empty() {
            return Err(missing());
        }
        let count = trusted.len();
        let pairs = if count == 0 { doubted } else { trusted };
        Ok(Comparison { claim, at, pairs, trusted: count, doubt })
    };
    pairs(claim, groups)?.into_iter().map(compare).collect()
}

/// A server's rows. Of several with as many connections, those with the most idle connections, unless the claim says how
/// many.
fn group<'a, 'b>(
    quantity: &Quantity,
    groups: &[&'a Group<'b>],
    level: usize,
    target: &str,
) -> Option<&'a Group<'b>> {
    let is_of = |sample: &Sample| {
        let idle = quantity.idle().is_none_or(|idle| sample.idle == idle);
        sample.target == target && sample.connections == level && idle
    };
    let of_level = groups.iter().filter(|group| is_of(group.median()));
    of_level.max_by_key(|group| group.median().idle).copied()
}

/// One side in one repeat, and what speaks against trusting its row. How many clients were served shows even on a machine
/// where other programs work.
fn value(
    quantity: &Quantity,
    groups: &[&Group<'_>],
    level: usize,
    repeat: usize,
    doubts: &mut Vec<String>,
) -> Option<f64> {
    let row = |target: &str| {
        let mut samples = group(quantity, groups, level, target)?.samples.iter();
        samples.find(|sample| sample.repeat == repeat)
    };
    if !quantity.is_counted() {
        let row = quantity.target().and_then(|target| row(target));
        doubts.extend(row.iter().flat_map(|row| row.doubts()).map(str::to_owned));
    }
    quantity.value(&|target, figure| row(target)?.figure(figure))
}

fn margin(claim: &Claim, (left, right): (f64, f64)) -> f64 {
    match claim.is {
        Relation::AtMost => right / left.max(f64::MIN_POSITIVE),
        Relation::AtLeast => left / right.max(f64::MIN_POSITIVE),
    }
}
