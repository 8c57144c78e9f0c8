//! A timeline of what every thread does, in Chrome's trace-event JSON: `--trace FILE`. Perfetto and
//! chrome://tracing open it, and `bench timeline` draws it.
//!
//! Each thread is a lane, and on it lie spans: waiting, reading a request, the handler inside it,
//! writing the answer. One of them ends before the next begins, or lies inside the other.

use super::log_writer::LineBuffer;
use std::io::Write;
use std::time::Instant;

/// How the file begins: with an array of events.
pub(crate) const HEAD: &[u8] = b"[\n";

/// How it ends, `epoch` ago: the last event has no comma behind it. A trace connection process was killed does not
/// have this end; the format allows that.
pub(crate) fn tail(epoch: Instant) -> String {
    let micros = epoch.elapsed().as_nanos() as f64 / 1000.0;
    format!(
        "{{\"ph\":\"i\",\"name\":\"end\",\"pid\":1,\"tid\":1,\"ts\":{micros:.3},\"s\":\"g\",\"args\":{{}}}}\n]\n"
    )
}

/// Bytes that come together before they are handed over.
const PIECE: usize = 64 << 10;

/// What a thread is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// Waiting for a client, or for any of them.
    Wait,
    /// From looking at what was read to the answer.
    Request,
    /// A handler, within a request.
    Handler,
    /// A handler that may block: after the request that asks for it, and in stage 4 on another thread.
    Blocking,
    /// Writing an answer.
    Write,
}

impl Span {
    /// All of them, in the order of a request.
    pub const ALL: [Self; 5] =
        [Self::Wait, Self::Request, Self::Handler, Self::Blocking, Self::Write];

    /// As the file says it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Wait => "wait",
            Self::Request => "request",
            Self::Handler => "handler",
            Self::Blocking => "blocking",
            Self::Write => "write",
        }
    }
}

/// Something that takes no time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InstantEvent {
    /// A connection was taken in.
    Accepted,
    /// Bytes were read: a request, or a part of one.
    Received,
    /// A head was complete.
    Parsed,
    /// A connection has ended.
    Closed,
}

impl InstantEvent {
    /// As the file says it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Received => "received",
            Self::Parsed => "parsed",
            Self::Closed => "closed",
        }
    }
}

/// A connection, by a name that no two share: the lane of the thread that took it in, and its number there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ConnectionId {
    lane: usize,
    number: u64,
}

/// One thread's lane.
pub struct Tracer {
    lines: LineBuffer,
    epoch: Instant,
    lane: usize,
    /// One connection in so many is recorded.
    every: u64,
    connection: ConnectionId,
}

impl Tracer {
    /// A lane for the calling thread; times count from `epoch`.
    pub(crate) fn new(lines: LineBuffer, epoch: Instant, lane: usize, every: u64) -> Self {
        let thread = std::thread::current();
        let name = thread.name().unwrap_or("?");
        // Names of our own threads: nothing in them needs escaping.
        let _ = writeln!(
            lines.lines(),
            "{{\"ph\":\"M\",\"name\":\"thread_name\",\"pid\":1,\"tid\":{lane},\"args\":{{\"name\":\"{name}\"}}}},"
        );
        Self { lines, epoch, lane, every: every.max(1), connection: ConnectionId::default() }
    }

    /// Which of this lane's connections the next spans belong to.
    pub(crate) fn set_current(&mut self, number: u64) {
        self.connection = ConnectionId { lane: self.lane, number };
    }

    /// The same for a connection that another lane may have taken in.
    pub(crate) fn continue_as(&mut self, connection: ConnectionId) {
        self.connection = connection;
    }

    pub(crate) fn current(&self) -> ConnectionId {
        self.connection
    }

    pub(crate) fn begin(&mut self, span: Span) {
        self.event('B', span.name(), span == Span::Wait);
    }

    pub(crate) fn end(&mut self, span: Span) {
        self.event('E', span.name(), span == Span::Wait);
    }

    pub(crate) fn instant(&mut self, event: InstantEvent) {
        self.event('i', event.name(), false);
    }

    fn event(&mut self, phase: char, name: &str, always: bool) {
        if !always && !self.connection.number.is_multiple_of(self.every) {
            return;
        }
        let micros = self.epoch.elapsed().as_nanos() as f64 / 1000.0;
        let ConnectionId { lane: home, number } = self.connection;
        let lane = self.lane;
        let _ = writeln!(
            self.lines.lines(),
            "{{\"ph\":\"{phase}\",\"name\":\"{name}\",\"pid\":1,\"tid\":{lane},\"ts\":{micros:.3},\"args\":{{\"connection\":\"{home}.{number}\"}}}},"
        );
    }

    /// Hands over what has come together, if it is enough.
    pub(crate) fn flush(&self) {
        self.lines.flush(PIECE);
    }

    /// Hands over what there is.
    pub(crate) fn hand_over(&self) {
        self.lines.flush(0);
    }
}
