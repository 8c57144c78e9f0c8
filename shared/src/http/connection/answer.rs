//! From requests to answers: the handler, and how its answer leaves.

use super::super::head::Head;
use super::super::request_line::{Method, Version};
use super::super::response::{Body, Delimiter, Exchange, Response, Source};
use super::super::status::Refusal;
use super::intake::request_in;
use super::{Connection, Job, Next, State, Step, Turn, job};
use crate::clock::Clock;
use crate::meter::{Answered, KEPT, Meter};
use crate::service::Destination;
use crate::trace::Slice;
use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// Of an answer that is made or copied as it goes: bytes that are added at a time.
pub(super) const PIECE: usize = 64 << 10;

/// The first of them. Most answers end in it; a long one goes on when those are answered who came at the
/// same time.
pub(super) const FIRST_PIECE: usize = 8 << 10;

/// A response that is made or copied as it goes, and what will be noted of it when its last byte is written.
pub(super) struct Sending {
    pub(super) source: Source,
    code: u16,
    /// Bytes of content, if that was known beforehand.
    length: Option<u64>,
    exchange: Exchange,
}

impl Connection {
    /// Adds to the output about `piece` bytes of what is still to come of the answer under way, unless
    /// it is `full`. `None`: the answer is written, and the next request may be looked at.
    #[inline]
    pub(super) fn fill(&mut self, piece: usize, full: usize, turn: &mut Turn<'_>) -> Option<Next> {
        if turn.out.len() >= full {
            return Some(Next::Write);
        }
        // Most answers are complete at once: there is nothing to call for them.
        if self.sending.is_some() { self.produce(piece, turn) } else { None }
    }

    /// A long response is complete when the stage, having written its last piece, comes back for more.
    #[inline(never)]
    fn produce(&mut self, piece: usize, turn: &mut Turn<'_>) -> Option<Next> {
        let sending = self.sending.as_mut()?;
        if sending.source.is_spent() {
            self.finish(turn.meter, turn.clock);
            return None;
        }
        let start = turn.out.len();
        match catch_unwind(AssertUnwindSafe(|| sending.source.fill(turn.out, piece))) {
            Ok(()) => Some(Next::Write),
            // A stream that panics cannot be told with a status any more. A response cut short tells it, so what the
            // stream had begun to append does not leave: it has no frame, and a client would read it as one.
            Err(_) => {
                turn.out.truncate(start);
                self.finish(turn.meter, turn.clock);
                self.state = State::Ending(true);
                Some(Next::Linger)
            }
        }
    }

    /// Notes that a long response has ended: written, or given up with its connection.
    pub fn finish(&mut self, meter: &mut Meter, clock: &Clock) {
        if let Some(sending) = self.sending.take() {
            take_note(sending.code, sending.length, &sending.exchange, meter, clock);
        }
    }

    /// A request is complete: runs its handler, or gives it away if it may block.
    pub(super) fn serve(
        &mut self,
        destination: Destination<'_>,
        head: &Head,
        bytes: &[u8],
        body: Cow<'_, [u8]>,
        used: usize,
        turn: &mut Turn<'_>,
    ) -> Step {
        let exchange = Exchange::of(head, bytes, turn);
        if destination.is_blocking() {
            self.state = State::Running(Box::new(exchange));
            self.deadline = None;
            let (service, bytes) = (Arc::clone(turn.service), bytes.to_vec());
            let (head, body) = (head.clone(), body.into_owned());
            let (draining, whose) = (turn.draining, turn.meter.attended());
            let lane = destination.lane();
            let call = job::Call { service, head, bytes, body, draining, lane };
            return Step::Run(used, Job::answer(call, whose));
        }
        turn.meter.begin(Slice::Handler);
        let response = turn.service.answer(destination, head, bytes, &body, turn.draining);
        turn.meter.end(Slice::Handler);
        turn.clock.catch_up();
        self.respond(response, exchange, turn);
        Step::Used(used)
    }

