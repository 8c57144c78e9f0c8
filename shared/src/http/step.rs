//! What a stage and a connection's protocol hand each other: one lends what a step needs, the other says what comes next.

use super::limits::Limits;
use super::service::Service;
use std::time::{Duration, Instant};

/// What a stage lends to a connection for one step.
pub struct StepCx<'a, S> {
    /// The application, the clock and the counters.
    pub service: S,
    /// What a client may take.
    pub limits: &'a Limits,
    /// When the thread woke up to what it reads now: responses to it take from then on.
    pub since: Instant,
    /// How long this connection may go on with further requests that it has sent already, while others wait.
    pub time_slice: Duration,
    /// Whether the stage lets connections stay open between requests.
    pub keep_alive: bool,
    /// Whether other connections wait for this thread: a response is then the last of its connection.
    pub has_backlog: bool,
    /// Whether the server is about to end: every response is then the last of its connection.
    pub draining: bool,
    /// Where responses are appended.
    pub out: &'a mut Vec<u8>,
    /// Bytes of this connection that wait to be written already, elsewhere.
    pub pending: usize,
}

impl<S: Service> StepCx<'_, S> {
    /// Whether a step that began at `start` has had its time. The handlers have moved the clock.
    pub(super) fn is_over(&self, start: Instant) -> bool {
        self.service.now().saturating_duration_since(start) >= self.time_slice
    }
}

/// What the stage does next, after it has written what is in [`StepCx::out`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Read, and [`super::Protocol::receive`] what came.
    Read,
    /// Read nothing for now: there is more to write. [`super::Protocol::resume`].
    Write,
    /// Read nothing for now: more requests are here, and it is the other connections' turn. [`super::Protocol::resume`].
    Yield,
    /// [`super::Protocol::take_blocking`], respond to that wherever the stage thinks best, and [`super::Protocol::complete`].
    Run,
    /// Neither read nor write: a response will come from elsewhere, or when the deadline has passed.
    Wait,
    /// Close.
    Close,
    /// Shut down the write side, [`super::Protocol::linger`], and go on reading.
    Linger,
}
