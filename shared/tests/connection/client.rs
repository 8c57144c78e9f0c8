//! A client and its connection, with nothing between them: what a stage does, but without waiting.

use crate::answer::{self, Answer};
use shared::app::router;
use shared::clock::Clock;
use shared::http::{Connection, Next, Turn};
use shared::limits::Limits;
use shared::meter::Meter;
use shared::router::Router;
use shared::service::Service;
use std::sync::Arc;
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
    service: Arc<Service>,
    connection: Connection,
    meter: Meter,
    out: Vec<u8>,
    pub(crate) now: Instant,
    /// When its request was read, if that was before.
    pub(crate) since: Option<Instant>,
    /// What the stage says in every [`Turn`].
    pub(crate) slice: Duration,
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
        Self::of(router(), limits)
    }

    /// A client of an application of the test's own.
    pub(crate) fn of(router: Router, limits: Limits) -> Self {
        let service = Service::new(router, limits, None);
        let meter = Meter::new(&service.metrics);
        let now = Instant::now();
        Self {
            connection: Connection::new(&service, now),
            service,
            meter,
            out: Vec::new(),
            now,
            since: None,
            slice: Duration::MAX,
            keep_alive: true,
            has_backlog: false,
            draining: false,
            received: Vec::new(),
            most_waiting: 0,
            end: End::Open,
        }
    }

    /// One step of the connection, and its output written.
    pub(crate) fn step(
        &mut self,
        step: impl FnOnce(&mut Connection, &mut Turn<'_>) -> Next,
    ) -> Next {
        let mut clock = Clock::stopped(self.now);
        let mut turn = Turn {
            service: &self.service,
            clock: &mut clock,
            since: self.since.unwrap_or(self.now),
            slice: self.slice,
            keep_alive: self.keep_alive,
            has_backlog: self.has_backlog,
            draining: self.draining,
            out: &mut self.out,
            pending: 0,
            meter: &mut self.meter,
        };
        let next = step(&mut self.connection, &mut turn);
        self.most_waiting = self.most_waiting.max(self.out.len());
        self.received.append(&mut self.out);
        next
    }

    /// Steps until the server waits for more, or is done.
    pub(crate) fn run(&mut self, mut next: Next) {
        loop {
            next = match next {
                Next::Read | Next::Wait => return,
                Next::Write | Next::Yield => self.step(Connection::resume),
                Next::Run(job) => {
                    self.step(|connection, turn| connection.complete(job.run(turn.meter), turn))
                }
                Next::Close => return self.end = End::Closed,
                Next::Linger => {
                    self.connection.linger(self.now, None);
                    return self.end = End::Lingering;
                }
            };
        }
    }

    /// Sends bytes, which the server gets in one read. Nothing reads them once it has closed.
    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        if self.end != End::Closed {
            let next = self.step(|connection, turn| connection.receive(bytes.as_ref(), turn));
            self.run(next);
        }
    }

    /// Nothing more will come from this client.
    pub(crate) fn half_close(&mut self) {
        let next = self.step(Connection::end_of_input);
        self.run(next);
    }

    /// Lets the time pass until the connection's deadline.
    pub(crate) fn wait(&mut self) {
        self.now = self.connection.deadline().unwrap();
        let next = self.step(Connection::expire);
        self.run(next);
    }

    /// The line of `/metrics` that begins with `name`.
    pub(crate) fn metric(&self, name: &str) -> String {
        let page = self.service.metrics.render();
        page.lines().find(|line| line.starts_with(name)).unwrap_or_default().to_owned()
    }

    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }

    pub(crate) fn answers(&self) -> Vec<Answer> {
        answer::read(&self.received, &[])
    }

    pub(crate) fn statuses(&self) -> Vec<u16> {
        self.answers().iter().map(|answer| answer.status).collect()
    }
}

impl Answer {
    pub(crate) fn text(&self) -> &str {
        str::from_utf8(&self.body).unwrap()
    }
}

/// The answers to `bytes`, and how the connection was left: the same whole, cut in two anywhere, and byte by byte.
pub(crate) fn converse(bytes: impl AsRef<[u8]>) -> (Vec<Answer>, End) {
    let bytes = bytes.as_ref();
    let outcome = |step: usize, cut: usize| {
        let mut client = Client::new();
        client.send(&bytes[..cut]);
        bytes[cut..].chunks(step).for_each(|piece| client.send(piece));
        (client.answers(), client.end)
    };
    let whole = outcome(bytes.len(), 0);
    for cut in 1..bytes.len() {
        assert_eq!(outcome(bytes.len(), cut), whole, "cut at {cut}: {}", bytes.escape_ascii());
    }
    assert_eq!(outcome(1, 0), whole, "byte by byte: {}", bytes.escape_ascii());
    whole
}

/// [`converse`], with the statuses alone.
pub(crate) fn statuses(bytes: impl AsRef<[u8]>) -> (Vec<u16>, End) {
    let (answers, end) = converse(bytes);
    (answers.iter().map(|answer| answer.status).collect(), end)
}

/// A small good request. In the tests it often follows another: the connection goes on right there.
pub(crate) const GET: &str = "GET /hello/next HTTP/1.1\r\nHost: a\r\n\r\n";
