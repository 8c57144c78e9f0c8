//! From bytes to requests: heads, bodies, and what is decided between the two.

use super::super::body::{Decoder, Framing, Progress};
use super::super::encoding::Exchange;
use super::super::head::{Expectation, Head, HeadParser, RequestHead, is_empty_lines};
use super::super::limits::{MAX_DISCARD, rate_deadline};
use super::super::response::Response;
use super::super::service::Service;
use super::super::status::{RequestError, Status};
use super::super::step::StepCx;
use super::{Incoming, ParseStep, Protocol, State};
use std::borrow::Cow;
use std::time::Instant;

impl Protocol {
    /// Between requests or inside a head. Without bytes, or with empty lines alone, the connection is idle, and its idle
    /// time begins.
    pub(super) fn receive_head<S: Service>(
        &mut self,
        bytes: &[u8],
        cx: &mut StepCx<'_, S>,
    ) -> ParseStep {
        let State::Head(saved) = &mut self.state else {
            return ParseStep::Used(0);
        };
        if bytes.is_empty() {
            return self.wait_for_head(cx);
        }
        let (mut saved, mut fresh) = (saved.take(), HeadParser::default());
        match saved.as_deref_mut().unwrap_or(&mut fresh).parse(bytes, cx.limits) {
            Ok(Some((head, used))) => self.begin_request(head, bytes, used, cx),
            Ok(None) if is_empty_lines(bytes) => self.wait_for_head(cx),
            Ok(None) => {
                let parser = saved.unwrap_or_else(|| {
                    self.deadline = Some(cx.service.now() + cx.limits.head_timeout);
                    Box::new(fresh)
                });
                self.state = State::Head(Some(parser));
                ParseStep::Starved(0)
            }
            Err(error) => self.refuse(error, Exchange::refused(bytes, cx), cx),
        }
    }

    /// Nothing of a request is here.
    fn wait_for_head<S: Service>(&mut self, cx: &StepCx<'_, S>) -> ParseStep {
        if self.requests > 0 {
            self.deadline = Some(cx.service.now() + cx.limits.idle_timeout);
        }
        ParseStep::Starved(0)
    }

    /// A head is complete, the first `used` of `bytes`: decides what becomes of the request.
    fn begin_request<S: Service>(
        &mut self,
        head: &Head,
        bytes: &[u8],
        used: usize,
        cx: &mut StepCx<'_, S>,
    ) -> ParseStep {
        self.requests += 1;
        cx.service.on_head();
        let (head_bytes, rest) = bytes.split_at(used);
        let request_head = RequestHead { head, bytes: head_bytes };
        let framing = match head.framing() {
            Ok(framing) => framing,
            Err(error) => return self.refuse(error, Exchange::refused(bytes, cx), cx),
        };
        let is_whole = matches!(framing, Framing::Length(length) if length <= rest.len() as u64);
        let found = match head.expectation() {
            Expectation::Unknown => Err(unmet_expectation()),
            // While its body is still coming nothing is looked up that could be old when it is here.
            _ => cx.service.find(request_head, is_whole),
        };
        let resource = match found {
            Ok(resource) => resource,
            Err(response) => return self.respond_early(response, request_head, framing, cx),
        };
        let decoder = match Decoder::new(framing, cx.limits.max_body) {
            Ok(decoder) => decoder,
            Err(error) => return self.refuse(error, Exchange::refused(bytes, cx), cx),
        };
        if is_whole && let Framing::Length(length) = framing {
            let body = &rest[..length as usize];
            self.serve(resource, request_head, Cow::Borrowed(body), cx);
            return ParseStep::Used(used + body.len());
        }
        if rest.is_empty() && head.expectation() == Expectation::Continue {
            cx.out.extend_from_slice(b"HTTP/1.1 100 Continue\r\n\r\n");
        }
        self.state = State::Body(Incoming::new(request_head, decoder, cx.service.now()));
        ParseStep::Used(used)
    }

