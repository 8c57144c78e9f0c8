//! A thread's notes about the requests that it serves: counters, and with a log or a trace more. A first reading may
//! skip it.

use super::access_log::AccessLog;
use super::metrics::Counters;
use super::trace::{self, ConnectionId, InstantEvent, Span, Tracer};
use crate::http::{DateLine, ResponseSummary};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

/// The statistics of one thread.
pub struct ThreadStats {
    /// Its counters, which other threads may read.
    pub counters: Arc<Counters>,
    /// When the current tick began: the thread woke up, or goes on after a handler that blocked it.
    pub since: Instant,
    /// Responses to requests that this tick has read: they all take as long as the whole tick.
    pub(super) fresh: u64,
    /// Most servers have neither.
    pub(super) tracer: Option<Box<Tracer>>,
    pub(super) log: Option<Box<AccessLog>>,
}

impl ThreadStats {
    /// Counts a response that has ended at `now`, which is in the second of `date`, and logs it.
    #[inline]
    pub fn on_response(&mut self, response: &ResponseSummary, now: Instant, date: &DateLine) {
        self.counters.add_response(response.code);
        if response.since == self.since {
            self.fresh += 1;
        } else {
            self.counters.add_latency(now.saturating_duration_since(response.since), 1);
        }
        if let Some(log) = &mut self.log {
            log.add(response, date);
        }
    }

    /// A long response begins, of which the log alone keeps a record. Its number, or 0 where there is no log.
    pub fn on_long_response(&self, response: &ResponseSummary) -> u64 {
        self.log.as_ref().map_or(0, |log| log.begin(response))
    }

    /// The responses of this tick are written: one reading of the clock for all of them.
    #[inline]
    pub fn record_latencies(&mut self, now: impl FnOnce() -> Instant) {
        if self.fresh > 0 {
            let latency = now().saturating_duration_since(self.since);
            self.counters.add_latency(latency, self.fresh);
            self.fresh = 0;
        }
        if let Some(log) = &self.log {
            self.counters.log_dropped.add(log.lines.flush(0));
        }
        if let Some(tracer) = &self.tracer {
            tracer.lines.flush(trace::PIECE);
        }
    }

    /// Whether there is a log, which names each client and its request.
    pub fn is_logging(&self) -> bool {
        self.log.is_some()
    }

    /// Sets the client of the next responses, for the log.
    pub fn set_peer(&mut self, peer: Option<IpAddr>) {
        if let Some(log) = &mut self.log {
            log.peer = peer;
        }
    }

    /// Sets the connection of the next spans, by its number on this thread.
    pub fn set_current(&mut self, connection: u64) {
        self.trace(|tracer| tracer.set_current(connection));
    }

    /// The connection of the current spans, to go on with it on another thread.
    pub fn current(&self) -> ConnectionId {
        self.tracer.as_ref().map_or_else(ConnectionId::default, |tracer| tracer.connection)
    }

    /// Goes on with a connection that another thread may have begun.
    pub fn continue_as(&mut self, connection: ConnectionId) {
        self.trace(|tracer| tracer.connection = connection);
    }

    /// A span begins.
    pub fn begin(&mut self, span: Span) {
        self.trace(|tracer| tracer.event('B', span.name()));
    }

    /// A span ends.
    pub fn end(&mut self, span: Span) {
        self.trace(|tracer| tracer.event('E', span.name()));
    }

    /// An instant event happens.
    pub fn instant(&mut self, event: InstantEvent) {
        self.trace(|tracer| tracer.event('i', event.name()));
    }

    /// Hands over all spans, on a thread that may not come back soon.
    pub fn hand_over(&mut self) {
        self.trace(|tracer| {
            tracer.lines.flush(0);
        });
    }

    fn trace(&mut self, note: impl FnOnce(&mut Tracer)) {
        if let Some(tracer) = &mut self.tracer {
            note(tracer);
        }
    }
}
