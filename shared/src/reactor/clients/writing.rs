//! The writing half of a round: what a client is sent, and what it waits for then.

use super::super::client::Then;
use super::super::table::Token;
use super::leaving::deadline;
use super::{Clients, FILE_BYTES, MAX_LONG};
use crate::http::Next;
use crate::sys::{Event, Interest};
use crate::trace::Slice;
use std::io;
use std::ops::Range;

impl Clients {
    /// The socket of a client that waited for room has some, or has come to its end.
    pub(super) fn go_on_writing(&mut self, event: Event) {
        let token = event.token;
        let Some(client) = self.table.get_mut(token) else { return };
        match client.then {
            _ if event.gone() => self.remove(token),
            Then::Write => self.enqueue(token),
            _ => self.finish_writing(token),
        }
    }

    /// A long answer goes on when it is its turn. Until then epoll tells of its room again and again: once
    /// in the queue is enough.
    fn enqueue(&mut self, token: Token) {
        if let Some(client) = self.table.get_mut(token)
            && !client.is_queued
        {
            client.is_queued = true;
            self.queue.push_back(token);
        }
    }

    /// Long answers go on, one after the other, until this round has sent enough of them. Half of that is theirs: it may
    /// be that those that began in this round have used it all, and so would others in every round.
    pub(super) fn take_turns(&mut self) {
        self.long = self.long.max(MAX_LONG / 2);
        while self.long > 0
            && let Some(token) = self.queue.pop_front()
        {
            if let Some(client) = self.table.get_mut(token) {
                client.is_queued = false;
            }
            if self.flush(token) {
                self.act(token, |connection, _, turn| connection.resume(turn));
            }
        }
    }

    /// The last bytes before something else that the client is to do.
    fn finish_writing(&mut self, token: Token) {
        if !self.flush(token) {
            return;
        }
        let Some(client) = self.table.get_mut(token) else { return };
        let next = match client.then {
            Then::Busy => Next::Wait,
            Then::Close => Next::Close,
            Then::Linger => Next::Linger,
            Then::Read | Then::Write => Next::Read,
        };
        self.proceed(token, 0..0, next);
    }

    /// Writes what was kept for want of room, and tells whether that was all of it.
    fn flush(&mut self, token: Token) -> bool {
        let Some(client) = self.table.get_mut(token) else { return false };
        self.meter.attend(token);
        self.meter.begin(Slice::Write);
        let sent = client.flush(self.clock.now());
        let is_empty = !client.is_waiting_for_room();
        self.meter.end(Slice::Write);
        let Ok(sent) = sent else {
            self.remove(token);
            return false;
        };
        self.long = self.long.saturating_sub(sent);
        self.meter.counters.sent.add(sent as u64);
        is_empty
    }

    /// Writes a client's output and does what its connection wants next. An error is the end of
    /// this client and of nothing else.
    pub(super) fn proceed(&mut self, token: Token, range: Range<usize>, next: Next) {
        if self.try_proceed(token, range, next).is_err() {
            self.remove(token);
        }
    }

    fn try_proceed(&mut self, token: Token, range: Range<usize>, next: Next) -> io::Result<()> {
        let end = self.output.len();
        let mut next = self.send(token, range, next)?;
        while matches!(next, Next::Write) && self.may_send_more(token) {
            self.output.truncate(end);
            let resume = self.step(token, |connection, _, turn| connection.resume(turn));
            let Some(more) = resume else { return Ok(()) };
            next = self.send(token, end..self.output.len(), more)?;
        }
        self.output.truncate(end);
        self.wait_for(token, next)
    }

    /// Writes a piece of output, then what the answer has of a file. What is next is what was, unless the
    /// file has to be fetched from a disk first.
    fn send(&mut self, token: Token, range: Range<usize>, next: Next) -> io::Result<Next> {
        let Some(client) = self.table.get_mut(token) else { return Ok(next) };
        self.meter.attend(token);
        self.meter.begin(Slice::Write);
        let now = self.clock.now();
        let sent = client.send(&self.output[range], now);
        let file = client.send_file(self.long * FILE_BYTES, now);
        self.meter.end(Slice::Write);
        let (sent, file) = (sent?, file?);
        self.meter.counters.sent.add((sent + file) as u64);
        if !matches!(next, Next::Write) {
            return Ok(next);
        }
        self.long = self.long.saturating_sub(sent + file.div_ceil(FILE_BYTES));
        if client.is_waiting_for_room() {
            return Ok(next);
        }
        let job = client.connection.read_ahead(self.meter.attended());
        Ok(job.map_or(next, Next::Run))
    }

    fn may_send_more(&mut self, token: Token) -> bool {
        let is_in_budget = self.long > 0;
        self.table.get_mut(token).is_some_and(|client| {
            !client.is_waiting_for_room() && (is_in_budget || client.connection.has_sent_all())
        })
    }

    /// All is written that can be: what the client waits for from now on.
    fn wait_for(&mut self, token: Token, next: Next) -> io::Result<()> {
        let Some(client) = self.table.get_mut(token) else { return Ok(()) };
        let has_room = !client.is_waiting_for_room();
        let writes_on = has_room && matches!(next, Next::Write);
        client.then = match next {
            Next::Read => Then::Read,
            Next::Write => Then::Write,
            Next::Yield => {
                self.yielded.extend(has_room.then_some(token));
                Then::Write
            }
            Next::Wait => Then::Busy,
            Next::Run(job) => {
                client.wait_for_job(&job);
                self.jobs.push_back((token, job));
                Then::Busy
            }
            Next::Close if has_room => {
                self.remove(token);
                return Ok(());
            }
            Next::Close => Then::Close,
            Next::Linger if has_room => {
                client.socket.shutdown_write()?;
                client.connection.linger(self.clock.now(), self.drain.end_of_linger());
                Then::Read
            }
            Next::Linger => Then::Linger,
        };
        if writes_on {
            self.enqueue(token);
        }
        self.settle(token)
    }

    /// A client is attended to: has epoll watch it, and takes note of its deadline.
    fn settle(&mut self, token: Token) -> io::Result<()> {
        let Some(client) = self.table.get_mut(token) else {
            return Ok(());
        };
        // Of a client that waits for its job, nothing is expected soon: no call to say so until it speaks.
        let can_stay = client.then == Then::Busy && client.watched == Interest::READ;
        if !can_stay || client.is_waiting_for_room() {
            client.watch(&self.epoll, token)?;
        }
        let is_idle = client.connection.is_between_requests() && !client.is_waiting_for_room();
        // Most that were idle have asked and are idle again: nothing to write down.
        if is_idle != client.is_idle {
            client.is_idle = is_idle;
            let idle = &self.meter.counters.idle;
            if is_idle { idle.add(1) } else { idle.subtract(1) }
        }
        let deadline = deadline(client, &self.service.limits, &self.drain);
        self.note(deadline);
        Ok(())
    }
}