    /// Writes an answer, or the beginning of a large one. The only place that decides whether it is the last.
    pub(super) fn respond(
        &mut self,
        mut response: Response,
        mut exchange: Exchange,
        turn: &mut Turn<'_>,
    ) {
        if let Some(delay) = response.delay.take() {
            self.state = State::Delayed(Box::new((response, exchange)));
            self.deadline = Some(turn.since + delay);
            return;
        }
        let delimiter = response.delimiter(exchange.version);
        let used_up = turn.service.limits.max_requests.checked_sub(self.requests) == Some(0);
        // The client may be sending its next request just now if ending is our idea and not its own. (Where no
        // connection stays open, that is no surprise any more, and a wait for each client would be the server's price.)
        let our_idea = used_up || turn.draining || turn.has_backlog;
        let surprise = exchange.keep_alive && our_idea;
        exchange.keep_alive &= !our_idea && turn.keep_alive && delimiter != Delimiter::Close;
        self.state = if exchange.keep_alive { State::Head(None) } else { State::Ending(surprise) };
        response.write_head(turn.out, &exchange, delimiter, turn.clock.date());
        let (code, is_bodyless) = (response.status.code, response.status.is_bodyless());
        let length = match delimiter {
            Delimiter::Length(length) if !exchange.is_head => Some(length),
            _ => None,
        };
        let source = match response.body {
            _ if exchange.is_head || is_bodyless => None,
            body => append(body, delimiter, turn.out),
        };
        match source {
            None => take_note(code, length, &exchange, turn.meter, turn.clock),
            Some(source) => {
                self.sending = Some(Box::new(Sending { source, code, length, exchange }))
            }
        }
    }

    /// Answers what is not understood. Nothing that follows on this connection is looked at.
    pub(super) fn refuse(&mut self, refusal: Refusal, asked: Asked, turn: &mut Turn<'_>) -> Step {
        let Asked { is_head, line } = asked;
        let (version, keep_alive, since) = (Version::Http11, false, turn.since);
        let exchange = Exchange { is_head, version, keep_alive, since, line };
        self.respond(Response::refusal(refusal), exchange, turn);
        self.state = State::Ending(true);
        Step::Used(0)
    }
}

/// Appends a body that fits at once; what is left comes back as its source.
#[inline]
fn append(body: Body, delimiter: Delimiter, out: &mut Vec<u8>) -> Option<Source> {
    match body {
        Body::Bytes(bytes) if bytes.len() <= PIECE => out.extend_from_slice(&bytes),
        Body::Bytes(bytes) => return Some(Source::Bytes { bytes, sent: 0 }),
        Body::File(range) => match range.bytes() {
            Some(bytes) => out.extend_from_slice(bytes),
            None => return Some(Source::File(range)),
        },
        Body::Stream(stream) => return Some(Source::Stream { stream: Some(stream), delimiter }),
    }
    None
}

/// What is known of a request that is refused, perhaps before its head was complete.
pub(super) struct Asked {
    /// Then the refusal has no content either.
    is_head: bool,
    line: Option<Box<[u8]>>,
}

impl Asked {
    /// From what has come of it.
    pub(super) fn of(bytes: &[u8], turn: &Turn<'_>) -> Self {
        Self { is_head: request_in(bytes).starts_with(b"HEAD "), line: line(bytes, turn) }
    }
}

/// The first bytes of a request, kept if there is a log to write them to.
fn line(bytes: &[u8], turn: &Turn<'_>) -> Option<Box<[u8]>> {
    turn.meter.is_logging().then(|| bytes[..bytes.len().min(KEPT)].into())
}

impl Exchange {
    /// For a request that is complete now.
    pub(super) fn of(head: &Head, bytes: &[u8], turn: &Turn<'_>) -> Self {
        let (version, is_head) = (head.version, head.method == Method::Head);
        let (keep_alive, line) = (head.wants_keep_alive(), line(bytes, turn));
        Self { is_head, version, keep_alive, since: turn.since, line }
    }
}

/// `length`: bytes of content, if that was known beforehand.
#[inline]
fn take_note(
    code: u16,
    length: Option<u64>,
    exchange: &Exchange,
    meter: &mut Meter,
    clock: &Clock,
) {
    let (since, request) = (exchange.since, exchange.line.as_deref());
    meter.answered(&Answered { code, length, request, since }, clock);
}
