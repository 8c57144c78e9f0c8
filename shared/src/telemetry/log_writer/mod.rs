//! Lines on their way to a file that a thread of its own writes, so that no thread that serves ever
//! waits for a disk or for a reader.
//!
//! ```text
//! LineBuffer of each thread ── once a tick ──► lines that wait ── writer thread ──► file
//! ```
//!
//! What waits is bounded in bytes. Lines that find no room are dropped, counted, and told of where they
//! are missing.

mod output;
mod queue;
mod writer;

use crate::sys::sync::lock;
use crate::telemetry::stderr;
use anyhow::{Context, Result};
use output::Output;
use queue::Queue;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::Instant;
use writer::Writer;

/// What is written, and how.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// For messages, and for the thread's name.
    pub name: &'static str,
    /// Whether a file that exists is continued. If not, it is emptied.
    pub append: bool,
    /// Bytes that may wait to be written.
    pub capacity: usize,
    /// The line that stands for so many that were dropped; none if it is empty.
    pub gap: fn(u64) -> String,
}

/// A file and the thread that writes it.
pub struct LogWriter {
    queue: Arc<Queue>,
    buffers: Mutex<Vec<Arc<Mutex<Vec<u8>>>>>,
    /// For messages.
    name: String,
}

impl LogWriter {
    /// Opens `path`, `-` standing for standard output, and starts the writer. A FIFO without a reader is
    /// an error (ENXIO) after a second: the reader may be about to start too.
    pub fn open(path: &Path, settings: Settings) -> Result<Self> {
        let name = format!("{} {}", settings.name, path.display());
        let output = Output::open(path, settings.append)
            .with_context(|| format!("cannot open the {name}"))?;
        let queue = Arc::new(Queue::new(settings.capacity, settings.gap));
        let writer = Writer::new(output, Arc::clone(&queue), name.clone());
        let thread = thread::Builder::new().name(settings.name.to_owned());
        thread.spawn(move || writer.run()).context("starting the thread that writes the log")?;
        Ok(Self { queue, buffers: Mutex::default(), name })
    }

    /// Writes these lines, before all others if it is called first.
    pub fn write(&self, lines: &[u8]) {
        self.queue.push(lines);
    }

    /// A buffer for the calling thread.
    pub fn buffer(&self) -> LineBuffer {
        let lines = Arc::new(Mutex::default());
        lock(&self.buffers).push(Arc::clone(&lines));
        LineBuffer { lines, queue: Arc::clone(&self.queue) }
    }

    /// Has the writer open the file anew, by its name. It goes on with the old one if that fails.
    pub fn reopen(&self) {
        self.queue.reopen();
    }

    /// Takes all lines of all threads, and `last` behind them. From now on a thread stops at its next line, so
    /// that no response leaves which the file does not know. Call it right before the process ends.
    pub fn end(&self, last: &[u8]) {
        if !self.queue.begin_end() {
            return;
        }
        for buffer in lock(&self.buffers).iter() {
            let lines = lock(buffer);
            self.queue.push(&lines);
            // Locked for good.
            std::mem::forget(lines);
        }
        self.queue.end(last);
    }

    /// Waits until all is written, or until the deadline.
    pub fn wait_for_end(&self, deadline: Instant) {
        if let Err(left) = self.queue.wait_for_end(deadline) {
            stderr::line(format_args!("{}: {left} bytes could not be written", self.name));
        }
    }
}

/// One thread's lines, until it hands them over.
pub struct LineBuffer {
    /// Its own but for the end of the process, when [`LogWriter::end`] takes what there is.
    lines: Arc<Mutex<Vec<u8>>>,
    queue: Arc<Queue>,
}

/// A buffer that has once been larger is made smaller again.
const KEPT: usize = 64 << 10;

impl LineBuffer {
    /// The buffer, to add whole lines to.
    pub fn lines(&self) -> MutexGuard<'_, Vec<u8>> {
        lock(&self.lines)
    }

    /// Hands its lines over if they are `enough` bytes; returns how many lines had to be dropped.
    pub fn flush(&self, enough: usize) -> u64 {
        let mut lines = self.lines();
        if lines.len() < enough.max(1) {
            return 0;
        }
        let dropped = self.queue.push(&lines);
        lines.clear();
        lines.shrink_to(KEPT);
        dropped
    }
}

/// A thread that panics begins anew with another buffer; what it noted is handed over. At the end of the process
/// it is taken already, and the lock is never free again.
impl Drop for LineBuffer {
    fn drop(&mut self) {
        if let Ok(mut lines) = self.lines.try_lock() {
            self.queue.push(&std::mem::take(&mut *lines));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::time::Duration;

    const SETTINGS: Settings =
        Settings { name: "test", append: true, capacity: 4096, gap: |_| String::new() };

    fn finish(writer: &LogWriter, last: &[u8]) {
        writer.end(last);
        writer.wait_for_end(Instant::now() + Duration::from_secs(20));
    }

    #[test]
    fn the_end_takes_what_no_thread_has_handed_over() {
        let path = std::env::temp_dir().join(format!("writer-{}-end", std::process::id()));
        fs::write(&path, "torn").unwrap();
        let writer = LogWriter::open(&path, SETTINGS).unwrap();
        let buffers = [writer.buffer(), writer.buffer()];
        for (number, buffer) in buffers.iter().enumerate() {
            buffer.lines().extend_from_slice(format!("{number}\n").as_bytes());
            assert_eq!(buffer.flush(100), 0, "it is not enough to be handed over");
        }
        finish(&writer, b"last\n");
        // Whoever ends the process meanwhile finds everything done.
        finish(&writer, b"more\n");
        assert_eq!(fs::read_to_string(&path).unwrap(), "torn\n0\n1\nlast\n");
        fs::remove_file(path).unwrap();
    }

    #[test]
    fn a_full_disk_holds_the_end_no_longer_than_it_may() {
        let writer = LogWriter::open(Path::new("/dev/full"), SETTINGS).unwrap();
        writer.write(b"a line\n");
        writer.end(b"");
        writer.wait_for_end(Instant::now());
    }
}