    /// Responds from the head alone. A body that no handler wants is read to its end, so that the
    /// connection can stay; but not a large one, and not one whose client asked for a 100 first: it may
    /// have left the body out, and then what follows is the next request.
    fn respond_early<S: Service>(
        &mut self,
        response: Response,
        request: RequestHead<'_>,
        framing: Framing,
        cx: &mut StepCx<'_, S>,
    ) -> ParseStep {
        let mut exchange = Exchange::of(request, cx);
        if framing == Framing::Length(0) {
            self.append_response(response, exchange, cx);
            return ParseStep::Used(request.bytes.len());
        }
        let decoder = Decoder::new(framing, MAX_DISCARD)
            .ok()
            .filter(|_| request.head.expectation() == Expectation::None);
        exchange.keep_alive &= decoder.is_some();
        self.append_response(response, exchange, cx);
        self.state = match (&self.state, decoder) {
            (State::Head(_), Some(decoder)) => {
                let no_bytes = RequestHead { bytes: b"", ..request };
                let incoming = Incoming::new(no_bytes, decoder, cx.service.now());
                State::Body(Box::new(Incoming { discard: true, ..*incoming }))
            }
            _ => State::Ending { lingers: true },
        };
        ParseStep::Used(request.bytes.len())
    }

    /// Inside a body.
    pub(super) fn receive_body<S: Service>(
        &mut self,
        bytes: &[u8],
        cx: &mut StepCx<'_, S>,
    ) -> ParseStep {
        let State::Body(body) = &mut self.state else {
            return ParseStep::Used(0);
        };
        let Progress { used, done } = match body.take(bytes) {
            Ok(progress) => progress,
            Err(_) if body.discard => {
                self.state = State::Ending { lingers: true };
                return ParseStep::Used(bytes.len());
            }
            Err(error) => {
                let exchange = Exchange::refused(&body.bytes, cx);
                return self.refuse(error, exchange, cx);
            }
        };
        if !done {
            let grace = cx.limits.body_timeout;
            // Bytes make both moments later; a body that stands still has had its time, however much of it came before.
            let still = cx.service.now() + grace;
            self.deadline = Some(still.min(rate_deadline(body.since, grace, body.received)));
            return ParseStep::Starved(used);
        }
        match std::mem::replace(&mut self.state, State::Head(None)) {
            State::Body(body) if !body.discard => self.finish_body(*body, used, cx),
            _ => ParseStep::Used(used),
        }
    }

    fn finish_body<S: Service>(
        &mut self,
        body: Incoming,
        used: usize,
        cx: &mut StepCx<'_, S>,
    ) -> ParseStep {
        let request = RequestHead { head: &body.head, bytes: &body.bytes };
        match cx.service.find(request, true) {
            Ok(resource) => self.serve(resource, request, Cow::Owned(body.content), cx),
            Err(response) => self.append_response(response, Exchange::of(request, cx), cx),
        }
        ParseStep::Used(used)
    }

    /// Whether a part of a request is here that has no response yet. Empty lines alone are none: some
    /// clients send one after a body.
    pub(super) fn is_inside_request(&self) -> bool {
        match &self.state {
            State::Head(_) => !is_empty_lines(&self.input),
            State::Body(body) => !body.discard,
            _ => false,
        }
    }

    /// The refusal of what has come of a request that has no response yet.
    pub(super) fn refusal<S: Service>(&self, cx: &StepCx<'_, S>) -> Exchange {
        match &self.state {
            State::Body(body) => Exchange::refused(&body.bytes, cx),
            _ => Exchange::refused(&self.input, cx),
        }
    }
}

#[cold]
fn unmet_expectation() -> Response {
    Response::new(Status::EXPECTATION_FAILED, "417: only 100-continue can be met\n")
}

impl Incoming {
    fn new(request: RequestHead<'_>, decoder: Decoder, since: Instant) -> Box<Self> {
        let (head, bytes) = (request.head.clone(), request.bytes.to_vec());
        let (content, discard, received) = (Vec::new(), false, 0);
        Box::new(Self { head, bytes, decoder, content, discard, since, received })
    }

    fn take(&mut self, bytes: &[u8]) -> Result<Progress, RequestError> {
        let Self { decoder, content, discard, received, .. } = self;
        decoder.decode(bytes, &mut |piece| {
            *received += piece.len() as u64;
            if !*discard {
                content.extend_from_slice(piece);
            }
        })
    }
}
