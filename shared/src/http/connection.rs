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

use super::body::{Decoder, Framing, Progress};
use super::date::DateLine;
use super::head::{Expectation, Head, HeadParser};
use super::request_line::{Method, Version};
use super::response::{Body, Delimiter, Exchange, Response, Source};
use super::status::{Refusal, Status};
use crate::limits::{LINGER, MAX_DISCARD, MAX_OUTPUT, pace};
use crate::service::{Destination, Service};
use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

/// What a stage lends to a connection for one step.
pub struct Turn<'a> {
    /// The application and the limits.
    pub service: &'a Arc<Service>,
    /// This moment.
    pub now: Instant,
    /// The Date line of this second.
    pub date: &'a DateLine,
    /// Whether the stage lets connections stay open between requests.
    pub keep_alive: bool,
    /// Whether the server is about to end: every answer is then the last of its connection.
    pub draining: bool,
    /// Where answers are appended.
    pub out: &'a mut Vec<u8>,
}

/// What the stage does next, after it has written what is in [`Turn::out`].
pub enum Next {
    /// Read, and [`Connection::receive`] what came.
    Read,
    /// Read nothing for now: there is more to write. [`Connection::resume`].
    Write,
    /// Run the job, wherever the stage thinks best, and [`Connection::complete`] with what it returns.
    Run(Box<Job>),
    /// Close.
    Close,
    /// Shut down the write side, [`Connection::linger`], and go on reading.
    Linger,
}

/// A request for a handler that may block, ready to be sent to another thread.
pub struct Job {
    service: Arc<Service>,
    head: Head,
    bytes: Vec<u8>,
    body: Vec<u8>,
    draining: bool,
}

impl Job {
    /// Runs the handler.
    pub fn run(self) -> Response {
        match self.service.find(&self.head, &self.bytes) {
            Ok(destination) => self.service.answer(
                &destination,
                &self.head,
                &self.bytes,
                &self.body,
                self.draining,
            ),
            Err(response) => response,
        }
    }
}

/// The state of one connection. What is only needed inside a request is boxed: an idle connection is small.
pub struct Connection {
    state: State,
    /// Read, and not used yet: a part of a head, or requests that wait for their turn.
    input: Vec<u8>,
    /// What does not fit into the output yet of the answer under way.
    source: Option<Box<Source>>,
    deadline: Option<Instant>,
    /// Requests whose head was complete.
    requests: u32,
}

enum State {
    /// Between requests, or (`Some`) inside a head.
    Head(Option<Box<HeadParser>>),
    Body(Box<Incoming>),
    /// A job is out.
    Running(Exchange),
    /// The last answer is given. `true`: the client may still be sending.
    Ending(bool),
    /// Our side is shut; what comes is thrown away.
    Lingering,
}

