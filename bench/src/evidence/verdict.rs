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
use finding::FULL;
use serde::Serialize;

/// One sentence, what it rests on, and what speaks against trusting the figures behind it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// What kind it is.
    pub cause: Cause,
    /// Why.
    #[serde(rename = "verdict")]
    pub sentence: String,
    /// The figures that decided; empty where none did.
    pub because: String,
    /// The next rule that matched as well, or the one that came nearest to it, with its figures.
    pub runner_up: Option<String>,
    /// An experiment, and the outcome of it that would show the sentence to be wrong; empty where the cause is unknown.
    pub refuted_if: &'static str,
    /// "not trusted: ..." for each.
    pub doubts: Vec<String>,
    /// Who took CPU time that is neither server's nor client's: measured again, it may not be so.
    pub disturbed_by: Vec<&'static str>,
}

/// A rule that does not come halfway to its limits is no runner-up.
const NEAR: f64 = 0.5;

/// The verdict on one row. `ceiling`: what the generator reached against the null server in the same conditions.
pub fn verdict(seen: &Seen, evidence: &Evidence, ceiling: Option<Ceiling>) -> Verdict {
    let case = Case { seen, evidence, ceiling };
    let apply = |(cause, rule): &(Cause, rules::Rule)| Some((*cause, rule(&case)?));
    let tells = !case.has_only_errors() && !case.is_too_short();
    let rules = rules::RULES.iter().filter(|_| tells);
    let mut found: Vec<_> = rules.filter_map(apply).collect();
    let first = found.iter().position(|(_, finding)| finding.matches());
    let first = first.map(|first| found.remove(first));
    let (cause, sentence, because) = match first {
        Some((cause, finding)) => (cause, finding.sentence, finding.figures),
        None => (Cause::Unknown, unknown(&case).to_owned(), String::new()),
    };
    let next = found.iter().find(|(_, finding)| finding.matches()).or_else(|| {
        let near = found.iter().filter(|(_, finding)| finding.nearness >= NEAR);
        near.max_by(|(_, left), (_, right)| left.nearness.total_cmp(&right.nearness))
    });
    Verdict {
        cause,
        sentence,
        because,
        runner_up: next.map(|(cause, other)| format!("{}: {}", cause.short(), other.figures)),
        refuted_if: cause.refutation(),
        doubts: doubts::of(&case),
        disturbed_by: doubts::disturbers(&case),
    }
}

/// What is said when no rule matches.
fn unknown(case: &Case<'_>) -> &'static str {
    if case.has_only_errors() {
        // How fast a server responds wrongly is no matter.
        "not to be told: no request had a correct response"
    } else if case.is_too_short() {
        "not to be told: the window was too short to look at the server; measure longer (-d or -n)"
    } else if case.seen.requests == 0 && !case.seen.errors.is_empty() {
        "not to be told: no response was complete within the time-out (--timeout)"
    } else if case.seen.requests == 0 && case.seen.in_flight > 0 {
        "not to be told: no complete response came in the window; measure longer (-d)"
    } else if case.evidence.queue.is_some_and(|queue| 2.0 * queue.mean > case.under_way()) {
        "most requests wait in the accept queue, and the server has time to accept; look closer with `bench explain`"
    } else if case.fullness().is_some_and(|full| full >= FULL) {
        "not to be told: other programs fill the machine; see with fewer of them, or with `bench explain`"
    } else if case.evidence.server.is_some() {
        "neither CPU nor a queue is the limit; look closer with `bench explain`"
    } else {
        "the client has time to spare: the limit is the server or the way there, which cannot be seen"
    }
}

impl Verdict {
    /// Whether it says what a quota, or others on this machine, take from the server: its own limit is another one.
    pub fn is_of_others(&self) -> bool {
        self.cause == Cause::Quota || !self.doubts.is_empty()
    }

    /// The sentence and what it rests on, each under its name.
    pub fn lines(&self) -> Vec<(&'static str, String)> {
        let lines = [
            ("Bottleneck", self.sentence.clone()),
            ("Because", self.because.clone()),
            ("Or else", self.runner_up.clone().unwrap_or_default()),
            ("Refuted if", self.refuted_if.to_owned()),
        ];
        lines.into_iter().filter(|(_, line)| !line.is_empty()).collect()
    }
}
