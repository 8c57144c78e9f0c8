//! A client and its connection, with nothing between them: what a stage does, but without waiting.

use crate::common;
use crate::response::{self, ParsedResponse};
use shared::app::demo;
use shared::app::router::Router;
use shared::http::{Action, Limits, Protocol, StepCx};
use shared::server::clock::Clock;
use shared::server::context::{ThreadContext, ThreadService};
use std::time::{Duration, Instant};

/// How the server left the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Open,
    /// Closed, with everything read that was sent.
    Closed,
    /// The write side is shut, and what still comes is thrown away.
    Lingering,
}

pub(crate) struct Client {
    thread: ThreadContext,
    protocol: Protocol,
    out: Vec<u8>,
    pub(crate) now: Instant,
    /// When its request was read, if that was before.
    pub(crate) since: Option<Instant>,
    /// What the stage sets in every [`StepCx`].
    pub(crate) time_slice: Duration,
    pub(crate) keep_alive: bool,
    pub(crate) has_backlog: bool,
    pub(crate) draining: bool,
    /// All that the server wrote, and the most of it that ever waited to be written.
    pub(crate) received: Vec<u8>,
    pub(crate) most_waiting: usize,
    pub(crate) end: End,
}

impl Client {
    pub(crate) fn new() -> Self {
        Self::with(Limits::default())
    }

    pub(crate) fn with(limits: Limits) -> Self {
        Self::of(demo::router(), limits)
    }

    /// A client of an application of the test's own.
    pub(crate) fn of(router: Router, limits: Limits) -> Self {
        let (thread, now) = (common::thread(router, limits), Instant::now());
        Self {
            protocol: Protocol::new(&thread.server.args.limits, now),
            thread,
            out: Vec::new(),
            now,
            since: None,
            time_slice: Duration::MAX,
            keep_alive: true,
            has_backlog: false,
            draining: false,
            received: Vec::new(),
            most_waiting: 0,
            end: End::Open,
        }
    }

    /// One step of the protocol, and its output written.
    pub(crate) fn step(
        &mut self,
        step: impl FnOnce(&mut Protocol, &mut StepCx<'_, ThreadService<'_>>) -> Action,
    ) -> Action {
        self.thread.clock = Clock::stopped(self.now);
        self.thread.stats.since = self.since.unwrap_or(self.now);
        let mut cx = StepCx {
            time_slice: self.time_slice,
            keep_alive: self.keep_alive,
            has_backlog: self.has_backlog,
            draining: self.draining,
            ..self.thread.step(&mut self.out)
        };
        let action = step(&mut self.protocol, &mut cx);
        self.most_waiting = self.most_waiting.max(self.out.len());
        self.received.append(&mut self.out);
        action
    }

    /// Steps until the server waits for more, or is done.
    pub(crate) fn run(&mut self, mut action: Action) {
        loop {
            action = match action {
                Action::Read | Action::Wait => return,
                Action::Write | Action::Yield => self.step(|protocol, cx| protocol.resume(cx)),
                Action::Run => {
                    let request = self.protocol.take_blocking().unwrap();
                    let result = self.thread.respond_task(request).run(&mut self.thread.stats);
                    self.step(|protocol, cx| result.complete(protocol, cx))
                }
                Action::Close => return self.end = End::Closed,
                Action::Linger => {
                    self.protocol.linger(&self.thread.server.args.limits, self.now, None);
                    return self.end = End::Lingering;
                }
            };
        }
    }

    /// Sends bytes, which the server gets in one read. Nothing reads them once it has closed.
    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        if self.end != End::Closed {
            let action = self.step(|protocol, cx| protocol.receive(bytes.as_ref(), cx));
            self.run(action);
        }
    }

    /// Nothing more will come from this client.
    pub(crate) fn half_close(&mut self) {
        let action = self.step(|protocol, cx| protocol.end_of_input(cx));
        self.run(action);
    }

    /// Lets the time pass until the connection's deadline.
    pub(crate) fn wait(&mut self) {
        self.now = self.protocol.deadline().unwrap();
        let action = self.step(|protocol, cx| protocol.on_deadline(cx));
        self.run(action);
    }

    /// The line of `/metrics` that begins with `name`.
    pub(crate) fn metric(&self, name: &str) -> String {
        let page = self.thread.server.telemetry.metrics().render();
        page.lines().find(|line| line.starts_with(name)).unwrap_or_default().to_owned()
    }

    pub(crate) fn protocol(&self) -> &Protocol {
        &self.protocol
    }

    pub(crate) fn responses(&self) -> Vec<ParsedResponse> {
        response::read(&self.received, &[])
    }

    pub(crate) fn statuses(&self) -> Vec<u16> {
        self.responses().iter().map(|response| response.status).collect()
    }
}

impl ParsedResponse {
    pub(crate) fn text(&self) -> &str {
        str::from_utf8(&self.body).unwrap()
    }
}

/// What comes at once where a test's text comes in small pieces: Miri interprets each instruction, and is some
/// thousand times slower.
const PIECE: usize = if cfg!(miri) { 50 } else { 1 };

/// The responses to `bytes`, and how the connection was left: the same whole, cut in two anywhere, and byte by byte.
/// Miri looks for undefined behaviour, takes a second for each way, and gets one: pieces of [`PIECE`] bytes.
pub(crate) fn converse(bytes: impl AsRef<[u8]>) -> (Vec<ParsedResponse>, End) {
    let bytes = bytes.as_ref();
    let outcome = |step: usize, cut: usize| {
        let mut client = Client::new();
        client.send(&bytes[..cut]);
        bytes[cut..].chunks(step).for_each(|piece| client.send(piece));
        (client.responses(), client.end)
    };
    if cfg!(miri) {
        return outcome(PIECE, 0);
    }
    let whole = outcome(bytes.len(), 0);
    for cut in 1..bytes.len() {
        assert_eq!(outcome(bytes.len(), cut), whole, "cut at {cut}: {}", bytes.escape_ascii());
    }
    assert_eq!(outcome(PIECE, 0), whole, "byte by byte: {}", bytes.escape_ascii());
    whole
}

/// [`converse`], with the statuses alone.
pub(crate) fn statuses(bytes: impl AsRef<[u8]>) -> (Vec<u16>, End) {
    let (responses, end) = converse(bytes);
    (responses.iter().map(|response| response.status).collect(), end)
}

/// A small good request. In the tests it often follows another: the connection goes on right there.
pub(crate) const GET: &str = "GET /hello/next HTTP/1.1\r\nHost: a\r\n\r\n";
