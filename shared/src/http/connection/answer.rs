//! From requests to answers: the handler, and how its answer leaves.

use super::super::head::Head;
use super::super::request_line::{Method, Version};
use super::super::response::{Body, Delimiter, Exchange, Response, Source};
use super::super::status::Refusal;
use super::intake::request_in;
use super::{Connection, Job, Next, State, Step, Turn, job};
use crate::meter::{Answered, KEPT};
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

impl Connection {
    /// Adds to the output about `piece` bytes of what is still to come of the answer under way, unless
    /// it is `full`. `None`: the answer is complete, and the next request may be looked at.
    #[inline]
    pub(super) fn fill(&mut self, piece: usize, full: usize, turn: &mut Turn<'_>) -> Option<Next> {
        if turn.out.len() >= full {
            return Some(Next::Write);
        }
        // Most answers are complete at once: there is nothing to call for them.
        if self.source.is_some() { self.produce(piece, turn) } else { None }
    }

    #[inline(never)]
    fn produce(&mut self, piece: usize, turn: &mut Turn<'_>) -> Option<Next> {
        let source = self.source.as_mut()?;
        // A stream that panics cannot be told with a status any more: an answer cut short tells it.
        match catch_unwind(AssertUnwindSafe(|| source.fill(turn.out, piece))) {
            Ok(true) => Some(Next::Write),
            Ok(false) => {
                self.source = None;
                None
            }
            Err(_) => Some(Next::Close),
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
            let call = job::Call { service, head, bytes, body, draining };
            return Step::Run(used, Job::answer(call, whose));
        }
        turn.meter.begin(Slice::Handler);
        let response = turn.service.answer(destination, head, bytes, &body, turn.draining);
        turn.meter.end(Slice::Handler);
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
            self.deadline = Some(turn.now + delay);
            return;
        }
        let delimiter = response.delimiter(exchange.version);
        take_note(&response, &exchange, delimiter, turn);
        let used_up = turn.service.limits.max_requests.checked_sub(self.requests) == Some(0);
        // The client may be sending its next request just now if ending is our idea and not its own. (Where no
        // connection stays open, that is no surprise any more, and a wait for each client would be the server's price.)
        let surprise = exchange.keep_alive && (used_up || turn.draining);
        exchange.keep_alive &=
            !used_up && !turn.draining && turn.keep_alive && delimiter != Delimiter::Close;
        self.state = if exchange.keep_alive { State::Head(None) } else { State::Ending(surprise) };
        response.write_head(turn.out, &exchange, delimiter, turn.date);
        if exchange.is_head || response.status.is_bodyless() {
            return;
        }
        match response.body {
            Body::Bytes(bytes) if bytes.len() <= PIECE => turn.out.extend_from_slice(&bytes),
            Body::Bytes(bytes) => self.source = Some(Box::new(Source::Bytes { bytes, sent: 0 })),
            Body::File(range) => match range.bytes() {
                Some(bytes) => turn.out.extend_from_slice(bytes),
                None => self.source = Some(Box::new(Source::File(range))),
            },
            Body::Stream(stream) => {
                self.source = Some(Box::new(Source::Stream { stream, delimiter }))
            }
        }
    }

    /// Answers what is not understood. Nothing that follows on this connection is looked at.
    pub(super) fn refuse(&mut self, refusal: Refusal, asked: Asked, turn: &mut Turn<'_>) -> Step {
        let Asked { is_head, line } = asked;
        let (version, keep_alive, since) = (Version::Http11, false, turn.now);
        let exchange = Exchange { is_head, version, keep_alive, since, line };
        self.respond(Response::refusal(refusal), exchange, turn);
        self.state = State::Ending(true);
        Step::Used(0)
    }
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
        Self { is_head, version, keep_alive, since: turn.now, line }
    }
}

fn take_note(response: &Response, exchange: &Exchange, delimiter: Delimiter, turn: &mut Turn<'_>) {
    let length = match delimiter {
        Delimiter::Length(length) if !exchange.is_head => Some(length),
        _ => None,
    };
    let (code, since, request) = (response.status.code, exchange.since, exchange.line.as_deref());
    turn.meter.answered(&Answered { code, length, request, since }, turn.now, turn.date);
}