/// A request whose body is still coming.
struct Incoming {
    head: Head,
    bytes: Vec<u8>,
    decoder: Decoder,
    content: Vec<u8>,
    /// Answered already: the body is only read to find its end.
    discard: bool,
    since: Instant,
    received: u64,
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
        Self {
            state: State::Head(None),
            input: Vec::new(),
            source: None,
            deadline,
            requests: 0,
        }
    }

    /// When to call [`Connection::expire`], unless something else is called before.
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Whether it has answered, and nothing of another request has come: it may be closed at any moment.
    pub fn is_between_requests(&self) -> bool {
        self.requests > 0 && matches!(self.state, State::Head(None)) && self.source.is_none()
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

    /// Takes the answer of a job that [`Next::Run`] gave out.
    pub fn complete(&mut self, response: Response, turn: &mut Turn<'_>) -> Next {
        if let State::Running(exchange) = self.state {
            self.respond(response, exchange, turn);
        }
        let input = std::mem::take(&mut self.input);
        self.consume_held(input, turn)
    }

    /// The client has ended its half: nothing more will come. Inside a request that is an error,
    /// and it can still be told.
    pub fn end_of_input(&mut self, turn: &mut Turn<'_>) -> Next {
        let is_inside = match &self.state {
            State::Head(saved) => saved.is_some(),
            State::Body(body) => !body.discard,
            _ => false,
        };
        if is_inside {
            self.refuse(
                Refusal::bad("the request ended before it was complete"),
                false,
                turn,
            );
        }
        Next::Close
    }

    /// The deadline has passed.
    pub fn expire(&mut self, turn: &mut Turn<'_>) -> Next {
        self.deadline = None;
        match &self.state {
            State::Head(Some(_)) => drop(self.refuse(TOO_SLOW, false, turn)),
            State::Body(body) if !body.discard => drop(self.refuse(TOO_SLOW, false, turn)),
            State::Body(_) => {}
            _ => return Next::Close,
        }
        Next::Linger
    }

    /// Our side is shut down from now on. The client has a moment to take notice, whatever it sends.
    pub fn linger(&mut self, now: Instant) {
        self.state = State::Lingering;
        self.input = Vec::new();
        self.deadline = Some(now + LINGER);
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
        let full = turn.out.len() + MAX_OUTPUT;
        let mut at = 0;
        loop {
            if let Some(next) = self.fill(full, turn) {
                self.deadline = None;
                return (at, next);
            }
            let rest = &bytes[at..];
            let step = match &self.state {
                State::Head(_) => self.head(rest, turn),
                State::Body(_) => self.body(rest, turn),
                State::Running(_) => return (at, Next::Write),
                State::Ending(false) if rest.is_empty() => return (at, Next::Close),
                State::Ending(_) => return (bytes.len(), Next::Linger),
                State::Lingering => return (bytes.len(), Next::Read),
            };
            match step {
                Step::Used(used) => at += used,
                Step::Starved(used) => return (at + used, Next::Read),
                Step::Run(used, job) => return (at + used, Next::Run(job)),
            }
        }
    }

    /// Adds to the output what is still to come of the answer under way, as far as there is room.
    /// `None`: the answer is complete, and the next request may be looked at.
    fn fill(&mut self, full: usize, turn: &mut Turn<'_>) -> Option<Next> {
        if turn.out.len() >= full {
            return Some(Next::Write);
        }
        let source = self.source.as_mut()?;
        // A stream that panics cannot be told with a status any more: an answer cut short tells it.
        match catch_unwind(AssertUnwindSafe(|| source.fill(turn.out, PIECE))) {
            Ok(true) => Some(Next::Write),
            Ok(false) => {
                self.source = None;
                None
            }
            Err(_) => Some(Next::Close),
        }
    }

    /// Between requests or inside a head.
    fn head(&mut self, bytes: &[u8], turn: &mut Turn<'_>) -> Step {
        let State::Head(saved) = &mut self.state else {
            return Step::Used(0);
        };
        let limits = &turn.service.limits;
        if bytes.is_empty() {
            if self.requests > 0 {
                self.deadline = Some(turn.now + limits.idle_timeout);
            }
            return Step::Starved(0);
        }
        let mut fresh = HeadParser::default();
        match saved
            .as_deref_mut()
            .unwrap_or(&mut fresh)
            .parse(bytes, limits)
        {
            Ok(Some((head, used))) => self.begin(head, bytes, used, turn),
            Ok(None) => {
                if saved.is_none() {
                    *saved = Some(Box::new(fresh));
                    self.deadline = Some(turn.now + limits.head_timeout);
                }
                Step::Starved(0)
            }
            Err(refusal) => self.refuse(refusal, bytes.starts_with(b"HEAD "), turn),
        }
    }

    /// A head is complete, the first `used` of `bytes`: decides what becomes of the request.
    fn begin(&mut self, head: Head, bytes: &[u8], used: usize, turn: &mut Turn<'_>) -> Step {
        self.requests += 1;
        self.state = State::Head(None);
        let (head_bytes, rest) = bytes.split_at(used);
        let is_head = head.method == Method::Head;
        let framing = match head.framing() {
            Ok(framing) => framing,
            Err(refusal) => return self.refuse(refusal, is_head, turn),
        };
        let destination = match head.expectation() {
            Expectation::Unknown => Err(Response::new(
                Status::EXPECTATION_FAILED,
                "417: only 100-continue can be met\n",
            )),
            _ => turn.service.find(&head, head_bytes),
        };
        let destination = match destination {
            Ok(destination) => destination,
            Err(response) => return self.answer_early(response, &head, head_bytes, framing, turn),
        };
        let decoder = match Decoder::new(framing, turn.service.limits.max_body) {
            Ok(decoder) => decoder,
            Err(refusal) => return self.refuse(refusal, is_head, turn),
        };
        match framing {
            Framing::Length(length) if length <= rest.len() as u64 => {
                let body = &rest[..length as usize];
                self.serve(
                    destination,
                    head,
                    head_bytes,
                    Cow::Borrowed(body),
                    used + body.len(),
                    turn,
                )
            }
            _ => {
                if rest.is_empty() && head.expectation() == Expectation::Continue {
                    turn.out.extend_from_slice(b"HTTP/1.1 100 Continue\r\n\r\n");
                }
                self.state = State::Body(Incoming::new(head, head_bytes, decoder, turn.now));
                Step::Used(used)
            }
        }
    }

    /// Answers from the head alone. A body that nobody wants is read to its end, so that the
    /// connection can stay; but not a large one, and not one whose client was promised a say: it may
    /// have left the body out, and then what follows is the next request.
    fn answer_early(
        &mut self,
        response: Response,
        head: &Head,
        bytes: &[u8],
        framing: Framing,
        turn: &mut Turn<'_>,
    ) -> Step {
        let mut exchange = Exchange::of(head);
        if framing != Framing::Length(0) {
            let decoder = Decoder::new(framing, MAX_DISCARD)
                .ok()
                .filter(|_| head.expectation() == Expectation::None);
            exchange.keep_alive &= decoder.is_some();
            self.respond(response, exchange, turn);
            self.state = match (&self.state, decoder) {
                (State::Head(_), Some(decoder)) => {
                    State::Body(Incoming::discard(head, decoder, turn.now))
                }
                _ => State::Ending(true),
            };
        } else {
            self.respond(response, exchange, turn);
        }
        Step::Used(bytes.len())
    }

    /// Inside a body.
    fn body(&mut self, bytes: &[u8], turn: &mut Turn<'_>) -> Step {
        let State::Body(body) = &mut self.state else {
            return Step::Used(0);
        };
        let Progress { used, done } = match body.take(bytes) {
            Ok(progress) => progress,
            Err(_) if body.discard => {
                self.state = State::Ending(true);
                return Step::Used(bytes.len());
            }
            Err(refusal) => {
                let is_head = body.head.method == Method::Head;
                return self.refuse(refusal, is_head, turn);
            }
        };
        if !done {
            self.deadline = Some(pace(
                body.since,
                turn.service.limits.body_timeout,
                body.received,
            ));
            return Step::Starved(used);
        }
        match std::mem::replace(&mut self.state, State::Head(None)) {
            State::Body(body) if !body.discard => self.finish_body(*body, used, turn),
            _ => Step::Used(used),
        }
    }

    fn finish_body(&mut self, body: Incoming, used: usize, turn: &mut Turn<'_>) -> Step {
        let Incoming {
            head,
            bytes,
            content,
            ..
        } = body;
        match turn.service.find(&head, &bytes) {
            Ok(destination) => {
                self.serve(destination, head, &bytes, Cow::Owned(content), used, turn)
            }
            Err(response) => {
                self.respond(response, Exchange::of(&head), turn);
                Step::Used(used)
            }
        }
    }

    /// A request is complete: runs its handler, or gives it away if it may block.
    fn serve(
        &mut self,
        destination: Destination<'_>,
        head: Head,
        bytes: &[u8],
        body: Cow<'_, [u8]>,
        used: usize,
        turn: &mut Turn<'_>,
    ) -> Step {
        let exchange = Exchange::of(&head);
        if destination.is_blocking() {
            self.state = State::Running(exchange);
            self.deadline = None;
            let (service, bytes) = (Arc::clone(turn.service), bytes.to_vec());
            let (body, draining) = (body.into_owned(), turn.draining);
            return Step::Run(
                used,
                Box::new(Job {
                    service,
                    head,
                    bytes,
                    body,
                    draining,
                }),
            );
        }
        let response = turn
            .service
            .answer(&destination, &head, bytes, &body, turn.draining);
        self.respond(response, exchange, turn);
        Step::Used(used)
    }

    /// Writes an answer, or the beginning of a large one. The only place that decides whether it is the last.
    fn respond(&mut self, response: Response, mut exchange: Exchange, turn: &mut Turn<'_>) {
        let delimiter = response.delimiter(exchange.version);
        let used_up = turn.service.limits.max_requests.checked_sub(self.requests) == Some(0);
        // The client may be sending its next request just now if ending is our idea and not its own.
        let surprise = exchange.keep_alive && (used_up || turn.draining);
        exchange.keep_alive &=
            !used_up && !turn.draining && turn.keep_alive && delimiter != Delimiter::Close;
        self.state = if exchange.keep_alive {
            State::Head(None)
        } else {
            State::Ending(surprise)
        };
        response.write_head(turn.out, exchange, delimiter, turn.date);
        if exchange.is_head || response.status.is_bodyless() {
            return;
        }
        match response.body {
            Body::Bytes(bytes) if bytes.len() <= PIECE => turn.out.extend_from_slice(&bytes),
            Body::Bytes(bytes) => self.source = Some(Box::new(Source::Bytes { bytes, sent: 0 })),
            Body::Stream(stream) => {
                self.source = Some(Box::new(Source::Stream { stream, delimiter }))
            }
        }
    }

    /// Answers what is not understood. Nothing that follows on this connection is looked at.
    fn refuse(&mut self, refusal: Refusal, is_head: bool, turn: &mut Turn<'_>) -> Step {
        let exchange = Exchange {
            is_head,
            version: Version::Http11,
            keep_alive: false,
        };
        self.respond(Response::refusal(refusal), exchange, turn);
        self.state = State::Ending(true);
        Step::Used(0)
    }
}

