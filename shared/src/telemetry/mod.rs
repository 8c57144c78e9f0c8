//! What the server says about itself: counters and `/metrics`, the access log, a trace, and messages on standard error.

pub mod access_log;
pub mod log_writer;
pub mod metrics;
pub mod stderr;
mod thread_stats;
pub mod trace;

use anyhow::Result;
use clap::Args;
use log_writer::{LogWriter, Settings};
use metrics::Metrics;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
pub use thread_stats::{ResponseRecord, ThreadStats};
use trace::Tracer;

/// What to write down, and where.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Telemetry")]
pub struct TelemetrySettings {
    /// Append a line for each response to this file (`-`: standard output). SIGHUP has it opened anew, for
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

/// The counters of all threads, and the files that they write to.
pub struct Telemetry {
    metrics: Arc<Metrics>,
    log: Option<LogWriter>,
    trace: Option<LogWriter>,
    every: u64,
    epoch: Instant,
    lanes: AtomicUsize,
}

impl Telemetry {
    /// Opens the files.
    ///
    /// # Errors
    /// Names the file that cannot be written.
    pub fn open(settings: &TelemetrySettings) -> Result<Self> {
        let capacity = settings.log_buffer as usize;
        let log = Settings { name: "log", append: true, capacity, gap: access_log::gap };
        // A second array behind the first would be no JSON.
        let (append, capacity) = (false, TRACE_BUFFER);
        let trace = Settings { name: "trace", append, capacity, gap: |_| String::new() };
        let log = settings.log.as_deref().map(|path| LogWriter::open(path, log)).transpose()?;
        let trace =
            settings.trace.as_deref().map(|path| LogWriter::open(path, trace)).transpose()?;
        if let Some(trace) = &trace {
            trace.write(trace::HEAD);
        }
        let (metrics, every) = (Arc::default(), settings.trace_every);
        Ok(Self { metrics, log, trace, every, epoch: Instant::now(), lanes: AtomicUsize::new(1) })
    }

    /// Counters alone: no log, no trace.
    pub fn counters_only() -> Self {
        let (epoch, lanes) = (Instant::now(), AtomicUsize::new(1));
        Self { metrics: Arc::default(), log: None, trace: None, every: 1, epoch, lanes }
    }

    /// The counters of all threads.
    pub fn metrics(&self) -> &Arc<Metrics> {
        &self.metrics
    }

    /// Statistics for the calling thread.
    pub fn thread_stats(&self) -> ThreadStats {
        let tracer = self.trace.as_ref().map(|trace| {
            let lane = self.lanes.fetch_add(1, Ordering::Relaxed);
            Tracer::new(trace.buffer(), self.epoch, lane, self.every)
        });
        let log = self.log.as_ref().map(|log| access_log::AccessLog::new(log.buffer()));
        ThreadStats::new(self.metrics.register(), tracer, log)
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
        let (deadline, writers) = (Instant::now() + END, [&self.log, &self.trace]);
        for (writer, last) in writers.into_iter().zip([String::new(), trace::tail(self.epoch)]) {
            writer.iter().for_each(|writer| writer.end(last.as_bytes()));
        }
        writers.into_iter().flatten().for_each(|writer| writer.wait_for_end(deadline));
    }
}
