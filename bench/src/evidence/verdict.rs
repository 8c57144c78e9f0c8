//! What is the bottleneck now, and why: one sentence from a row's figures.
//!
//! A table of rules, of which the first that matches wins. They stand in the order in which they explain
//! each other away: a server that waits for silent clients also leaves the machine idle, and a client that
//! is the limit also fills the machine. The rule that would be next is named as well, with its figures.

mod case;
mod cause;
mod ceilings;
mod doubts;
mod finding;
mod rules;
mod waiting;

pub use case::{Ceiling, Seen};
pub use cause::Cause;

use super::Evidence;
use case::Case;
use finding::Finding;
use serde::Serialize;

/// One sentence, what it rests on, and what speaks against trusting the figures behind it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// What kind it is.
    pub cause: Cause,
    /// Why.
    pub sentence: String,
    /// The figures that decided.
    pub because: String,
    /// The next rule that matched as well, or the one that came nearest to it, with its figures.
    pub runner_up: Option<String>,
    /// An experiment that would show the sentence to be wrong.
    pub refuted_if: String,
    /// "not trusted: ..." for each.
    pub doubts: Vec<String>,
    /// Whether one of them is that other programs or other guests of the host took CPU time: measured again, it may not be so.
    pub disturbed: bool,
}

/// A rule that does not come halfway to its limits is no runner-up.
const NEAR: f64 = 0.5;

/// The verdict on one row. `ceiling`: what the generator reached against the null server in the same conditions.
pub fn verdict(seen: &Seen, evidence: &Evidence, ceiling: Option<Ceiling>) -> Verdict {
    let case = Case { seen, evidence, ceiling };
    let apply = |(cause, rule): &(Cause, rules::Rule)| Some((*cause, rule(&case)?));
    let mut found: Vec<_> = rules::RULES.iter().filter_map(apply).collect();
    let first = found.iter().position(|(_, finding)| finding.matches());
    let (cause, finding) =
        first.map_or_else(|| (Cause::Unknown, unknown(evidence)), |first| found.remove(first));
    let runner_up = found.iter().find(|(_, finding)| finding.matches()).or_else(|| {
        let near = found.iter().filter(|(_, finding)| finding.nearness >= NEAR);
        near.max_by(|(_, left), (_, right)| left.nearness.total_cmp(&right.nearness))
    });
    Verdict {
        cause,
        runner_up: runner_up.map(|(cause, other)| format!("{}: {}", cause.short(), other.figures)),
        sentence: finding.sentence,
        because: finding.figures,
        refuted_if: cause.refutation(seen.think.is_some()).to_owned(),
        doubts: doubts::of(&case),
        disturbed: !doubts::disturbances(&case).is_empty(),
    }
}

/// When no rule matches.
fn unknown(evidence: &Evidence) -> Finding {
    let (sentence, figures) = match evidence.server {
        Some(_) => (
            "neither CPU nor a queue is the limit; look closer with `bench explain`",
            "no rule's figures reach their limits",
        ),
        None => (
            "the client has time to spare: the limit is the server or the way there, which cannot be seen",
            "the server's processes are not visible from here",
        ),
    };
    Finding { nearness: 1.0, sentence: sentence.to_owned(), figures: figures.to_owned() }
}
