//! One connection as a state machine that touches no socket, no thread and no clock.
//!
//! A stage hands in the bytes that it read; answers come out as bytes; [`Next`] says what to do then.
//! Because nothing here waits, the same machine serves a thread that blocks and a loop that never
//! does, and it can be tested at every split of every request without a network.
//!
//! ```text
//!           head complete                    body complete
//!   Head ──────────────────► Body ─────────────────────────► handler ──► answer
//!    ▲  ╲                     (skipped when it is all here)     │          │
//!    │   ╲ refused                                      blocking│          │
//!    │    ▼                                                     ▼          │
//!    │  Ending ◄─── the answer was the last ─────────────── Running ──────►│
//!    └───────────────── the answer was not the last ◄──────────────────────┘
//! ```

mod answer;
mod intake;
mod job;

use super::head::HeadParser;
use super::response::{Exchange, Response, Source};
use super::status::{Refusal, Status};
use crate::clock::Clock;
use crate::files::FileRange;
use crate::limits::{LINGER, Limits, MAX_OUTPUT, SILENT_LINGER};
use crate::meter::Meter;
use crate::service::Service;
use crate::trace::Whose;
use answer::{FIRST_PIECE, PIECE, Sending};
use intake::Incoming;
pub use job::{Done, Job, Lane, Presence};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What a stage lends to a connection for one step.
pub struct Turn<'a> {
    /// The application and the limits.
    pub service: &'a Arc<Service>,
    /// The stage's clock, which is looked at again after a handler.
    pub clock: &'a mut Clock,
    /// When the thread woke up to what is looked at now: responses to it take from then on.
    pub since: Instant,
    /// How long this connection may go on to further requests that it has sent already, while others wait.
    pub slice: Duration,
    /// Whether the stage lets connections stay open between requests.
    pub keep_alive: bool,
    /// Whether other connections wait for this thread: a response is then the last of its connection.
    pub has_backlog: bool,
    /// Whether the server is about to end: every answer is then the last of its connection.
    pub draining: bool,
    /// Where answers are appended.
    pub out: &'a mut Vec<u8>,
    /// Bytes of this connection that wait to be written already, elsewhere.
    pub pending: usize,
    /// Who takes notes.
    pub meter: &'a mut Meter,
}

impl Turn<'_> {
    /// Whether a step that began at `start` has had its time. The handlers have moved the clock.
    fn is_over(&self, start: Instant) -> bool {
        self.clock.now().saturating_duration_since(start) >= self.slice
    }
}

/// What the stage does next, after it has written what is in [`Turn::out`].
pub enum Next {
    /// Read, and [`Connection::receive`] what came.
    Read,
    /// Read nothing for now: there is more to write. [`Connection::resume`].
    Write,
    /// Read nothing for now: more requests are here, and it is the other connections' turn. [`Connection::resume`].
    Yield,
    /// Run the job, wherever the stage thinks best, and [`Connection::complete`] with what it returns.
    Run(Box<Job>),
    /// Neither read nor write: what comes next comes from elsewhere, or when the deadline is over.
    Wait,
    /// Close.
    Close,
    /// Shut down the write side, [`Connection::linger`], and go on reading.
    Linger,
}

/// The state of one connection. What is only needed inside a request is boxed: an idle connection is small.
pub struct Connection {
    state: State,
    /// Read, and not used yet: a part of a head, or requests that wait for their turn.
    input: Vec<u8>,
    /// What does not fit into the output yet of the answer under way.
    sending: Option<Box<Sending>>,
    deadline: Option<Instant>,
    /// Requests whose head was complete.
    requests: u32,
}

enum State {
    /// Between requests, or (`Some`) inside a head.
    Head(Option<Box<HeadParser>>),
    Body(Box<Incoming>),
    /// A job is out.
    Running(Box<Exchange>),
    /// The answer is held back until the deadline.
    Delayed(Box<(Response, Exchange)>),
    /// The last answer is given. `true`: the client may still be sending.
    Ending(bool),
    /// Our side is shut; what comes is thrown away.
    Lingering,
}

