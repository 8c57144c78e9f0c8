//! The thread that writes. A first reading may skip it.
//!
//! It never gives up: a disk that is full has room later, a limit is raised, a reader comes back.

use super::output::{Output, PAUSE};
use super::queue::Queue;
use crate::telemetry::stderr;
use std::fmt::Display;
use std::io::ErrorKind;
use std::mem;
use std::sync::Arc;
use std::thread;

/// The writer thread's state.
pub(super) struct Writer {
    output: Output,
    queue: Arc<Queue>,
    /// For messages.
    name: String,
    /// Whether the operator knows that writing fails, and that lines are dropped. A message comes once, until
    /// everything is written.
    failing: bool,
    dropping: bool,
    /// The file is still to be opened again: that failed.
    stale: bool,
}

impl Writer {
    pub(super) fn new(output: Output, queue: Arc<Queue>, name: String) -> Self {
        Self { output, queue, name, failing: false, dropping: false, stale: false }
    }

    pub(super) fn run(mut self) {
        let mut batch = Vec::new();
        while self.queue.take(&mut batch) {
            let mut rest = &batch[..];
            self.report(rest.len());
            while !rest.is_empty() {
                rest = &rest[self.write(rest)..];
                self.report(rest.len());
            }
        }
    }

    /// Reports its progress to the queue, and opens the file again if the operator wants that: tries until it succeeds,
    /// for what rotates logs may remove the old file soon.
    fn report(&mut self, unwritten: usize) {
        let status = self.queue.progress(unwritten);
        if status.dropping && !mem::replace(&mut self.dropping, true) {
            self.say("lines come faster than they can be written: some are dropped");
        }
        if status.caught_up {
            (self.failing, self.dropping) = (false, false);
        }
        if status.reopen || self.stale {
            let reopened = self.output.reopen();
            self.stale = reopened.is_err();
            if let Err(error) = reopened
                && status.reopen
            {
                self.say(format_args!(
                    "cannot open it anew yet, and go on with the old one: {error}"
                ));
            }
        }
    }

    /// Returns the number of bytes that are written.
    fn write(&mut self, lines: &[u8]) -> usize {
        match self.output.write(lines) {
            Ok(count) => return count,
            Err(error)
                if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
            Err(error) => {
                if !mem::replace(&mut self.failing, true) {
                    self.say(format_args!("{error}: lines wait until writing succeeds"));
                }
                thread::sleep(PAUSE);
            }
        }
        0
    }

    fn say(&self, message: impl Display) {
        stderr::line(format_args!("{}: {message}", self.name));
    }
}
