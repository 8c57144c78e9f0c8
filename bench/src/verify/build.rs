//! The words in which the tables of `cases` are written. A plain case is one call: level, short id, section, rule,
//! message (see `template`) and what must come back (see [`Case::expect`]).

use super::case::{Case, Check, End, Level, Need, Scenario, Step, Want};
use super::template::expanded;
use std::time::Duration;

/// A case of one message.
pub(crate) fn case(
    level: Level,
    id: impl Into<String>,
    section: &'static str,
    rule: &'static str,
    message: impl AsRef<[u8]>,
    expected: &str,
) -> Case {
    let case = Case {
        id: id.into(),
        section,
        level,
        rule,
        steps: Vec::new(),
        scenario: None,
        wants: Vec::new(),
        end: End::Any,
        or_nothing: false,
        once: false,
        alone: false,
        needs: Vec::new(),
        window: None,
    };
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

    pub(crate) fn needs(mut self, need: Need) -> Self {
        self.needs.push(need);
        self
    }

    pub(crate) fn window(mut self, least: Duration, most: Duration) -> Self {
        self.window = Some((least, most));
        self
    }
}
