//! From requests to responses: the handler, and how its response leaves.

use super::super::encoding::{Delimiter, Exchange, Source};
use super::super::head::{RequestHead, without_empty_lines};
use super::super::request::{OwnedRequest, Request};
use super::super::request_line::{Method, Version};
use super::super::response::{Body, Response};
use super::super::service::{REQUEST_BYTES, ResponseSummary, Service};
use super::super::status::RequestError;
use super::super::step::{Action, StepCx};
use super::{Blocked, PIECE, ParseStep, Protocol, Sending, State};
use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};

impl Protocol {
    /// A request is complete: responds to it, or gives it to the stage if that may block.
    #[inline(always)]
    pub(super) fn serve<'a, S: Service + 'a>(
        &mut self,
        resource: S::Resource<'a>,
        head: RequestHead<'a>,
        body: Cow<'_, [u8]>,
        cx: &mut StepCx<'_, S>,
    ) {
        let exchange = Exchange::of(head, cx);
        let draining = cx.draining;
        let Some(blocks_on) = S::blocks_on(&resource) else {
            let response = cx.service.respond(resource, &Request { head, body: &body, draining });
            return self.append_response(response, exchange, cx);
        };
        let request = OwnedRequest::new(head, body.into_owned(), draining, blocks_on);
        let request = Some(Box::new(request));
        self.state = State::Blocked(Box::new(Blocked { request, exchange }));
        self.deadline = None;
    }

    /// Appends a response to the output, or the beginning of a large one, and decides whether it is the last that the
    /// connection has.
    pub(super) fn append_response<S: Service>(
        &mut self,
        mut response: Response,
        mut exchange: Exchange,
        cx: &mut StepCx<'_, S>,
    ) {
        if let Some(delay) = response.delay.take() {
            self.state = State::Delayed(Box::new((response, exchange)));
            self.deadline = Some(cx.since + delay);
            return;
        }
        let delimiter = response.delimiter(exchange.version);
        let used_up = cx.limits.max_requests.checked_sub(self.requests) == Some(0);
        // The client may be sending its next request just now if ending is our idea and not its own. (Where no
        // connection stays open, that is no surprise any more, and a wait for each client would be the server's price.)
        let our_idea = used_up || cx.draining || cx.has_backlog;
        let surprise = exchange.keep_alive && cx.keep_alive && our_idea;
        exchange.keep_alive &= !our_idea && cx.keep_alive && delimiter != Delimiter::Close;
        if !exchange.keep_alive {
            self.state = State::Ending { lingers: surprise };
        }
        response.write_head(cx.out, &exchange, delimiter, cx.service.date_line());
        let code = response.status.code;
        let length = match delimiter {
            Delimiter::Length(length) if !exchange.is_head => Some(length),
            _ => None,
        };
        let has_content = !exchange.is_head && !response.status.is_bodyless();
        let source = has_content.then(|| append_body(response.body, delimiter, cx.out)).flatten();
        let Exchange { line: request, since, .. } = exchange;
        let mut summary = ResponseSummary { code, length, request, since, number: 0 };
        match source {
            None => cx.service.on_response(&summary),
            Some(source) => {
                summary.number = cx.service.on_long_response(&summary);
                self.sending = Some(Box::new(Sending { source, summary }));
            }
        }
    }

    /// Responds to what is not understood. Nothing that follows on this connection is looked at.
    pub(super) fn refuse<S: Service>(
        &mut self,
        error: RequestError,
        exchange: Exchange,
        cx: &mut StepCx<'_, S>,
    ) -> ParseStep {
        self.append_response(Response::refusal(error), exchange, cx);
        self.state = State::Ending { lingers: true };
        ParseStep::Used(0)
    }

    /// Adds to the output about `piece` bytes of what is still to come of the response under way, unless
    /// it is `full`. `None`: the response is written, and the next request may be looked at.
    #[inline]
    pub(super) fn fill<S: Service>(
        &mut self,
        piece: usize,
        full: usize,
        cx: &mut StepCx<'_, S>,
    ) -> Option<Action> {
        if cx.out.len() >= full {
            return Some(Action::Write);
        }
        // Most responses are complete at once: there is nothing to call for them.
        if self.sending.is_some() { self.produce(piece, cx) } else { None }
    }

    /// A long response is complete when the stage, having written its last piece, comes back for more.
    #[inline(never)]
    fn produce<S: Service>(&mut self, piece: usize, cx: &mut StepCx<'_, S>) -> Option<Action> {
        let sending = self.sending.as_mut()?;
        if sending.source.is_spent() {
            self.finish(&mut cx.service);
            return None;
        }
        let start = cx.out.len();
        match catch_unwind(AssertUnwindSafe(|| sending.source.fill(cx.out, piece))) {
            Ok(()) => Some(Action::Write),
            // A stream that panics cannot be told with a status any more. A response cut short tells it, so what the
            // stream had begun to append does not leave: it has no frame, and a client would read it as one.
            Err(_) => {
                cx.out.truncate(start);
                self.finish(&mut cx.service);
                self.state = State::Ending { lingers: true };
                Some(Action::Linger)
            }
        }
    }

    /// Notes that a long response has ended: written, or given up with its connection.
    pub fn finish<S: Service>(&mut self, service: &mut S) {
        if let Some(sending) = self.sending.take() {
            service.on_response(&sending.summary);
        }
    }
}

/// Appends a body that fits at once; what is left comes back as its source.
#[inline]
fn append_body(body: Body, delimiter: Delimiter, out: &mut Vec<u8>) -> Option<Source> {
    match body {
        Body::Bytes(bytes) if bytes.len() <= PIECE => out.extend_from_slice(&bytes),
        Body::Bytes(bytes) => return Some(Source::Bytes { bytes, sent: 0 }),
        Body::Shared(bytes, range) => {
            out.extend_from_slice((*bytes).as_ref().get(range).unwrap_or_default());
        }
        Body::File(file) => return Some(Source::File(file)),
        Body::Stream(stream) => return Some(Source::Stream { stream: Some(stream), delimiter }),
    }
    None
}

/// The first bytes of a request, kept if there is a log to write them to.
fn request_line<S: Service>(bytes: &[u8], cx: &StepCx<'_, S>) -> Option<Box<[u8]>> {
    cx.service.keeps_request_line().then(|| bytes[..bytes.len().min(REQUEST_BYTES)].into())
}

impl Exchange {
    /// For a request that is complete now.
    pub(super) fn of<S: Service>(request: RequestHead<'_>, cx: &StepCx<'_, S>) -> Self {
        let RequestHead { head, bytes } = request;
        let (version, is_head) = (head.version, head.method == Method::Head);
        let (keep_alive, line) = (head.wants_keep_alive(), request_line(bytes, cx));
        Self { is_head, version, keep_alive, since: cx.since, line }
    }

    /// For a request that is refused, of which these `bytes` have come: perhaps less than its head.
    pub(super) fn refused<S: Service>(bytes: &[u8], cx: &StepCx<'_, S>) -> Self {
        let is_head = without_empty_lines(bytes).starts_with(b"HEAD ");
        let (version, keep_alive, line) = (Version::Http11, false, request_line(bytes, cx));
        Self { is_head, version, keep_alive, since: cx.since, line }
    }
}