/// What one step made of the input.
enum Step {
    /// So many bytes are used; go on with the rest.
    Used(usize),
    /// So many bytes are used, and the rest is not enough.
    Starved(usize),
    /// So many bytes are used, and a job is to be run.
    Run(usize, Box<Job>),
}

impl Connection {
    /// A connection that was accepted just now. Until the first byte comes, it is given the time of a head.
    pub fn new(service: &Service, now: Instant) -> Self {
        let deadline = Some(now + service.limits.head_timeout);
        Self { state: State::Head(None), input: Vec::new(), sending: None, deadline, requests: 0 }
    }

    /// When to call [`Connection::expire`], unless something else is called before.
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Whether it has answered, and nothing of another request has come.
    pub fn is_between_requests(&self) -> bool {
        self.requests > 0 && self.is_silent()
    }

    /// Since when its client has been silent: since its last response, or since accept if it has never asked. `None` inside
    /// a request. A client that has been silent for some time may be closed without losing it anything.
    pub fn silent_since(&self, limits: &Limits) -> Option<Instant> {
        let allowed = if self.requests > 0 { limits.idle_timeout } else { limits.head_timeout };
        self.deadline.filter(|_| self.is_silent()).map(|deadline| deadline - allowed)
    }

    /// Whether nothing of a request is here, and nothing of a response is still to be sent.
    pub fn is_silent(&self) -> bool {
        let nothing_to_do = self.input.is_empty() && self.sending.is_none();
        matches!(self.state, State::Head(None)) && nothing_to_do
    }

    /// Whether it waits for what its client sends, and for nothing else.
    pub(crate) fn is_receiving(&self) -> bool {
        matches!(self.state, State::Head(_) | State::Body(_)) && self.sending.is_none()
    }

    /// Takes bytes that were read from the socket.
    pub fn receive(&mut self, bytes: &[u8], turn: &mut Turn<'_>) -> Next {
        if self.input.is_empty() {
            let (used, next) = self.consume(bytes, turn);
            self.input.extend_from_slice(&bytes[used..]);
            return next;
        }
        let mut input = std::mem::take(&mut self.input);
        input.extend_from_slice(bytes);
        self.consume_held(input, turn)
    }

    /// Goes on after all output was written: with the rest of the answer, or the next request.
    pub fn resume(&mut self, turn: &mut Turn<'_>) -> Next {
        let input = std::mem::take(&mut self.input);
        self.consume_held(input, turn)
    }

    /// The part of a file that is to be sent once all output is written, before [`Connection::resume`].
    pub fn file(&mut self) -> Option<&mut FileRange> {
        match self.sending.as_deref_mut() {
            Some(Sending { source: Source::File(range), .. }) if range.left() > 0 => Some(range),
            _ => None,
        }
    }

    /// Whether nothing is left of a long response but to note that it is complete.
    pub(crate) fn has_sent_all(&self) -> bool {
        self.sending.as_deref().is_some_and(|sending| sending.source.is_spent())
    }

    /// A job to be run before more of a file is sent, which would wait for a disk otherwise.
    pub(crate) fn read_ahead(&mut self, whose: Whose) -> Option<Box<Job>> {
        self.file()?.look_ahead().map(|window| Job::read_ahead(window, whose))
    }

    /// Takes what came of a job that [`Next::Run`] gave out.
    pub fn complete(&mut self, done: Done, turn: &mut Turn<'_>) -> Next {
        let Done::Answer(response) = done else { return self.resume(turn) };
        if let State::Running(exchange) = std::mem::replace(&mut self.state, State::Head(None)) {
            self.respond(response, *exchange, turn);
        }
        let input = std::mem::take(&mut self.input);
        self.consume_held(input, turn)
    }

