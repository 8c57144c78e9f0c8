//! What a case is: one rule, the bytes that try it, and what must come back.
//!
//! Cases are data. A plain case is one message, and the runner sends it three ways (whole, split, dripped)
//! with the same expectation, because where the network cuts a request is no part of its meaning. In the tables of `cases`
//! such a case is one call of [`case`]: level, short id, section, rule, message (see `template`) and what must come back
//! (see [`Case::expect`]).

use super::peer::{Peer, Problem};
use super::template::expanded;
use std::time::Duration;

/// How much a rule weighs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    #[default]
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
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
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
    #[default]
    Any,
}

/// One rule, how to try it, and what must come back.
#[derive(Clone, Default)]
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
    /// Flags without which the case cannot run, such as `--slow`, and routes that its steps do not name, such as `{count}`.
    pub(crate) needs: Vec<&'static str>,
    /// The whole exchange may take no less and no more than this; `None`: at most `--timeout` for each response.
    pub(crate) window: Option<(Duration, Duration)>,
}

impl Case {
    /// The part of the id before the slash.
    pub fn group(&self) -> &str {
        self.id.split('/').next().unwrap_or_default()
    }
}

/// A case of one message.
pub(crate) fn case(
    level: Level,
    id: impl Into<String>,
    section: &'static str,
    rule: &'static str,
    message: impl AsRef<[u8]>,
    expected: &str,
) -> Case {
    let case = Case { id: id.into(), section, level, rule, ..Case::default() };
    case.send(message).expect(expected)
}

/// What the client does.
impl Case {
    /// An empty message is none.
    pub(crate) fn send(mut self, template: impl AsRef<[u8]>) -> Self {
        let template = expanded(template.as_ref());
        self.steps.extend((!template.is_empty()).then_some(Step::Send(template)));
        self
    }

    pub(crate) fn drip(mut self, template: impl AsRef<[u8]>, every: Duration) -> Self {
        self.steps.push(Step::Drip(expanded(template.as_ref()), every));
        self
    }

    pub(crate) fn pause(mut self, pause: Duration) -> Self {
        self.steps.push(Step::Pause(pause));
        self
    }

    pub(crate) fn await_responses(mut self, count: usize) -> Self {
        self.steps.push(Step::Await(count));
        self
    }

    pub(crate) fn half_close(mut self) -> Self {
        self.steps.push(Step::HalfClose);
        self
    }

    pub(crate) fn scenario(mut self, play: Scenario) -> Self {
        self.scenario = Some(play);
        self
    }
}

/// What must come back.
impl Case {
    /// In words, with a space between them. A response is its status, `400|413` where each of two will do, `200*20` for
    /// twenty of them; `head` (no content follows its fields) and `says-close` belong to the response before them.
    /// `or-nothing`: no response at all will do. `open`, `closed`, `clean`, `idle` are an [`End`]. `once`: sent whole only.
    pub(crate) fn expect(mut self, words: &str) -> Self {
        for word in words.split_whitespace() {
            match word {
                "open" => self.end = End::Open,
                "closed" => self.end = End::Closed,
                "clean" => self.end = End::Clean,
                "idle" => self.end = End::Idle,
                "once" => self.once = true,
                "or-nothing" => self.or_nothing = true,
                "says-close" => self = self.check(Check::Token("connection", "close")),
                "head" => self.wants.iter_mut().rev().take(1).for_each(|want| want.head = true),
                responses => self.wants.extend(wants(responses)),
            }
        }
        self
    }

    /// Adds a check to the last expected response.
    pub(crate) fn check(mut self, check: Check) -> Self {
        if let Some(want) = self.wants.last_mut() {
            want.checks.push(check);
        }
        self
    }

    pub(crate) fn body(self, body: impl AsRef<[u8]>) -> Self {
        self.check(Check::Body(body.as_ref().to_vec()))
    }
}

/// `400|413`, `200*20`. A misspelt word gives a status that no server sends, so that its case fails.
fn wants(word: &str) -> impl Iterator<Item = Want> {
    let (statuses, count) = word.split_once('*').unwrap_or((word, "1"));
    let status = statuses.split('|').map(|status| status.parse().unwrap_or_default()).collect();
    let want = Want { status, head: false, checks: Vec::new() };
    std::iter::repeat_n(want, count.parse().unwrap_or_default())
}

/// When and how it may run.
impl Case {
    pub(crate) fn alone(mut self) -> Self {
        self.alone = true;
        self
    }

    pub(crate) fn needs(mut self, need: &'static str) -> Self {
        self.needs.push(need);
        self
    }

    pub(crate) fn window(mut self, least: Duration, most: Duration) -> Self {
        self.window = Some((least, most));
        self
    }
}
