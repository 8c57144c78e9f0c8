//! The lines that wait for the writer, bounded in bytes.

use crate::sys::sync::lock;
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Instant;

/// A buffer that has once been larger is made smaller again.
const KEPT: usize = 1 << 20;

/// Between the threads that serve and the one that writes.
pub(super) struct Queue {
    state: Mutex<State>,
    /// For the writer: there is something to do.
    filled: Condvar,
    ended: Condvar,
    /// Bytes that may wait.
    capacity: usize,
    gap: fn(u64) -> String,
}

#[derive(Default)]
struct State {
    /// Lines that the writer has not taken yet.
    lines: Vec<u8>,
    /// Bytes that it has taken and not written yet.
    taken: usize,
    /// Lines that were dropped since one was last let in.
    dropped: u64,
    writer_sleeps: bool,
    reopen: bool,
    end: End,
}

/// How far the end of the process has come.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
enum End {
    #[default]
    No,
    /// The last lines are collected.
    Begun,
    /// There are no more lines than those that wait.
    Last,
    /// All is written.
    Done,
}

/// What the writer learns when it reports its progress.
#[derive(Clone, Copy, Debug)]
pub(super) struct Status {
    /// The file is to be opened anew.
    pub(super) reopen: bool,
    /// Lines are dropped now.
    pub(super) dropping: bool,
    /// Everything is written.
    pub(super) caught_up: bool,
    /// The process is about to end.
    pub(super) ending: bool,
}

impl Queue {
    pub(super) fn new(capacity: usize, gap: fn(u64) -> String) -> Self {
        let (filled, ended) = (Condvar::new(), Condvar::new());
        Self { state: Mutex::default(), filled, ended, capacity, gap }
    }

    /// Takes in as many of these whole lines as there is room for; returns how many it had to drop.
    pub(super) fn push(&self, lines: &[u8]) -> u64 {
        let mut state = lock(&self.state);
        let mut room = self.capacity.saturating_sub(state.lines.len() + state.taken);
        // Once lines were dropped, half of the room must be free before any is let in: few gaps.
        if state.dropped > 0 && room < self.capacity / 2 {
            room = 0;
        }
        let (fits, rest) = lines.split_at(whole_lines(lines, room));
        if !fits.is_empty() {
            self.tell_of_gap(&mut state);
            state.lines.extend_from_slice(fits);
        }
        let dropped = rest.iter().filter(|byte| **byte == b'\n').count() as u64;
        state.dropped += dropped;
        self.wake(&mut state);
        dropped
    }

    /// The line for those that are missing, where they are missing.
    fn tell_of_gap(&self, state: &mut State) {
        if state.dropped > 0 {
            state.lines.extend_from_slice((self.gap)(state.dropped).as_bytes());
            state.dropped = 0;
        }
    }

    /// One system call, and only where the writer sleeps.
    fn wake(&self, state: &mut State) {
        if std::mem::take(&mut state.writer_sleeps) {
            self.filled.notify_one();
        }
    }

    /// See [`super::LogWriter::reopen`].
    pub(super) fn reopen(&self) {
        let mut state = lock(&self.state);
        state.reopen = true;
        self.wake(&mut state);
    }

    /// Whether the caller is the one who begins the end.
    pub(super) fn begin_end(&self) -> bool {
        let mut state = lock(&self.state);
        let begins = state.end == End::No;
        state.end = state.end.max(End::Begun);
        begins
    }

    /// There is nothing more to come than `last`.
    pub(super) fn end(&self, last: &[u8]) {
        let mut state = lock(&self.state);
        self.tell_of_gap(&mut state);
        state.lines.extend_from_slice(last);
        state.end = End::Last;
        self.wake(&mut state);
    }

    /// Waits until all is written; the error is the number of bytes that are not, at the deadline.
    pub(super) fn wait_for_end(&self, deadline: Instant) -> Result<(), usize> {
        let time = deadline.saturating_duration_since(Instant::now());
        let goes_on = |state: &mut State| state.end != End::Done;
        let state = self.ended.wait_timeout_while(lock(&self.state), time, goes_on);
        let (state, timeout) = state.unwrap_or_else(PoisonError::into_inner);
        if timeout.timed_out() { Err(state.lines.len() + state.taken) } else { Ok(()) }
    }