impl Exchange {
    fn of(head: &Head) -> Self {
        let is_head = head.method == Method::Head;
        Self {
            is_head,
            version: head.version,
            keep_alive: head.wants_keep_alive(),
        }
    }
}

impl Incoming {
    fn new(head: Head, bytes: &[u8], decoder: Decoder, since: Instant) -> Box<Self> {
        let bytes = bytes.to_vec();
        Box::new(Self {
            head,
            bytes,
            decoder,
            content: Vec::new(),
            discard: false,
            since,
            received: 0,
        })
    }

    fn discard(head: &Head, decoder: Decoder, since: Instant) -> Box<Self> {
        Box::new(Self {
            discard: true,
            ..*Self::new(head.clone(), b"", decoder, since)
        })
    }

    fn take(&mut self, bytes: &[u8]) -> Result<Progress, Refusal> {
        let Self {
            decoder,
            content,
            discard,
            received,
            ..
        } = self;
        decoder.decode(bytes, &mut |piece| {
            *received += piece.len() as u64;
            if !*discard {
                content.extend_from_slice(piece);
            }
        })
    }
}

const TOO_SLOW: Refusal = Refusal::new(
    Status::REQUEST_TIMEOUT,
    "the request took too long to arrive",
);

/// Of an answer that does not fit into the output at once: bytes that are added at a time.
const PIECE: usize = 64 << 10;
