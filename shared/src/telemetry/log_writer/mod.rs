//! A file that its own thread writes, so that no thread that serves ever waits for a disk or for a reader. A first
//! reading may skip it.
//!
//! ```text
//! LineBuffer of each thread ── once a tick ──► Queue ── writer thread ──► file
//! ```
//!
//! The queue is bounded in bytes. Lines that find no room are dropped and counted, and a line stands where they are
//! missing.

mod output;
mod queue;
mod writer;

pub(super) use queue::Patience;

use crate::sys::sync::lock;
use crate::telemetry::stderr;
use anyhow::{Context, Result};
use output::Output;
use queue::Queue;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use writer::Writer;

/// How a file is written.
pub(super) struct Settings {
    /// For messages, and for the thread's name.
    pub(super) name: &'static str,
    /// Whether a file that exists is continued. If not, another takes its place.
    pub(super) append: bool,
    /// Bytes that may wait to be written.
    pub(super) capacity: usize,
    /// The line that stands for this number of dropped lines; none if it is empty.
    pub(super) gap: fn(u64) -> String,
}

/// Whole lines of one thread.
type Buffer = Arc<Mutex<Vec<u8>>>;

/// The handle of a file and of the thread that writes it.
pub(super) struct LogWriter {
    queue: Arc<Queue>,
    /// The buffers of all threads. `None`: the process is about to end.
    buffers: Mutex<Option<Vec<Buffer>>>,
    /// For messages.
    name: String,
}

impl LogWriter {
    /// Opens `path`, `-` standing for standard output, and starts the writer.
    ///
    /// # Errors
    /// The file cannot be opened; a FIFO still has no reader (ENXIO) after a second; or the thread cannot start.
    pub(super) fn open(path: &Path, settings: Settings) -> Result<Self> {
        let name = format!("{} {}", settings.name, path.display());
        let output = Output::open(path, settings.append)
            .with_context(|| format!("cannot open the {name}"))?;
        let queue = Arc::new(Queue::new(settings.capacity, settings.gap));
        let writer = Writer::new(output, Arc::clone(&queue), name.clone());
        let thread = thread::Builder::new().name(settings.name.to_owned());
        thread.spawn(move || writer.run()).context("starting the thread that writes the log")?;
        Ok(Self { queue, buffers: Mutex::new(Some(Vec::new())), name })
    }

    /// Writes these lines, before all others if this is called first.
    pub(super) fn write(&self, lines: &[u8]) {
        self.queue.push(lines);
    }

    /// A buffer for the calling thread.
    pub(super) fn buffer(&self) -> LineBuffer {
        let lines = Buffer::default();
        lock(&self.buffers).iter_mut().for_each(|buffers| buffers.push(Arc::clone(&lines)));
        LineBuffer { lines, queue: Arc::clone(&self.queue) }
    }

    /// Has the writer open the file again, by its name. It goes on with the old file if that fails.
    pub(super) fn reopen(&self) {
        self.queue.reopen();
    }

    /// Takes all lines of all threads, and `last` behind them; a second call does nothing. From now on a thread stops at
    /// its next line, so that no response leaves without a line in the file. Call it right before the process ends.
    pub(super) fn finish(&self, last: &[u8]) {
        let Some(buffers) = lock(&self.buffers).take() else { return };
        for buffer in &buffers {
            let lines = lock(buffer);
            self.queue.push(&lines);
            // Locked for good.
            std::mem::forget(lines);
        }
        self.queue.complete(last);
    }

    /// Waits until all is written, or until patience ends.
    pub(super) fn wait_until_done(&self, patience: &Patience) {
        if let Err(left) = self.queue.wait_until_done(patience) {
            stderr::line(format_args!("{}: {left} bytes could not be written", self.name));
        }
    }
}

/// One thread's lines, until it hands them over.
pub(super) struct LineBuffer {
    /// Only its thread uses it, until [`LogWriter::finish`] takes the lines at the end of the process.
    lines: Buffer,
    queue: Arc<Queue>,
}

/// Bytes of a buffer's capacity that are kept when the buffer was larger for a while.
const KEPT: usize = 64 << 10;

impl LineBuffer {
    /// The buffer, to add whole lines to.
    pub(super) fn lines(&self) -> MutexGuard<'_, Vec<u8>> {
        lock(&self.lines)
    }

    /// Hands its lines over if they are `enough` bytes; returns how many lines had to be dropped.
    pub(super) fn flush(&self, enough: usize) -> u64 {
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

/// A thread that panics starts again with another buffer; the lines of the old buffer are handed over. At the end of the
/// process they were taken already, and the lock is never free again.
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
    use std::time::{Duration, Instant};

    #[test]
    fn a_file_that_is_not_continued_is_whole_beside_another_writer_of_it() {
        let path = std::env::temp_dir().join(format!("writer-{}-anew", std::process::id()));
        let gap = |_| String::new();
        let settings = || Settings { name: "test", append: false, capacity: 4096, gap };
        let (begun, most) = (Instant::now(), Duration::from_secs(20));
        let patience = Patience { begun, stalled: most, most };
        let open = || LogWriter::open(&path, settings()).unwrap();
        for (writer, lines) in [open(), open()].iter().zip(["old\n", "new\n"]).rev() {
            writer.finish(lines.as_bytes());
            writer.wait_until_done(&patience);
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), "new\n");
        fs::remove_file(path).unwrap();
    }
}
