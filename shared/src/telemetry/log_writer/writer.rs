//! The thread that writes. It never gives up: a disk that is full has room later, a limit is raised, a
//! reader comes back.

use super::output::{Output, PAUSE};
use super::queue::Queue;
use crate::telemetry::stderr;
use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::thread;

/// The writer thread's state.
pub(super) struct Writer {
    output: Output,
    queue: Arc<Queue>,
    /// For messages.
    name: String,
    batch: Vec<u8>,
    /// So much of the batch is written.
    written: usize,
    /// Whether standard error knows that writing fails, and that lines are dropped. It is told once, until
    /// everything is written.
    failing: bool,
    dropping: bool,
    ending: bool,
}

impl Writer {
    pub(super) fn new(output: Output, queue: Arc<Queue>, name: String) -> Self {
        let (batch, written) = (Vec::new(), 0);
        Self { output, queue, name, batch, written, failing: false, dropping: false, ending: false }
    }

    pub(super) fn run(mut self) {
        while self.queue.take(&mut self.batch) {
            self.written = 0;
            self.report();
            while self.written < self.batch.len() {
                self.write();
                self.report();
            }
        }
    }

    /// Reports its progress to the queue, and does what is asked meanwhile.
    fn report(&mut self) {
        let status = self.queue.progress(self.batch.len() - self.written);
        if status.dropping && !self.dropping {
            self.say("lines come faster than they can be written: some are dropped");
        }
        self.dropping = !status.caught_up && (self.dropping || status.dropping);
        self.failing &= !status.caught_up;
        self.ending = status.ending;
        if status.reopen {
            match self.output.reopen(self.torn()) {
                Ok(()) => self.written -= self.torn(),
                Err(error) => {
                    self.say(&format!("cannot open it anew, and go on with the old one: {error}"))
                }
            }
        }
    }

    fn write(&mut self) {
        // After a short write the rest of the line comes first, if it can still stand behind its beginning.
        if self.torn() > 0 && !self.output.is_at_end() {
            self.written -= self.torn();
        }
        match self.output.write(&self.batch[self.written..]) {
            Ok(count) => self.written += count,
            Err(error)
                if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
            Err(error) => self.failed(&error),
        }
    }

    fn failed(&mut self, error: &io::Error) {
        if !self.failing {
            self.say(&format!("{error}: lines wait until writing succeeds"));
        }
        self.failing = true;
        // There may be no time to write the rest of it.
        if self.ending && self.output.take_back(self.torn()) {
            self.written -= self.torn();
        }
        thread::sleep(PAUSE);
    }

    /// The bytes that are written of the line in which the next write begins.
    fn torn(&self) -> usize {
        let written = &self.batch[..self.written];
        written.iter().rev().take_while(|byte| **byte != b'\n').count()
    }

    fn say(&self, what: &str) {
        stderr::line(format_args!("{}: {what}", self.name));
    }
}
