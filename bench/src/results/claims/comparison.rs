//! Which values a claim compares.
//!
//! What is compared was measured in the same repeat. Repeats are interleaved, so that what happens to the machine in the
//! course of a run happens to all servers; two medians can still come from different repeats, one from before it
//! and one from after it. The repeat with the middle comparison is told.

use super::claim::{At, Claim, Quantity, Relation};
use crate::results::{Group, Sample};

/// Two values of one repeat.
pub(super) struct Comparison {
    /// Connections on the left side, and on the right.
    pub(super) at: [usize; 2],
    pub(super) repeat: usize,
    pub(super) left: f64,
    pub(super) right: f64,
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
        At::Highest => Ok(vec![[highest, highest]]),
        At::HighestAgainstLowest if lowest == highest => {
            Err(format!("it needs two connection counts and there is only {lowest}"))
        }
        At::HighestAgainstLowest => Ok(vec![[highest, lowest]]),
    }
}

/// For each pair the comparison of the repeat that comes out in the middle.
pub(super) fn comparisons(claim: &Claim, groups: &[&Group<'_>]) -> Result<Vec<Comparison>, String> {
    let value = |quantity: &Quantity, level: usize, repeat: usize| {
        // Of several rows with as many connections, the row with the most idle connections.
        quantity.value(&|target, figure| {
            let is_of = |sample: &Sample| sample.target == target && sample.connections == level;
            let of_level = groups.iter().filter(|group| is_of(group.median()));
            let group = of_level.max_by_key(|group| group.median().idle)?;
            group.samples.iter().find(|sample| sample.repeat == repeat)?.figure(figure)
        })
    };
    let repeats = groups.iter().flat_map(|group| &group.samples).map(|sample| sample.repeat);
    let last = repeats.max().unwrap_or_default();
    let compare = |at: [usize; 2]| {
        let of_repeat = |repeat| {
            let left = value(&claim.left, at[0], repeat)?;
            let right = value(&claim.right, at[1], repeat)? * claim.times;
            Some(Comparison { at, repeat, left, right })
        };
        let mut found: Vec<_> = (0..=last).filter_map(of_repeat).collect();
        found.sort_by(|a, b| margin(claim, a).total_cmp(&margin(claim, b)));
        let middle = found.len().saturating_sub(1) / 2;
        let comparison = found.into_iter().nth(middle);
        comparison.ok_or_else(|| format!("a figure is missing at {} connections", at[0]))
    };
    pairs(claim, groups)?.into_iter().map(compare).collect()
}

/// Less than one: it is not so. The more, the farther from not being so.
pub(super) fn margin(claim: &Claim, Comparison { left, right, .. }: &Comparison) -> f64 {
    match claim.is {
        Relation::AtMost => right / left.max(f64::MIN_POSITIVE),
        Relation::AtLeast => left / right.max(f64::MIN_POSITIVE),
    }
}
