//! A timeline of every thread, in Chrome's trace-event JSON: `--trace FILE`. A first reading may skip it.
//!
//! Perfetto and chrome://tracing open the file, and `bench timeline` draws it. Each thread is a lane, and on it lie
//! spans: waiting, a request, the handler inside it, writing the response. A span ends before the next begins, or
//! encloses it.

use super::log_writer::LineBuffer;
use std::io::Write;
use std::time::Instant;

/// How the file begins: with an array of events.
pub(super) const HEAD: &[u8] = b"[\n";

/// How the file ends: the last event has no comma behind it. The trace of a process that was killed does not
/// have this end; the format allows that. Times count from `epoch`.
pub(super) fn tail(epoch: Instant) -> String {
    let micros = epoch.elapsed().as_nanos() as f64 / 1000.0;
    format!(
        "{{\"ph\":\"i\",\"name\":\"end\",\"pid\":1,\"tid\":1,\"ts\":{micros:.3},\"s\":\"g\",\"args\":{{}}}}\n]\n"
    )
}

/// Bytes that come together before they are handed over.
pub(super) const PIECE: usize = 64 << 10;

/// A kind of work that takes time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// Waiting for a client, or for any client.
    Wait,
    /// From the bytes that were read to the response.
    Request,
    /// A handler, within a request.
    Handler,
    /// A handler that may block: after its request, and in stage 4 on another thread.
    Blocking,
    /// Writing a response.
    Write,
}

impl Span {
    /// All spans, in the order of a request.
    pub const ALL: [Self; 5] =
        [Self::Wait, Self::Request, Self::Handler, Self::Blocking, Self::Write];

    /// The name in the file.
    pub fn name(self) -> &'static str {
        ["wait", "request", "handler", "blocking", "write"][self as usize]
    }
}

/// An event that takes no time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InstantEvent {
    /// A connection was accepted.
    Accepted,
    /// Bytes were read: a request, or a part of one.
    Received,
    /// A head was complete.
    Parsed,
    /// A connection has ended.
    Closed,
}

impl InstantEvent {
    /// The name in the file.
    pub fn name(self) -> &'static str {
        ["accepted", "received", "parsed", "closed"][self as usize]
    }
}

/// A connection's name, which no other has: the lane of the thread that accepted it, and its number there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ConnectionId {
    lane: usize,
    number: u64,
}

/// One thread's lane.
pub(super) struct Tracer {
    pub(super) lines: LineBuffer,
    epoch: Instant,
    lane: usize,
    /// The connection of the next spans, which another lane may have accepted.
    pub(super) connection: ConnectionId,
}

impl Tracer {
    /// A lane for the calling thread; times count from `epoch`.
    pub(super) fn new(lines: LineBuffer, epoch: Instant, lane: usize) -> Self {
        let thread = std::thread::current();
        let name = thread.name().unwrap_or("?");
        // Names of our own threads need no escaping.
        let _ = writeln!(
            lines.lines(),
            "{{\"ph\":\"M\",\"name\":\"thread_name\",\"pid\":1,\"tid\":{lane},\"args\":{{\"name\":\"{name}\"}}}},"
        );
        Self { lines, epoch, lane, connection: ConnectionId::default() }
    }

    /// Sets the connection of the next spans, by its number on this lane.
    pub(super) fn set_current(&mut self, number: u64) {
        self.connection = ConnectionId { lane: self.lane, number };
    }

    /// Adds an event: `B` begins a span, `E` ends it, `i` takes no time.
    #[cold]
    pub(super) fn event(&mut self, phase: char, name: &str) {
        let micros = self.epoch.elapsed().as_nanos() as f64 / 1000.0;
        let ConnectionId { lane: home, number } = self.connection;
        let lane = self.lane;
        let _ = writeln!(
            self.lines.lines(),
            "{{\"ph\":\"{phase}\",\"name\":\"{name}\",\"pid\":1,\"tid\":{lane},\"ts\":{micros:.3},\"args\":{{\"connection\":\"{home}.{number}\"}}}},"
        );
    }
}