    /// For the writer: sleeps until there is something to do, and puts the lines that wait into `batch`, which
    /// is written by now. `false`: it was the last.
    pub(super) fn take(&self, batch: &mut Vec<u8>) -> bool {
        batch.clear();
        batch.shrink_to(KEPT);
        let mut state = lock(&self.state);
        if state.lines.is_empty() {
            self.tell_of_gap(&mut state);
        }
        while state.lines.is_empty() && !state.reopen && state.end != End::Last {
            state.writer_sleeps = true;
            state = self.filled.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        std::mem::swap(&mut state.lines, batch);
        state.taken = batch.len();
        if batch.is_empty() && !state.reopen {
            state.end = End::Done;
            self.ended.notify_all();
        }
        state.end != End::Done
    }

    /// For the writer: `unwritten` bytes of what it has taken are not written yet.
    pub(super) fn progress(&self, unwritten: usize) -> Status {
        let mut state = lock(&self.state);
        state.taken = unwritten;
        let (reopen, dropping) = (std::mem::take(&mut state.reopen), state.dropped > 0);
        let caught_up = unwritten + state.lines.len() == 0 && !dropping;
        Status { reopen, dropping, caught_up, ending: state.end != End::No }
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

    fn gap(dropped: u64) -> String {
        format!("# {dropped}\n")
    }

    /// Pushes lines with the numbers of `range`, a few at once; how many were dropped.
    fn push(queue: &Queue, range: std::ops::Range<u64>) -> u64 {
        let lines: Vec<_> = range.map(|number| format!("{number}\n")).collect();
        lines.chunks(7).map(|lines| queue.push(lines.concat().as_bytes())).sum()
    }

    #[test]
    fn what_is_missing_is_told_of_where_it_is_missing() {
        const CAPACITY: usize = 1000;
        let (queue, mut batch, mut log) = (Queue::new(CAPACITY, gap), Vec::new(), String::new());
        let mut dropped = 0;
        for round in 0..5 {
            dropped += push(&queue, round * 1000..(round + 1) * 1000);
            assert!(queue.take(&mut batch) && batch.len() <= CAPACITY, "{} bytes", batch.len());
            // While the writer has all of it there is no room; with half of it, there is.
            assert_eq!(queue.push(b"1\n"), 1);
            assert!(queue.progress(CAPACITY / 2 + 10).dropping);
            assert_eq!(queue.push(b"1\n"), 1);
            dropped += 2;
            log.push_str(std::str::from_utf8(&batch).unwrap());
            assert!(!queue.progress(0).caught_up);
        }
        queue.end(b"last\n");
        assert!(queue.take(&mut batch));
        log.push_str(std::str::from_utf8(&batch).unwrap());
        assert!(queue.progress(0).caught_up && !queue.take(&mut batch));
        let gaps = log.lines().filter_map(|line| line.strip_prefix("# "));
        assert_eq!(gaps.clone().count(), 5, "one for each time that there was no room");
        assert_eq!(gaps.map(|gap| gap.parse::<u64>().unwrap()).sum::<u64>(), dropped);
        let mut next = 0;
        for line in log.lines().filter(|line| *line != "last") {
            match line.strip_prefix("# ") {
                // The two that were pushed beside the others are no part of the count.
                Some(gap) => next += gap.parse::<u64>().unwrap() - 2,
                None => assert_eq!(line, next.to_string()),
            }
            next += u64::from(!line.starts_with('#'));
        }
        assert_eq!(log.lines().last(), Some("last"));
    }

    #[test]
    fn only_whole_lines_count() {
        for (bytes, most, expected) in
            [(&b"a\nbc\n"[..], 9, 5), (b"a\nbc\n", 4, 2), (b"abc\n", 3, 0), (b"", 9, 0)]
        {
            assert_eq!(whole_lines(bytes, most), expected, "{bytes:?}, {most}");
        }
    }
}
