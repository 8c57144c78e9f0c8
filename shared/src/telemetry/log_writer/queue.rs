//! The lines that wait for the writer, bounded in bytes. A first reading may skip it.

use crate::sys::sync::lock;
use std::mem;
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Bytes of a buffer's capacity that are kept when the buffer was larger for a while.
const KEPT: usize = 1 << 20;

/// Between the threads that serve and the thread that writes.
pub(super) struct Queue {
    state: Mutex<State>,
    /// There is work for the writer; or, once no more lines will come, the writer has made progress.
    changed: Condvar,
    /// Bytes that may wait.
    capacity: usize,
    gap: fn(u64) -> String,
}

#[derive(Default)]
struct State {
    /// Lines that the writer has not taken yet.
    lines: Vec<u8>,
    /// Bytes that the writer has taken and not written yet.
    taken: usize,
    /// When some of these were last written, once no more lines will come.
    last_progress: Option<Instant>,
    /// Lines that were dropped since a line was last added.
    dropped: u64,
    writer_sleeps: bool,
    reopen: bool,
    /// No more lines will come.
    is_complete: bool,
}

/// What the writer learns when it reports its progress.
pub(super) struct Status {
    /// The file is to be opened again.
    pub(super) reopen: bool,
    /// Lines are dropped now.
    pub(super) dropping: bool,
    /// Everything is written.
    pub(super) caught_up: bool,
}

/// How long the end of the process waits for an output.
pub(crate) struct Patience {
    /// When the end began.
    pub(crate) begun: Instant,
    /// For so long while nothing is written.
    pub(crate) stalled: Duration,
    /// For so long in all, however much is written.
    pub(crate) most: Duration,
}

impl Patience {
    /// How long it still lasts, where something was last written at `last_progress`.
    fn left(&self, last_progress: Option<Instant>) -> Duration {
        let since = last_progress.map_or(self.begun, |last| last.max(self.begun));
        let stalled = self.stalled.saturating_sub(since.elapsed());
        stalled.min(self.most.saturating_sub(self.begun.elapsed()))
    }
}

impl State {
    /// Bytes of all lines that are not written yet.
    fn unwritten(&self) -> usize {
        self.lines.len() + self.taken
    }
}

impl Queue {
    pub(super) fn new(capacity: usize, gap: fn(u64) -> String) -> Self {
        Self { state: Mutex::default(), changed: Condvar::new(), capacity, gap }
    }

    /// Adds as many of these whole lines as there is room for; returns how many it had to drop.
    pub(super) fn push(&self, lines: &[u8]) -> u64 {
        let mut state = lock(&self.state);
        let mut room = self.capacity.saturating_sub(state.unwritten());
        // Once lines were dropped, half of the room must be free before a line is added: few gaps.
        if state.dropped > 0 && room < self.capacity / 2 {
            room = 0;
        }
        let (fits, rest) = lines.split_at(whole_lines(lines, room));
        if !fits.is_empty() {
            self.add_gap(&mut state);
            state.lines.extend_from_slice(fits);
        }
        let dropped = rest.iter().filter(|byte| **byte == b'\n').count() as u64;
        state.dropped += dropped;
        self.wake(&mut state);
        dropped
    }

    /// Adds the line that stands for the dropped lines, where they are missing.
    fn add_gap(&self, state: &mut State) {
        if state.dropped > 0 {
            state.lines.extend_from_slice((self.gap)(state.dropped).as_bytes());
            state.dropped = 0;
        }
    }

    /// A system call only where the writer sleeps.
    fn wake(&self, state: &mut State) {
        if mem::take(&mut state.writer_sleeps) {
            self.changed.notify_all();
        }
    }

    /// See [`super::LogWriter::reopen`].
    pub(super) fn reopen(&self) {
        let mut state = lock(&self.state);
        state.reopen = true;
        self.wake(&mut state);
    }

    /// Adds the last lines.
    pub(super) fn complete(&self, last: &[u8]) {
        let mut state = lock(&self.state);
        self.add_gap(&mut state);
        state.lines.extend_from_slice(last);
        state.is_complete = true;
        self.wake(&mut state);
    }

