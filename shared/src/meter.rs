//! What one thread notes about the requests that it serves. A connection says what happened; the
//! meter, which belongs to the stage, knows the time. With neither log nor trace, that is a few counters.

use crate::clock::Clock;
use crate::log::{self, Log};
use crate::metrics::{Counters, Metrics};
use crate::sink::{Settings, Sink};
use crate::trace::{self, Moment, Slice, Tracer, Whose};
use anyhow::Result;
use clap::Args;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// What to write down, and where.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Observation")]
pub struct Observation {
    /// Append a line for each answer to this file (`-`: standard output). SIGHUP has it opened anew, for
    /// log rotation; without a log, SIGHUP is ignored
    #[arg(long, value_name = "FILE")]
    pub log: Option<PathBuf>,
    /// Log lines that may wait to be written: beyond it, they are dropped and counted in /metrics
    #[arg(long, value_name = "BYTES", default_value_t = 8 << 20, value_parser = clap::value_parser!(u32).range(4096..))]
    pub log_buffer: u32,
    /// Write a timeline to this file, for Perfetto or chrome://tracing
    #[arg(long, value_name = "FILE")]
    pub trace: Option<PathBuf>,
    /// Of the connections, record one in so many
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub trace_every: u64,
}

/// Bytes of a trace that may wait to be written.
const TRACE_BUFFER: usize = 64 << 20;

/// How long the end of the process waits for the log and the trace: a disk may be full, a reader may have
/// stopped.
const END: Duration = Duration::from_secs(1);

/// Where the threads of a server get their meters from.
pub struct Observatory {
    log: Option<Sink>,
    trace: Option<Sink>,
    every: u64,
    epoch: Instant,
    lanes: AtomicUsize,
}

impl Observatory {
    /// Opens the files. The error names the one that cannot be written.
    pub fn open(settings: &Observation) -> Result<Self> {
        let capacity = settings.log_buffer as usize;
        let log = Settings { name: "log", append: true, capacity, gap: log::gap };
        // A second array behind the first would be no JSON.
        let (append, capacity) = (false, TRACE_BUFFER);
        let trace = Settings { name: "trace", append, capacity, gap: |_| String::new() };
        let log = settings.log.as_deref().map(|path| Sink::open(path, log)).transpose()?;
        let trace = settings.trace.as_deref().map(|path| Sink::open(path, trace)).transpose()?;
        if let Some(trace) = &trace {
            trace.write(trace::HEAD);
        }
        let (epoch, lanes) = (Instant::now(), AtomicUsize::new(1));
        Ok(Self { log, trace, every: settings.trace_every, epoch, lanes })
    }

    /// A meter for the calling thread, which counts in `metrics`.
    pub fn meter(&self, metrics: &Metrics) -> Meter {
        let tracer = self.trace.as_ref().map(|trace| {
            let lane = self.lanes.fetch_add(1, Ordering::Relaxed);
            Tracer::new(trace.buffer(), self.epoch, lane, self.every)
        });
        let log = self.log.as_ref().map(|log| Log::new(log.buffer()));
        Meter {
            notes: (tracer.is_some() || log.is_some()).then(|| Box::new(Notes { tracer, log })),
            ..Meter::new(metrics)
        }
    }

    /// Has the log opened anew, by its name: what a log rotation asks for.
    pub fn reopen_log(&self) {
        if let Some(log) = &self.log {
            log.reopen();
        }
    }

    /// Writes what all threads have noted, and returns after a second at the latest. Call it right before the
    /// process ends: a thread that goes on serving stops at its next note.
    pub fn finish(&self) {
        let (deadline, sinks) = (Instant::now() + END, [&self.log, &self.trace]);
        for (sink, last) in sinks.into_iter().zip([String::new(), trace::tail(self.epoch)]) {
            sink.iter().for_each(|sink| sink.end(last.as_bytes()));
        }
        sinks.into_iter().flatten().for_each(|sink| sink.wait_for_end(deadline));
    }
}

