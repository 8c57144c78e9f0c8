//! What a case is: one rule, the bytes that try it, and what must come back.
//!
//! Cases are data. A plain case is one message, and the runner sends it three ways (whole, split, dripped)
//! with the same expectation, because where the network cuts a request is no part of its meaning.

use super::peer::{Peer, Problem};
use std::time::Duration;

/// How much a rule weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// An absolute requirement of RFC 9110 or 9112.
    Must,
    /// A recommendation of the RFCs.
    Should,
    /// No RFC demands it; a server on the open internet is better for it.
    Robustness,
}

impl Level {
    /// The name that tables print.
    pub fn name(self) -> &'static str {
        match self {
            Self::Must => "MUST",
            Self::Should => "SHOULD",
            Self::Robustness => "robustness",
        }
    }
}

/// One action of the client.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// Sends a template (see `template`).
    Send(Vec<u8>),
    /// Sends one byte of the template each time, over and over, until the server responds or closes.
    Drip(Vec<u8>, Duration),
    /// Waits.
    Pause(Duration),
    /// Reads until so many responses have come in all.
    Await(usize),
    /// Shuts down the client's write side.
    HalfClose,
}

/// What a client does where steps cannot say it.
pub(crate) type Scenario = fn(&Peer) -> Result<(), Problem>;

/// What must be true of one response beside its status.
#[derive(Debug, Clone)]
pub(crate) enum Check {
    /// The comma-separated field holds this token, compared without case.
    Token(&'static str, &'static str),
    /// The field is absent.
    Lacks(&'static str),
    /// The field equals that of an earlier response, or is absent in both.
    Same(&'static str, usize),
    /// The content, byte for byte.
    Body(Vec<u8>),
    /// So many lines of content.
    Lines(usize),
}

/// One expected response.
#[derive(Debug, Clone)]
pub(crate) struct Want {
    /// Any of these will do.
    pub(crate) status: Vec<u16>,
    /// Whether it responds to a HEAD request, so that no content follows its fields.
    pub(crate) head: bool,
    pub(crate) checks: Vec<Check>,
}

/// What must become of the connection once the expected responses are there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// The next request on it gets its response.
    Open,
    /// The next request on it gets no response, and the connection ends.
    Closed,
    /// The server ends it by itself, soon, and with no reset.
    Clean,
    /// As `Clean`, but because of a time-out: the last response could not announce it.
    Idle,
    /// The rule says nothing about the connection; still no further response may come.
    Any,
}

/// What a server, or a flag, must offer for a case to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// `--slow`: the case waits for a time-out of the server.
    Slow,
    /// More than one connection at a time.
    Concurrent,
    /// A route that the steps of the case do not name.
    Hello,
    Count,
    /// A limit of the server that is low enough to reach, by its flag.
    RequestsLimit,
    ConnectionsLimit,
}

/// One rule, how to try it, and what must come back.
#[derive(Clone)]
pub struct Case {
    /// `group/short-name`.
    pub id: String,
    /// Where the rule stands.
    pub section: &'static str,
    /// What it weighs.
    pub level: Level,
    /// The rule in one line.
    pub rule: &'static str,
    pub(crate) steps: Vec<Step>,
    /// What the client does instead, where steps cannot say it.
    pub(crate) scenario: Option<Scenario>,
    pub(crate) wants: Vec<Want>,
    pub(crate) end: End,
    /// No response at all is as good as the one expected.
    pub(crate) or_nothing: bool,
    /// Sent whole only: splitting would change what is tried.
    pub(crate) once: bool,
    /// Must run while no other case does.
    pub(crate) alone: bool,
    pub(crate) needs: Vec<Need>,
    /// The whole exchange may take no less and no more than this; `None`: at most `--timeout` for each response.
    pub(crate) window: Option<(Duration, Duration)>,
}

impl Case {
    /// The part of the id before the slash.
    pub fn group(&self) -> &str {
        self.id.split('/').next().unwrap_or_default()
    }
}
