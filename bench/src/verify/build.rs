//! The words in which the tables of `cases` are written: one method for each thing a case can say.

use std::time::Duration;

use super::case::{Case, Check, End, Need, Script, Step, Want};
use super::{peer::Peer, wire::Problem};

/// What the client does.
impl Case {
    pub(crate) fn send(mut self, template: impl AsRef<[u8]>) -> Self {
        self.steps.push(Step::Send(template.as_ref().to_vec()));
        self
    }

    pub(crate) fn drip(mut self, template: impl AsRef<[u8]>, every: Duration) -> Self {
        self.steps.push(Step::Drip(template.as_ref().to_vec(), every));
        self
    }

    pub(crate) fn pause(mut self, pause: Duration) -> Self {
        self.steps.push(Step::Pause(pause));
        self
    }

    pub(crate) fn await_answers(mut self, count: usize) -> Self {
        self.steps.push(Step::Await(count));
        self
    }

    pub(crate) fn half_close(mut self) -> Self {
        self.steps.push(Step::HalfClose);
        self
    }

    pub(crate) fn scenario(mut self, play: fn(&Peer) -> Result<(), Problem>) -> Self {
        self.script = Script::Scenario(play);
        self
    }
}

/// What must come back.
impl Case {
    pub(crate) fn status(mut self, status: &'static [u16]) -> Self {
        self.wants.push(Want { status, head: false, checks: Vec::new() });
        self
    }

    /// So many answers of 200.
    pub(crate) fn oks(self, count: usize) -> Self {
        (0..count).fold(self, |case, _| case.status(&[200]))
    }

    /// The last expected answer is one to HEAD.
    pub(crate) fn without_content(mut self) -> Self {
        if let Some(want) = self.wants.last_mut() {
            want.head = true;
        }
        self
    }

    pub(crate) fn check(mut self, check: Check) -> Self {
        if let Some(want) = self.wants.last_mut() {
            want.checks.push(check);
        }
        self
    }

    pub(crate) fn body(self, body: impl AsRef<[u8]>) -> Self {
        self.check(Check::Body(body.as_ref().to_vec()))
    }

    pub(crate) fn says_close(self) -> Self {
        self.check(Check::Token("connection", "close"))
    }

    pub(crate) fn or_nothing(mut self) -> Self {
        self.or_nothing = true;
        self
    }

    pub(crate) fn end(mut self, end: End) -> Self {
        self.end = end;
        self
    }

    /// 200, and the connection stays.
    pub(crate) fn served(self) -> Self {
        self.status(&[200]).end(End::Open)
    }

    /// One of these, and the connection ends: nothing after it is taken for a request.
    pub(crate) fn refused(self, status: &'static [u16]) -> Self {
        self.status(status).end(End::Closed)
    }
}

/// When and how it may run.
impl Case {
    pub(crate) fn once(mut self) -> Self {
        self.once = true;
        self
    }

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
