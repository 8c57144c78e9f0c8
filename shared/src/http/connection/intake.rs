//! From bytes to requests: heads, bodies, and what is decided between the two.

use super::super::body::{Decoder, Framing, Progress};
use super::super::head::{EMPTY_LINES, Expectation, Head, HeadParser};
use super::super::response::{Exchange, Response};
use super::super::status::{Refusal, Status};
use super::answer::Asked;
use super::{Connection, State, Step, Turn};
use crate::limits::{MAX_DISCARD, pace};
use crate::trace::Moment;
use std::borrow::Cow;
use std::time::{Duration, Instant};

/// A request whose body is still coming.
pub(super) struct Incoming {
    head: Head,
    bytes: Vec<u8>,
    decoder: Decoder,
    content: Vec<u8>,
    /// Answered already: the body is only read to find its end.
    pub(super) discard: bool,
    since: Instant,
    received: u64,
}

impl Connection {
    /// Between requests or inside a head.
    pub(super) fn head(&mut self, bytes: &[u8], turn: &mut Turn<'_>) -> Step {
        let State::Head(saved) = &mut self.state else {
            return Step::Used(0);
        };
        let limits = &turn.service.limits;
        if bytes.is_empty() {
            if self.requests > 0 {
                self.deadline = Some(turn.clock.now() + limits.idle_timeout);
            }
            return Step::Starved(0);
        }
        let (mut saved, mut fresh) = (saved.take(), HeadParser::default());
        match saved.as_deref_mut().unwrap_or(&mut fresh).parse(bytes, limits) {
            Ok(Some((head, used))) => self.begin(head, bytes, used, turn),
            Ok(None) => {
                let parser = saved.unwrap_or_else(|| {
                    self.deadline = Some(turn.clock.now() + limits.head_timeout);
                    Box::new(fresh)
                });
                self.state = State::Head(Some(parser));
                Step::Starved(0)
            }
            Err(refusal) => self.refuse(refusal, Asked::of(bytes, turn), turn),
        }
    }

    /// A head is complete, the first `used` of `bytes`: decides what becomes of the request.
    fn begin(&mut self, head: &Head, bytes: &[u8], used: usize, turn: &mut Turn<'_>) -> Step {
        self.requests += 1;
        turn.meter.moment(Moment::Parsed);
        let (head_bytes, rest) = bytes.split_at(used);
        let framing = match head.framing() {
            Ok(framing) => framing,
            Err(refusal) => return self.refuse(refusal, Asked::of(bytes, turn), turn),
        };
        let is_whole = matches!(framing, Framing::Length(length) if length <= rest.len() as u64);
        let destination = match head.expectation() {
            Expectation::Unknown => Err(Response::new(
                Status::EXPECTATION_FAILED,
                "417: only 100-continue can be met\n",
            )),
            // While its body is still coming nothing is looked up that could be old when it is here.
            _ => turn.service.find(head, head_bytes, is_whole.then_some(turn.clock.now())),
        };
        let destination = match destination {
            Ok(destination) => destination,
            Err(response) => return self.answer_early(response, head, head_bytes, framing, turn),
        };
        let decoder = match Decoder::new(framing, turn.service.limits.max_body) {
            Ok(decoder) => decoder,
            Err(refusal) => return self.refuse(refusal, Asked::of(bytes, turn), turn),
        };
        match framing {
            Framing::Length(length) if is_whole => {
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
                self.state =
                    State::Body(Incoming::new(head, head_bytes, decoder, turn.clock.now()));
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
        let mut exchange = Exchange::of(head, bytes, turn);
        if framing != Framing::Length(0) {
            let decoder = Decoder::new(framing, MAX_DISCARD)
                .ok()
                .filter(|_| head.expectation() == Expectation::None);
            exchange.keep_alive &= decoder.is_some();
            self.respond(response, exchange, turn);
            self.state = match (&self.state, decoder) {
                (State::Head(_), Some(decoder)) => {
                    State::Body(Incoming::discard(head, decoder, turn.clock.now()))
                }
                _ => State::Ending(true),
            };
        } else {
            self.respond(response, exchange, turn);
        }
        Step::Used(bytes.len())
    }

    /// Inside a body.
    pub(super) fn body(&mut self, bytes: &[u8], turn: &mut Turn<'_>) -> Step {
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
                let asked = Asked::of(&body.bytes, turn);
                return self.refuse(refusal, asked, turn);
            }
        };
        if !done {
            let grace = turn.service.limits.body_timeout;
            // Bytes make both moments later; a body that stands still has had its time, however much of it came before.
            let still = turn.clock.now() + grace;
            self.deadline = Some(still.min(pace(body.since, grace, body.received)));
            return Step::Starved(used);
        }
        match std::mem::replace(&mut self.state, State::Head(None)) {
            State::Body(body) if !body.discard => self.finish_body(*body, used, turn),
            _ => Step::Used(used),
        }
    }

    fn finish_body(&mut self, body: Incoming, used: usize, turn: &mut Turn<'_>) -> Step {
        let Incoming { head, bytes, content, .. } = body;
        match turn.service.find(&head, &bytes, Some(turn.clock.now())) {
            Ok(destination) => {
                self.serve(destination, &head, &bytes, Cow::Owned(content), used, turn)
            }
            Err(response) => {
                let exchange = Exchange::of(&head, &bytes, turn);
                self.respond(response, exchange, turn);
                Step::Used(used)
            }
        }
    }

    /// Nothing was read from the client for so long, as its answers waited for room: that time is not its own.
    pub fn postpone(&mut self, waited: Duration) {
        match &mut self.state {
            State::Body(body) => body.since += waited,
            State::Head(_) => {}
            _ => return,
        }
        self.deadline = self.deadline.map(|deadline| deadline + waited);
    }

    /// Whether a part of a request is here that is not answered yet. Empty lines alone are none: some
    /// clients send one after a body.
    pub(super) fn is_inside_request(&self) -> bool {
        match &self.state {
            State::Head(_) => !request_in(&self.input).is_empty(),
            State::Body(body) => !body.discard,
            _ => false,
        }
    }

    /// What has come of a request that is not answered yet.
    pub(super) fn asked(&self, turn: &Turn<'_>) -> Asked {
        match &self.state {
            State::Body(body) => Asked::of(&body.bytes, turn),
            _ => Asked::of(&self.input, turn),
        }
    }
}

/// What is here of a request, without the empty lines that may come before it.
pub(super) fn request_in(mut bytes: &[u8]) -> &[u8] {
    for _ in 0..EMPTY_LINES {
        bytes = bytes.strip_prefix(b"\r\n").unwrap_or(bytes);
    }
    if bytes == b"\r" { b"" } else { bytes }
}

impl Incoming {
    fn new(head: &Head, bytes: &[u8], decoder: Decoder, since: Instant) -> Box<Self> {
        let (head, bytes) = (head.clone(), bytes.to_vec());
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
        Box::new(Self { discard: true, ..*Self::new(head, b"", decoder, since) })
    }

    fn take(&mut self, bytes: &[u8]) -> Result<Progress, Refusal> {
        let Self { decoder, content, discard, received, .. } = self;
        decoder.decode(bytes, &mut |piece| {
            *received += piece.len() as u64;
            if !*discard {
                content.extend_from_slice(piece);
            }
        })
    }
}
