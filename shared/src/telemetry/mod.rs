//! What the server says about itself: counters and `/metrics`, the access log, a trace, and messages on standard error.
//! A first reading may skip it.

mod access_log;
mod log_writer;
pub mod metrics;
pub mod stderr;
mod thread_stats;
pub mod trace;

pub use thread_stats::ThreadStats;

use access_log::{AccessLog, UnderWay};
use anyhow::{Result, ensure};
use clap::Args;
use log_writer::{LogWriter, Patience, Settings};
use metrics::Metrics;
use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use trace::Tracer;

/// The files to write.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Telemetry")]
pub struct TelemetrySettings {
    /// Append a line for each response to this file (`-`: standard output); SIGHUP opens it anew
    #[arg(long, value_name = "FILE")]
    pub log: Option<PathBuf>,
    /// Log lines that may wait to be written: further lines are dropped and counted in /metrics
    #[arg(long, value_name = "BYTES", default_value_t = 8 << 20, value_parser = clap::value_parser!(u32).range(4096..))]
    pub log_buffer: u32,
    /// Write a timeline to this file, for Perfetto or chrome://tracing
    #[arg(long, value_name = "FILE")]
    pub trace: Option<PathBuf>,
}

/// Bytes of a trace that may wait to be written.
const TRACE_BUFFER: usize = 64 << 20;

/// How long the end of the process waits for a log or a trace of which nothing is written: a disk may be full, a reader may
/// have stopped.
const END: Duration = Duration::from_secs(1);

/// The counters of all threads, and the files that the threads write to.
pub struct Telemetry {
    metrics: Arc<Metrics>,
    log: Option<LogWriter>,
    under_way: Arc<UnderWay>,
    trace: Option<LogWriter>,
    epoch: Instant,
    lanes: AtomicUsize,
}

impl Telemetry {
    /// Opens the files.
    ///
    /// # Errors
    /// A file cannot be written, or is both log and trace; the error names it.
    pub fn open(settings: &TelemetrySettings) -> Result<Self> {
        let mut telemetry = Self::counters_only();
        if let Some(path) = &settings.log {
            let (capacity, gap) = (settings.log_buffer as usize, access_log::gap);
            let log = Settings { name: "log", append: true, capacity, gap };
            telemetry.log = Some(LogWriter::open(path, log)?);
        }
        if let Some(path) = &settings.trace {
            let (stdout, file) = (Path::new("-"), file_or_pipe(path));
            let is_file_of = |other| file.is_some() && file == file_or_pipe(other);
            ensure!(
                path != stdout && !is_file_of(stdout),
                "--trace needs a file: standard output begins with the server's address, which is no JSON"
            );
            // Before the trace is opened, which empties its file.
            ensure!(
                !settings.log.as_deref().is_some_and(is_file_of),
                "--log and --trace are one file, {}: each needs its own",
                path.display()
            );
            // A second array behind the first would be no JSON, so the file is not continued.
            let (capacity, gap) = (TRACE_BUFFER, |_| String::new());
            let trace = Settings { name: "trace", append: false, capacity, gap };
            telemetry.trace.insert(LogWriter::open(path, trace)?).write(trace::HEAD);
        }
        Ok(telemetry)
    }

    /// Counters alone: no log, no trace.
    pub fn counters_only() -> Self {
        let (epoch, lanes) = (Instant::now(), AtomicUsize::new(1));
        let (metrics, under_way) = (Arc::default(), Arc::default());
        Self { metrics, log: None, under_way, trace: None, epoch, lanes }
    }

    /// The counters of all threads.
    pub fn metrics(&self) -> &Arc<Metrics> {
        &self.metrics
    }

    /// Statistics for the calling thread.
    pub fn thread_stats(&self) -> ThreadStats {
        let tracer = self.trace.as_ref().map(|trace| {
            let lane = self.lanes.fetch_add(1, Ordering::Relaxed);
            Box::new(Tracer::new(trace.buffer(), self.epoch, lane))
        });
        let log = |log: &LogWriter| {
            let under_way = Arc::clone(&self.under_way);
            Box::new(AccessLog { lines: log.buffer(), peer: None, under_way })
        };
        let (counters, log) = (self.metrics.register(), self.log.as_ref().map(log));
        ThreadStats { counters, since: Instant::now(), fresh: 0, tracer, log }
    }

    /// Has the log opened again, by its name: for log rotation.
    pub fn reopen_log(&self) {
        if let Some(log) = &self.log {
            log.reopen();
        }
    }

    /// Writes the lines of all threads, those of responses that are cut too. A log and a trace that are written slowly have
    /// all of `grace_left`, or a second if that is more; one of which nothing is written for a second is given up.
    /// Call it right before the process ends: a thread that goes on serving stops at its next line.
    pub fn finish(&self, grace_left: Duration) {
        let patience = Patience { begun: Instant::now(), stalled: END, most: grace_left.max(END) };
        let tail = trace::tail(self.epoch);
        self.log.iter().for_each(|log| self.under_way.finish(log));
        self.trace.iter().for_each(|trace| trace.finish(tail.as_bytes()));
        let writers = self.log.iter().chain(&self.trace);
        writers.for_each(|writer| writer.wait_until_done(&patience));
    }
}

/// Which file or pipe it is, by device and inode: two names may be links to one. `None` for any other output, such as
/// `/dev/null` or a terminal: two programs may share it, and so may log and trace.
fn file_or_pipe(path: &Path) -> Option<(u64, u64)> {
    let path = if path == Path::new("-") { Path::new("/proc/self/fd/1") } else { path };
    let found = fs::metadata(path).ok()?;
    (found.is_file() || found.file_type().is_fifo()).then(|| (found.dev(), found.ino()))
}