    /// The client has ended its half: nothing more will come. Inside a request that is an error,
    /// and it can still be told.
    pub fn end_of_input(&mut self, turn: &mut Turn<'_>) -> Next {
        if self.is_inside_request() {
            let early = Refusal::bad("the request ended before it was complete");
            self.refuse(early, self.asked(turn), turn);
        }
        Next::Close
    }

    /// The deadline has passed, or the place of a silent client is needed. What has arrived by then was handed in before.
    pub fn expire(&mut self, turn: &mut Turn<'_>) -> Next {
        self.deadline = None;
        if self.is_delayed() {
            return self.release(turn);
        }
        if self.is_inside_request() {
            self.refuse(TOO_SLOW, self.asked(turn), turn);
        } else if matches!(self.state, State::Lingering) {
            return Next::Close;
        }
        Next::Linger
    }

    /// The time of an answer that was held back has come.
    fn release(&mut self, turn: &mut Turn<'_>) -> Next {
        if let State::Delayed(delayed) = std::mem::replace(&mut self.state, State::Head(None)) {
            let (response, exchange) = *delayed;
            self.respond(response, exchange, turn);
        }
        let input = std::mem::take(&mut self.input);
        self.consume_held(input, turn)
    }

    /// Whether it waits for its own deadline and for nothing else.
    pub fn is_delayed(&self) -> bool {
        matches!(self.state, State::Delayed(_))
    }

    /// Whether our side is shut down: an end that comes by its deadline is as planned.
    pub fn is_lingering(&self) -> bool {
        matches!(self.state, State::Lingering)
    }

    /// Our side is shut down from now on. The client has a moment to take notice, whatever it sends; one that was
    /// silent no longer than until `end`, if there is one.
    pub fn linger(&mut self, now: Instant, end: Option<Instant>) {
        self.deadline = match self.state {
            State::Head(_) => end.into_iter().chain([now + SILENT_LINGER]).min(),
            _ => Some(now + LINGER),
        };
        self.state = State::Lingering;
        self.input = Vec::new();
    }

    /// The same as [`Connection::receive`] for input that was kept; what is left is kept again, and
    /// kept where it is when nothing was used, so that a dripping client causes no copying.
    fn consume_held(&mut self, mut input: Vec<u8>, turn: &mut Turn<'_>) -> Next {
        let (used, next) = self.consume(&input, turn);
        if used < input.len() {
            input.drain(..used);
            self.input = input;
        }
        next
    }

    /// Answers as many requests as the input holds and the output has room for.
    fn consume(&mut self, bytes: &[u8], turn: &mut Turn<'_>) -> (usize, Next) {
        let full = turn.out.len() + MAX_OUTPUT.saturating_sub(turn.pending);
        let start = turn.clock.now();
        // An answer that is under way already has had its first piece.
        let (mut at, mut piece) = (0, PIECE);
        loop {
            if let Some(next) = self.fill(piece, full, turn) {
                self.deadline = None;
                return (at, next);
            }
            let rest = &bytes[at..];
            let step = match &self.state {
                State::Head(_) if at > 0 && !rest.is_empty() && turn.is_over(start) => {
                    self.deadline = None;
                    return (at, Next::Yield);
                }
                State::Head(_) => self.head(rest, turn),
                State::Body(_) => self.body(rest, turn),
                State::Running(_) | State::Delayed(_) => return (at, Next::Wait),
                State::Ending(false) if rest.is_empty() => return (at, Next::Close),
                State::Ending(_) => return (bytes.len(), Next::Linger),
                State::Lingering => return (bytes.len(), Next::Read),
            };
            match step {
                Step::Used(used) => (at, piece) = (at + used, FIRST_PIECE),
                Step::Starved(used) => return (at + used, Next::Read),
                Step::Run(used, job) => return (at + used, Next::Run(job)),
            }
        }
    }
}

const TOO_SLOW: Refusal =
    Refusal::new(Status::REQUEST_TIMEOUT, "the request took too long to arrive");
