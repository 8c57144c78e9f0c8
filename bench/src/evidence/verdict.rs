//! What is the bottleneck now, and why: one sentence from a row's figures.
//!
//! A table of rules, of which the first that matches wins. They stand in the order in which they explain
//! each other away: a server that waits for silent clients also leaves the machine idle, and a client that
//! is the limit also fills the machine.

mod case;
mod cause;
mod rules;

pub use case::{Ceiling, Seen};
pub use cause::Cause;

use super::Evidence;
use case::Case;
use serde::Serialize;

/// One sentence, and what speaks against trusting the figures behind it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// What kind it is.
    pub cause: Cause,
    /// Why.
    pub sentence: String,
    /// "not trusted: ..." for each.
    pub doubts: Vec<String>,
    /// Whether one of them is that other programs or other guests of the host took CPU time: measured again, it may not be so.
    pub disturbed: bool,
}

/// The verdict on one row. `ceiling`: what the generator reached against the null server in the same conditions.
pub fn verdict(seen: &Seen, evidence: &Evidence, ceiling: Option<Ceiling>) -> Verdict {
    let case = Case { seen, evidence, ceiling };
    let (cause, sentence) = rules::RULES.iter().find_map(|rule| rule(&case)).unwrap_or_else(|| {
        let sentence = match evidence.server {
            Some(_) => "neither CPU nor a queue is the limit; look closer with `bench explain`",
            None => "the client has time to spare: the limit is the server or the way there, which cannot be seen",
        };
        (Cause::Unknown, sentence.to_owned())
    });
    let disturbed = !case.disturbances().is_empty();
    Verdict { cause, sentence, doubts: case.doubts(), disturbed }
}
