//! The writing half of a round: what a client is sent, and what it waits for then.

use super::super::client::Then;
use super::super::table::Token;
use super::Clients;
use crate::http::Next;
use crate::sys::Event;
use crate::trace::Slice;
use std::io;
use std::ops::Range;

impl Clients {
    pub(super) fn go_on_writing(&mut self, event: Event) {
        let token = event.token;
        let now = self.now;
        let Some(client) = self.table.get_mut(token) else {
            return;
        };
        if event.gone() {
            return self.remove(token);
        }
        self.meter.attend(token);
        self.meter.begin(Slice::Write);
        let sent = client.flush(now);
        self.meter.end(Slice::Write);
        let Ok(sent) = sent else { return self.remove(token) };
        self.meter.counters.sent.add(sent as u64);
        if !client.is_waiting_for_room() {
            let next = match client.then {
                Then::Write if self.long == 0 => return self.queue.push_back(token),
                Then::Write => {
                    return self.act(token, |connection, _, turn| connection.resume(turn));
                }
                Then::Read => Next::Read,
                // Only to stop watching for room; what matters next is the job.
                Then::Busy => return drop(client.watch(&self.epoll, token)),
                Then::Close => Next::Close,
                Then::Linger => Next::Linger,
            };
            self.proceed(token, 0..0, next);
        }
    }

    /// Long answers go on, one after the other, until this round has sent enough of them.
    pub(super) fn take_turns(&mut self) {
        while self.long > 0
            && let Some(token) = self.queue.pop_front()
        {
            self.act(token, |connection, _, turn| connection.resume(turn));
        }
    }

    /// Writes a client's output and does what its connection wants next. An error is the end of
    /// this client and of nothing else.
    pub(super) fn proceed(&mut self, token: Token, range: Range<usize>, next: Next) {
        if self.try_proceed(token, range, next).is_err() {
            self.remove(token);
        }
    }

    fn try_proceed(&mut self, token: Token, range: Range<usize>, mut next: Next) -> io::Result<()> {
        let end = self.output.len();
        let mut range = range;
        loop {
            let Some(client) = self.table.get_mut(token) else {
                return Ok(());
            };
            self.meter.attend(token);
            self.meter.begin(Slice::Write);
            let sent = client.send(&self.output[range], self.now);
            let file = client.send_file(self.long, self.now);
            self.meter.end(Slice::Write);
            let sent = sent? + file?;
            if matches!(next, Next::Write) {
                self.long = self.long.saturating_sub(sent);
            }
            self.meter.counters.sent.add(sent as u64);
            if matches!(next, Next::Write)
                && !client.is_waiting_for_room()
                && let Some(job) = client.connection.read_ahead(self.meter.attended())
            {
                next = Next::Run(job);
            }
            client.then = match next {
                Next::Read => Then::Read,
                Next::Write
                    if !client.is_waiting_for_room()
                        && (self.long > 0 || client.connection.has_sent_file()) =>
                {
                    self.output.truncate(end);
                    let Some(more) =
                        self.step(token, |connection, _, turn| connection.resume(turn))
                    else {
                        return Ok(());
                    };
                    (next, range) = (more, end..self.output.len());
                    continue;
                }
                Next::Write => {
                    if !client.is_waiting_for_room() {
                        self.queue.push_back(token);
                    }
                    Then::Write
                }
                Next::Wait => Then::Busy,
                Next::Run(job) => {
                    self.jobs.push((token, job));
                    Then::Busy
                }
                Next::Close if !client.is_waiting_for_room() => {
                    self.remove(token);
                    return Ok(());
                }
                Next::Close => Then::Close,
                Next::Linger if !client.is_waiting_for_room() => {
                    client.socket.shutdown_write()?;
                    client.connection.linger(self.now);
                    Then::Read
                }
                Next::Linger => Then::Linger,
            };
            break;
        }
        self.output.truncate(end);
        self.settle(token)
    }

    /// A client is attended to: has epoll watch it, and takes note of its deadline.
    fn settle(&mut self, token: Token) -> io::Result<()> {
        let Some(client) = self.table.get_mut(token) else {
            return Ok(());
        };
        // Of a client that waits for its job, nothing is expected soon: no call to say so until it speaks.
        if client.then != Then::Busy || client.is_waiting_for_room() {
            client.watch(&self.epoll, token)?;
        }
        let is_idle = client.connection.is_between_requests() && !client.is_waiting_for_room();
        // Most that were idle have asked and are idle again: nothing to write down.
        if is_idle != client.is_idle {
            client.is_idle = is_idle;
            let idle = &self.meter.counters.idle;
            if is_idle { idle.add(1) } else { idle.subtract(1) }
        }
        let deadline = client.deadline(&self.service.limits);
        self.note(deadline);
        Ok(())
    }
}
