//! What a stage may ask of a connection.

use super::super::encoding::Source;
use super::super::head::is_empty_lines;
use super::super::limits::Limits;
use super::super::response::FileBody;
use super::{Protocol, Sending, State};
use std::time::Instant;

impl Protocol {
    /// When to call [`Protocol::on_deadline`], unless something else is called before.
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// The part of a file that is to be sent once all output is written, before [`Protocol::resume`].
    pub fn file(&mut self) -> Option<&mut dyn FileBody> {
        match self.sending.as_deref_mut() {
            Some(Sending { source: Source::File(file), .. }) if file.left() > 0 => {
                Some(file.as_mut())
            }
            _ => None,
        }
    }

    /// Whether nothing is left of a long response but to note that it is complete.
    pub fn has_sent_all(&self) -> bool {
        self.sending.as_deref().is_some_and(|sending| sending.source.is_spent())
    }

    /// Whether nothing of a request is here, and nothing of a response is still to be sent.
    pub fn is_silent(&self) -> bool {
        let is_between = matches!(self.state, State::Head(None)) && self.sending.is_none();
        is_between && (self.input.is_empty() || is_empty_lines(&self.input))
    }

    /// Whether a response was given, and nothing of another request has come.
    pub fn is_between_requests(&self) -> bool {
        self.requests > 0 && self.is_silent()
    }

    /// Since when its client has been silent: since its last response, or since accept if it has never asked. `None` inside
    /// a request. A client that has been silent for some time may be closed without losing anything.
    pub fn silent_since(&self, limits: &Limits) -> Option<Instant> {
        let allowed = if self.requests > 0 { limits.idle_timeout } else { limits.head_timeout };
        self.deadline.filter(|_| self.is_silent()).map(|deadline| deadline - allowed)
    }

    /// Whether it waits for what its client sends, and for nothing else.
    pub fn is_receiving(&self) -> bool {
        matches!(self.state, State::Head(_) | State::Body(_)) && self.sending.is_none()
    }

    /// Whether it waits for its own deadline and for nothing else.
    pub fn is_delayed(&self) -> bool {
        matches!(self.state, State::Delayed(_))
    }

    /// Whether our side is shut down: an end that comes by its deadline is as planned.
    pub fn is_lingering(&self) -> bool {
        self.lingers_since().is_some()
    }

    /// Since when the client has sent nothing, if our side is shut down: since then, or since its last byte.
    pub fn lingers_since(&self) -> Option<Instant> {
        match self.state {
            State::Lingering { since } => Some(since),
            _ => None,
        }
    }
}