/// The notes of one thread.
pub struct Meter {
    /// Its counters, which others may read.
    pub counters: Arc<Counters>,
    /// When the thread woke up for what it does now.
    since: Instant,
    /// Responses to what it woke up for: they all have taken as long as the whole tick will have.
    fresh: u64,
    /// What is only kept if somebody asked for it: one comparison where nobody did.
    notes: Option<Box<Notes>>,
}

struct Notes {
    tracer: Option<Tracer>,
    log: Option<Log>,
}

/// An answer, for the notes.
pub(crate) struct Answered<'a> {
    pub(crate) code: u16,
    pub(crate) length: Option<u64>,
    /// The first bytes of the request, if they were kept.
    pub(crate) request: Option<&'a [u8]>,
    /// When the request was complete.
    pub(crate) since: Instant,
}

impl Meter {
    /// A meter that only counts.
    pub fn new(metrics: &Metrics) -> Self {
        Self { counters: metrics.register(), since: Instant::now(), fresh: 0, notes: None }
    }

    /// A response is given.
    #[inline]
    pub(crate) fn answered(&mut self, answered: &Answered<'_>, clock: &Clock) {
        self.counters.answered(answered.code);
        if answered.since == self.since {
            self.fresh += 1;
        } else {
            self.counters.took(clock.now().saturating_duration_since(answered.since), 1);
        }
        if let Some(log) = self.log() {
            // Within a round the clock stands still for the others; a log line may know better.
            let (request, took) = (answered.request.unwrap_or_default(), answered.since.elapsed());
            log.line(clock.date().date(), request, answered.code, answered.length, took);
        }
    }

    /// The thread has woken up, or goes on after a handler that blocked it.
    pub fn begin_tick(&mut self, now: Instant) {
        self.since = now;
    }

    /// When that was.
    pub fn since(&self) -> Instant {
        self.since
    }

    /// What it woke up for is written: one look at the clock for all responses.
    #[inline]
    pub fn end_tick(&mut self, clock: &mut Clock) {
        if self.fresh > 0 {
            let took = clock.read().saturating_duration_since(self.since);
            self.counters.took(took, self.fresh);
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

    /// Whether somebody wants to know whose request it was, and what it said.
    pub fn is_logging(&self) -> bool {
        self.notes.as_ref().is_some_and(|notes| notes.log.is_some())
    }

    /// Whose request comes next, for the log.
    pub fn set_peer(&mut self, peer: Option<IpAddr>) {
        if let Some(log) = self.log() {
            log.peer = peer;
        }
    }

    /// Which connection the next slices belong to.
    pub fn attend(&mut self, connection: u64) {
        if let Some(tracer) = self.tracer() {
            tracer.attend(connection);
        }
    }

    /// The connection that the slices belong to now, to go on with it on another thread.
    pub(crate) fn attended(&mut self) -> Whose {
        self.tracer().map_or_else(Whose::default, |tracer| tracer.attended())
    }

    /// Goes on with a connection that another thread may have begun.
    pub(crate) fn attend_to(&mut self, whose: Whose) {
        if let Some(tracer) = self.tracer() {
            tracer.attend_to(whose);
        }
    }

    /// A thread begins to do something.
    pub fn begin(&mut self, slice: Slice) {
        if let Some(tracer) = self.tracer() {
            tracer.begin(slice);
        }
    }

    /// It has done it.
    pub fn end(&mut self, slice: Slice) {
        if let Some(tracer) = self.tracer() {
            tracer.end(slice);
        }
    }

    /// Something has happened.
    pub fn moment(&mut self, moment: Moment) {
        if let Some(tracer) = self.tracer() {
            tracer.moment(moment);
        }
    }

    /// Hands over all slices, on a thread that may not come back soon.
    pub fn hand_over(&mut self) {
        if let Some(tracer) = self.tracer() {
            tracer.hand_over();
        }
    }

    fn log(&mut self) -> Option<&mut Log> {
        self.notes.as_mut()?.log.as_mut()
    }

    fn tracer(&mut self) -> Option<&mut Tracer> {
        self.notes.as_mut()?.tracer.as_mut()
    }
}

/// Bytes of a request that are kept for the log.
pub(crate) const KEPT: usize = 512;