    /// Waits until all is written, or until patience ends; the error is the number of bytes that are not written.
    pub(super) fn wait_until_done(&self, patience: &Patience) -> Result<(), usize> {
        let mut state = lock(&self.state);
        while state.unwritten() > 0 {
            let left = patience.left(state.last_progress);
            if left.is_zero() {
                return Err(state.unwritten());
            }
            let woken = self.changed.wait_timeout(state, left);
            (state, _) = woken.unwrap_or_else(PoisonError::into_inner);
        }
        Ok(())
    }

    /// For the writer: sleeps until there is work, and puts the lines that wait into `batch`, which
    /// is written by now. `false`: that was the last.
    pub(super) fn take(&self, batch: &mut Vec<u8>) -> bool {
        batch.clear();
        batch.shrink_to(KEPT);
        let mut state = lock(&self.state);
        if state.lines.is_empty() {
            self.add_gap(&mut state);
        }
        while state.lines.is_empty() && !state.reopen && !state.is_complete {
            state.writer_sleeps = true;
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        mem::swap(&mut state.lines, batch);
        state.taken = batch.len();
        !batch.is_empty() || state.reopen
    }

    /// For the writer: `unwritten` bytes of the batch are not written yet.
    pub(super) fn progress(&self, unwritten: usize) -> Status {
        let mut state = lock(&self.state);
        if state.is_complete && unwritten < state.taken {
            state.last_progress = Some(Instant::now());
            self.changed.notify_all();
        }
        state.taken = unwritten;
        let (reopen, dropping) = (mem::take(&mut state.reopen), state.dropped > 0);
        let caught_up = unwritten + state.lines.len() == 0 && !dropping;
        Status { reopen, dropping, caught_up }
    }
}

/// The length of the whole lines at the beginning of `bytes` that are no longer than `most` together.
pub(super) fn whole_lines(bytes: &[u8], most: usize) -> usize {
    let within = &bytes[..bytes.len().min(most)];
    within.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_stands_where_the_dropped_lines_are_missing() {
        let (queue, mut batch) = (Queue::new(20, |dropped| format!("# {dropped}\n")), Vec::new());
        assert_eq!(
            queue.push(b"1\n2222222222\n4444444444444444\n"),
            1,
            "whole lines, as far as they fit"
        );
        assert_eq!(queue.push(b"5\n"), 1, "not before half of the room is free");
        assert!(queue.take(&mut batch));
        assert_eq!(batch, b"1\n2222222222\n");
        assert!(queue.progress(15).dropping);
        assert_eq!(queue.push(b"6\n7\n"), 2, "the writer still has them");
        assert!(!queue.progress(0).caught_up);
        assert_eq!(queue.push(b"8\n"), 0);
        assert!(queue.take(&mut batch));
        assert_eq!(batch, b"# 4\n8\n");
        assert!(queue.progress(0).caught_up);
        assert_eq!(queue.push(&b"9\n".repeat(11)), 1);
        queue.complete(b"last\n");
        assert!(queue.take(&mut batch));
        assert_eq!(batch, [&b"9\n".repeat(10)[..], b"# 1\nlast\n"].concat());
        assert!(queue.progress(0).caught_up && !queue.take(&mut batch));
    }

    #[test]
    fn the_end_waits_for_as_long_as_lines_are_written() {
        const MINUTE: Duration = Duration::from_secs(60);
        let (queue, mut batch) = (Queue::new(20, |_| String::new()), Vec::new());
        queue.push(b"1\n2\n");
        queue.complete(b"last\n");
        assert!(queue.take(&mut batch));
        let begun = Instant::now() - MINUTE;
        let patience = Patience { begun, stalled: MINUTE, most: MINUTE + MINUTE / 200 };
        assert_eq!(queue.wait_until_done(&patience), Err(9), "nothing was written for so long");
        queue.progress(7);
        assert_eq!(queue.wait_until_done(&patience), Err(7));
        assert!(begun.elapsed() >= patience.most, "some was written just now");
        queue.progress(0);
        assert_eq!(queue.wait_until_done(&patience), Ok(()), "all is written, however late");
        assert!(!queue.take(&mut batch));
    }
}
