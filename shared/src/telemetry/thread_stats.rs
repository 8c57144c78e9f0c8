//! What one thread notes about the requests that it serves. With neither log nor trace, that is a few counters.

use super::access_log::AccessLog;
use super::metrics::Counters;
use super::trace::{ConnectionId, InstantEvent, Span, Tracer};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

/// The statistics of one thread.
pub struct ThreadStats {
    /// Its counters, which others may read.
    pub counters: Arc<Counters>,
    /// When the thread woke up for what it does now.
    since: Instant,
    /// Responses to what it woke up for: they all have taken as long as the whole tick will have.
    fresh: u64,
    /// What is only kept where the operator asked for it: one comparison elsewhere.
    notes: Option<Box<Notes>>,
}

struct Notes {
    tracer: Option<Tracer>,
    log: Option<AccessLog>,
}

/// A response that has ended.
pub struct ResponseRecord<'a> {
    /// The status code.
    pub code: u16,
    /// Bytes of content, if that was known beforehand.
    pub length: Option<u64>,
    /// The first bytes of the request, if they were kept.
    pub request: &'a [u8],
    /// When the thread woke up to the last byte of the request.
    pub since: Instant,
    /// The present moment, and the same as an IMF-fixdate.
    pub now: Instant,
    /// See `now`.
    pub date: &'a [u8],
}

impl ThreadStats {
    pub(super) fn new(
        counters: Arc<Counters>,
        tracer: Option<Tracer>,
        log: Option<AccessLog>,
    ) -> Self {
        let notes = (tracer.is_some() || log.is_some()).then(|| Box::new(Notes { tracer, log }));
        Self { counters, since: Instant::now(), fresh: 0, notes }
    }

    /// A response is given.
    #[inline]
    pub fn on_response(&mut self, record: &ResponseRecord<'_>) {
        self.counters.answered(record.code);
        if record.since == self.since {
            self.fresh += 1;
        } else {
            self.counters.took(record.now.saturating_duration_since(record.since), 1);
        }
        if let Some(log) = self.log() {
            // Within a tick the clock stands still for the others; a log line may know better.
            let took = record.since.elapsed();
            log.line(record.date, record.request, record.code, record.length, took);
        }
    }

    /// The thread has woken up, or goes on after a handler that blocked it.
    #[inline]
    pub fn begin_tick(&mut self, now: Instant) {
        self.since = now;
    }

    /// When that was.
    pub fn since(&self) -> Instant {
        self.since
    }

    /// The responses to what it woke up for are written: one look at the clock for all of them.
    #[inline]
    pub fn record_latencies(&mut self, now: impl FnOnce() -> Instant) {
        if self.fresh > 0 {
            self.counters.took(now().saturating_duration_since(self.since), self.fresh);
            self.fresh = 0;
        }
        if let Some(notes) = &self.notes {
            if let Some(log) = &notes.log {
                self.counters.log_dropped.add(log.flush());
            }
            if let Some(tracer) = &notes.tracer {
                tracer.flush();
            }
        }
    }

    /// Whether there is a log, which names each client and what it asked for.
    pub fn is_logging(&self) -> bool {
        self.notes.as_ref().is_some_and(|notes| notes.log.is_some())
    }

    /// Which client the next responses are for, for the log.
    pub fn set_peer(&mut self, peer: Option<IpAddr>) {
        if let Some(log) = self.log() {
            log.peer = peer;
        }
    }

    /// Which of this thread's connections the next spans belong to.
    pub fn set_current(&mut self, connection: u64) {
        if let Some(tracer) = self.tracer() {
            tracer.set_current(connection);
        }
    }

    /// The connection that the spans belong to now, to go on with it on another thread.
    pub fn current(&mut self) -> ConnectionId {
        self.tracer().map_or_else(ConnectionId::default, |tracer| tracer.current())
    }

    /// Goes on with a connection that another thread may have begun.
    pub fn continue_as(&mut self, connection: ConnectionId) {
        if let Some(tracer) = self.tracer() {
            tracer.continue_as(connection);
        }
    }

    /// The thread begins to do something.
    pub fn begin(&mut self, span: Span) {
        if let Some(tracer) = self.tracer() {
            tracer.begin(span);
        }
    }

    /// The thread has done it.
    pub fn end(&mut self, span: Span) {
        if let Some(tracer) = self.tracer() {
            tracer.end(span);
        }
    }

    /// Something has happened.
    pub fn instant(&mut self, event: InstantEvent) {
        if let Some(tracer) = self.tracer() {
            tracer.instant(event);
        }
    }

    /// Hands over all spans, on a thread that may not come back soon.
    pub fn hand_over(&mut self) {
        if let Some(tracer) = self.tracer() {
            tracer.hand_over();
        }
    }

    fn log(&mut self) -> Option<&mut AccessLog> {
        self.notes.as_mut()?.log.as_mut()
    }

    fn tracer(&mut self) -> Option<&mut Tracer> {
        self.notes.as_mut()?.tracer.as_mut()
    }
}
