//! One connection as a state machine that touches no socket, no thread and no clock ("sans I/O").
//!
//! A stage hands in the bytes that it read; responses come out as bytes; an [`Action`] says what to do then.
//! Because nothing here waits, the same machine serves a thread that blocks and a loop that never
//! does, and it can be tested at every split of every request without a network.
//!
//! ```text
//!           head complete                    body complete
//!   Head ──────────────────► Body ─────────────────────────► handler ──► response
//!    ▲  ╲                     (skipped when it is all here)     │          │
//!    │   ╲ refused                                      blocking│          │
//!    │    ▼                                                     ▼          │
//!    │  Ending ◄─── the response was the last ─────────── Blocked ────────►│
//!    └─────────────── the response was not the last ◄──────────────────────┘
//! ```
//!
//! Not drawn: `Delayed`, a response that is held back, and `Lingering`, which follows on `Ending` while the client still
//! sends.

mod queries;
mod receiving;
mod responding;

use super::encoding::{Exchange, Source};
use super::head::HeadParser;
use super::limits::{Limits, MAX_OUTPUT, SILENT_LINGER};
use super::request::OwnedRequest;
use super::response::Response;
use super::service::{ResponseSummary, Service};
use super::status::{RequestError, Status};
use super::step::{Action, StepCx};
use std::time::{Duration, Instant};

/// The state of one connection. What is only needed inside a request is boxed: an idle connection is small.
///
/// Invariants:
/// - Requests are responded to in their order, one at a time (RFC 9112 section 9.3.2).
/// - A response that is the last says so (`Connection: close`, or no keep-alive); nothing after it is looked at.
/// - There is a deadline whenever the connection waits for its client to send; none while it waits for a handler.
/// - At most [`MAX_OUTPUT`] bytes, and the end of one response, are appended in a step.
///
/// ```
/// use shared::http::*;
/// use std::time::{Duration, Instant, SystemTime};
///
/// /// A server of one response.
/// struct Hello(Instant, DateLine);
///
/// impl Service for Hello {
///     type Resource<'a> = ();
///     fn find<'a>(&self, _: RequestHead<'a>, _: bool) -> Result<(), Response>
///     where
///         Self: 'a,
///     {
///         Ok(())
///     }
///     fn blocks_on(_: &()) -> Option<BlocksOn> { None }
///     fn respond(&mut self, _: (), _: &Request<'_>) -> Response { Response::text("hello") }
///     fn now(&self) -> Instant { self.0 }
///     fn date_line(&self) -> &DateLine { &self.1 }
///     fn on_head(&mut self) {}
///     fn on_response(&mut self, _: &ResponseSummary) {}
///     fn keeps_request_line(&self) -> bool { false }
/// }
///
/// let (now, limits, mut out) = (Instant::now(), Limits::default(), Vec::new());
/// let mut protocol = Protocol::new(&limits, now);
/// let mut cx = StepCx {
///     service: Hello(now, DateLine::new(now, SystemTime::now())),
///     limits: &limits,
///     since: now,
///     time_slice: Duration::MAX,
///     keep_alive: true,
///     has_backlog: false,
///     draining: false,
///     out: &mut out,
///     pending: 0,
/// };
/// assert_eq!(protocol.receive(b"GET / HT", &mut cx), Action::Read);
/// assert_eq!(protocol.receive(b"TP/1.1\r\nHost: a\r\n\r\n", &mut cx), Action::Read);
/// assert!(out.starts_with(b"HTTP/1.1 200 OK\r\n") && out.ends_with(b"\r\n\r\nhello"));
/// ```
pub struct Protocol {
    state: State,
    /// Read, and not used yet: a part of a head, or requests that wait for their turn.
    input: Vec<u8>,
    /// What does not fit into the output yet of the response under way.
    sending: Option<Box<Sending>>,
    deadline: Option<Instant>,
    /// Requests whose head was complete.
    requests: u32,
}

enum State {
    /// Between requests, or (`Some`) inside a head.
    Head(Option<Box<HeadParser>>),
    Body(Box<Incoming>),
    /// A blocking request is with the stage, or about to be taken by it.
    Blocked(Box<Blocked>),
    /// The response is held back until the deadline.
    Delayed(Box<(Response, Exchange)>),
    /// The last response is given.
    Ending {
        /// Whether the client may still be sending: then what comes is discarded for a while.
        lingers: bool,
    },
    /// Our side is shut; what comes is discarded.
    Lingering {
        /// Since when the client has sent nothing.
        since: Instant,
    },
}

/// A request whose body is still coming.
struct Incoming {
    head: super::head::Head,
    bytes: Vec<u8>,
    decoder: super::body::Decoder,
    content: Vec<u8>,
    /// Responded to already: the body is only read to find its end.
    discard: bool,
    since: Instant,
    received: u64,
}

struct Blocked {
    request: Option<Box<OwnedRequest>>,
    exchange: Exchange,
}

/// A response that is made or copied as it goes, and what will be noted of it when its last byte is written.
struct Sending {
    source: Source,
    summary: ResponseSummary,
}

/// What one step made of the input.
enum ParseStep {
    /// So many bytes are used; go on with the rest.
    Used(usize),
    /// So many bytes are used, and the rest is not enough.
    Starved(usize),
}

/// Bytes that are added at a time of a response that is made or copied as it goes.
const PIECE: usize = 64 << 10;

/// The first of them. Most responses end in it; a long one goes on when the requests that came at the same time are
/// responded to.
const FIRST_PIECE: usize = 8 << 10;

