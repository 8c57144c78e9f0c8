//! The writing half of a tick: what a client is sent, and what its connection waits for then.

use super::super::table::Token;
use super::{ConnectionSet, FILE_BYTES_PER_BYTE, WRITE_BUDGET};
use crate::http::Action;
use crate::server::task::BlockingTask;
use crate::telemetry::trace::Span;
use std::io;
use std::ops::Range;

impl ConnectionSet {
    /// Writes the responses of this tick.
    pub fn flush(&mut self) {
        let mut responses = std::mem::take(&mut self.responses);
        for (token, range, action) in responses.drain(..) {
            self.perform(token, range, action);
        }
        self.responses = responses;
        self.output.clear();
        self.thread.record_latencies();
    }

    /// Pipelines that had to leave the last tick to others go on, behind all that this tick has read.
    #[inline(never)]
    fn resume_pipelines(&mut self) {
        let later = self.yielded.split_off(self.resumed);
        for token in std::mem::replace(&mut self.yielded, later) {
            self.act(token, |protocol, cx| protocol.resume(cx));
        }
    }

    /// Long responses go on, one after the other, until this tick's budget is used. Half of it is kept for them: responses
    /// that began in this tick may have used it all, and so would others in every tick.
    pub fn run_write_queue(&mut self) {
        if self.resumed > 0 {
            self.resume_pipelines();
        }
        self.write_budget = self.write_budget.max(WRITE_BUDGET / 2);
        while self.write_budget > 0
            && let Some(token) = self.write_queue.pop_front()
        {
            if let Some(connection) = self.table.get_mut(token) {
                connection.is_queued = false;
            }
            if self.write_unsent(token) {
                self.act(token, |protocol, cx| protocol.resume(cx));
            }
        }
    }

    /// A socket whose send buffer was full takes more.
    pub(super) fn on_writable(&mut self, token: Token) {
        let Some(connection) = self.table.get_mut(token) else { return };
        match connection.next {
            Action::Write => connection.enqueue(token, &mut self.write_queue),
            action => {
                if self.write_unsent(token) {
                    self.perform(token, 0..0, action);
                }
            }
        }
    }

    /// Writes what the socket would not take before, and tells whether that was all of it.
    fn write_unsent(&mut self, token: Token) -> bool {
        let Some(connection) = self.table.get_mut(token) else { return false };
        self.thread.stats.set_current(token);
        self.thread.stats.begin(Span::Write);
        let sent = connection.flush(self.thread.clock.now());
        let is_empty = !connection.is_write_blocked();
        self.thread.stats.end(Span::Write);
        let Ok(sent) = sent else {
            self.remove(token);
            return false;
        };
        self.write_budget = self.write_budget.saturating_sub(sent);
        self.thread.stats.counters.sent.add(sent as u64);
        is_empty
    }

    /// Writes a connection's output and does what its protocol wants next. An error is the end of
    /// this connection and of nothing else.
    pub(super) fn perform(&mut self, token: Token, range: Range<usize>, action: Action) {
        let end = self.output.len();
        let mut next = self.write(token, range, action);
        while matches!(next, Ok(Action::Write)) && self.may_write_more(token) {
            self.output.truncate(end);
            let resumed = self.step(token, |protocol, _, cx| protocol.resume(cx));
            let Some(action) = resumed else { return };
            next = self.write(token, end..self.output.len(), action);
        }
        self.output.truncate(end);
        if next.and_then(|action| self.set_next(token, action)).is_err() {
            self.remove(token);
        }
    }

    /// Writes a piece of output, then what the response has of a file. Returns the same action, unless the
    /// file has to be read from a disk first.
    #[inline]
    fn write(&mut self, token: Token, range: Range<usize>, action: Action) -> io::Result<Action> {
        let Some(connection) = self.table.get_mut(token) else { return Ok(action) };
        self.thread.stats.set_current(token);
        self.thread.stats.begin(Span::Write);
        let clock = &mut self.thread.clock;
        let sent = connection.write(&self.output[range], clock);
        let file = match action {
            Action::Write => {
                // A large file does not keep the other connections waiting, nor does a disk.
                let most = (self.write_budget * FILE_BYTES_PER_BYTE) as u64;
                let ready = connection.protocol.file().map_or(0, |file| file.ready());
                connection.send_file(ready.min(most), clock)
            }
            _ => Ok(0),
        };
        self.thread.stats.end(Span::Write);
        let (sent, file) = (sent?, file?);
        self.thread.stats.counters.sent.add((sent + file) as u64);
        if action != Action::Write {
            return Ok(action);
        }
        self.write_budget =
            self.write_budget.saturating_sub(sent + file.div_ceil(FILE_BYTES_PER_BYTE));
        if connection.is_write_blocked() {
            return Ok(action);
        }
        let Some(read_ahead) = connection.protocol.file().and_then(|file| file.read_ahead()) else {
            return Ok(action);
        };
        let task = BlockingTask::read_ahead(read_ahead, self.thread.stats.current());
        connection.presence = Some(task.presence());
        self.tasks.push_back((token, task));
        Ok(Action::Wait)
    }

    fn may_write_more(&mut self, token: Token) -> bool {
        let is_in_budget = self.write_budget > 0;
        self.table.get_mut(token).is_some_and(|connection| {
            !connection.is_write_blocked() && (is_in_budget || connection.protocol.has_sent_all())
        })
    }

    /// All is written that can be: what the connection waits for from now on, and until when.
    fn set_next(&mut self, token: Token, action: Action) -> io::Result<()> {
        let Some(connection) = self.table.get_mut(token) else { return Ok(()) };
        let is_written = !connection.is_write_blocked();
        connection.next = match action {
            Action::Yield => Action::Write,
            Action::Run => Action::Wait,
            Action::Linger if is_written => Action::Read,
            action => action,
        };
        match action {
            Action::Write if is_written => connection.enqueue(token, &mut self.write_queue),
            Action::Yield if is_written => self.yielded.push(token),
            Action::Run => {
                if let Some(request) = connection.protocol.take_blocking() {
                    let task = self.thread.respond_task(request);
                    connection.presence = Some(task.presence());
                    self.tasks.push_back((token, task));
                }
            }
            Action::Close if is_written => {
                self.remove(token);
                return Ok(());
            }
            Action::Linger if is_written => {
                connection.socket.shutdown_write()?;
                let (now, server) = (self.thread.clock.now(), &self.thread.server);
                connection.protocol.linger(&server.args.limits, now, server.drain.end_of_linger());
            }
            _ => {}
        }
        // Of a client that waits for its response, nothing is expected soon: no system call to say so until it sends.
        let can_stay = connection.next == Action::Wait && connection.is_watched_for_reading();
        if !can_stay || !is_written {
            connection.update_interest(&self.epoll, token)?;
        }
        connection.count_idle(&self.thread.stats.counters.idle);
        let deadline = connection.deadline_in(&self.thread.server);
        self.note_deadline(deadline);
        Ok(())
    }
}