const TOO_SLOW: RequestError =
    RequestError::new(Status::REQUEST_TIMEOUT, "the request took too long to arrive");

impl Protocol {
    /// A connection that was accepted at `now`. Until its first byte comes, it is given the time of a head.
    pub fn new(limits: &Limits, now: Instant) -> Self {
        let deadline = Some(now + limits.head_timeout);
        Self { state: State::Head(None), input: Vec::new(), sending: None, deadline, requests: 0 }
    }

    /// Takes bytes that were read from the socket.
    pub fn receive<S: Service>(&mut self, bytes: &[u8], cx: &mut StepCx<'_, S>) -> Action {
        if self.input.is_empty() {
            let (used, action) = self.consume(bytes, cx);
            self.input.extend_from_slice(&bytes[used..]);
            return action;
        }
        self.input.extend_from_slice(bytes);
        self.resume(cx)
    }

    /// Goes on after all output was written: with the rest of the response, or the next request. What is left of the
    /// input stays where it is when nothing was used, so that a client that drips causes no copying.
    pub fn resume<S: Service>(&mut self, cx: &mut StepCx<'_, S>) -> Action {
        let mut input = std::mem::take(&mut self.input);
        let (used, action) = self.consume(&input, cx);
        if used < input.len() {
            input.drain(..used);
            self.input = input;
        }
        action
    }

    /// Responds to as many requests as the input holds and the output has room for.
    fn consume<S: Service>(&mut self, bytes: &[u8], cx: &mut StepCx<'_, S>) -> (usize, Action) {
        let full = cx.out.len() + MAX_OUTPUT.saturating_sub(cx.pending);
        let start = cx.service.now();
        // A response that is under way already has had its first piece.
        let (mut at, mut piece) = (0, PIECE);
        loop {
            if let Some(action) = self.fill(piece, full, cx) {
                self.deadline = None;
                return (at, action);
            }
            let rest = &bytes[at..];
            let step = match &mut self.state {
                State::Head(_) if at > 0 && !rest.is_empty() && cx.is_over(start) => {
                    self.deadline = None;
                    return (at, Action::Yield);
                }
                State::Head(_) => self.receive_head(rest, cx),
                State::Body(_) => self.receive_body(rest, cx),
                State::Blocked(blocked) if blocked.request.is_some() => return (at, Action::Run),
                State::Blocked(_) | State::Delayed(_) => return (at, Action::Wait),
                State::Ending { lingers: false } if rest.is_empty() => return (at, Action::Close),
                State::Ending { .. } => return (bytes.len(), Action::Linger),
                State::Lingering { since } => {
                    *since = start;
                    return (bytes.len(), Action::Read);
                }
            };
            match step {
                ParseStep::Used(used) => (at, piece) = (at + used, FIRST_PIECE),
                ParseStep::Starved(used) => return (at + used, Action::Read),
            }
        }
    }

    /// The request that [`Action::Run`] speaks of.
    pub fn take_blocking(&mut self) -> Option<Box<OwnedRequest>> {
        match &mut self.state {
            State::Blocked(blocked) => blocked.request.take(),
            _ => None,
        }
    }

    /// Takes the response to that request.
    pub fn complete<S: Service>(&mut self, response: Response, cx: &mut StepCx<'_, S>) -> Action {
        if let State::Blocked(blocked) = std::mem::replace(&mut self.state, State::Head(None)) {
            self.append_response(response, blocked.exchange, cx);
        }
        self.resume(cx)
    }

    /// The client has ended its half: nothing more will come. Inside a request that is an error,
    /// and the client can still be told.
    pub fn end_of_input<S: Service>(&mut self, cx: &mut StepCx<'_, S>) -> Action {
        if self.is_inside_request() {
            let early = RequestError::bad("the request ended before it was complete");
            self.refuse(early, self.refusal(cx), cx);
        }
        Action::Close
    }

    /// The deadline has passed, or the place of a silent client is needed. What has arrived by then was handed in before.
    pub fn on_deadline<S: Service>(&mut self, cx: &mut StepCx<'_, S>) -> Action {
        self.deadline = None;
        if self.is_delayed() {
            if let State::Delayed(delayed) = std::mem::replace(&mut self.state, State::Head(None)) {
                let (response, exchange) = *delayed;
                self.append_response(response, exchange, cx);
            }
            return self.resume(cx);
        }
        if self.is_inside_request() {
            self.refuse(TOO_SLOW, self.refusal(cx), cx);
        } else if self.is_lingering() {
            return Action::Close;
        }
        Action::Linger
    }

    /// Lingering close (RFC 9112 section 9.6): our side is shut down from now on, and what the client still sends is
    /// discarded. A close with unread input makes the kernel send RST, and RST destroys the response. A client that was
    /// silent has less time, and no longer than until `end`, if there is one.
    pub fn linger(&mut self, limits: &Limits, now: Instant, end: Option<Instant>) {
        self.deadline = match self.state {
            State::Head(_) => end.into_iter().chain([now + SILENT_LINGER]).min(),
            _ => Some(now + limits.linger_timeout),
        };
        self.state = State::Lingering { since: now };
        self.input = Vec::new();
    }

    /// Nothing was read from the client for so long, as its responses waited to be written: that time is not its own.
    pub fn postpone(&mut self, waited: Duration) {
        match &mut self.state {
            State::Body(body) => body.since += waited,
            State::Head(_) => {}
            _ => return,
        }
        self.deadline = self.deadline.map(|deadline| deadline + waited);
    }
}
