//! The reading half of a tick: what clients have sent, and what they ask for.

use super::super::table::Token;
use super::{ConnectionSet, MAX_READ, MAX_TICK_OUTPUT, PLACES};
use crate::http::Action;
use crate::sys::Event;
use crate::telemetry::trace::{InstantEvent, Span};
use std::io;

impl ConnectionSet {
    /// A connection is ready: reads once, or goes on writing. What is left in the socket makes epoll
    /// tell again (level-triggered), so no read is wasted on finding out that there is nothing more.
    pub fn on_event(&mut self, event: Event) {
        let token = event.token;
        let Some(connection) = self.table.get_mut(token) else {
            return if token == PLACES {
                self.evict_silent()
            };
        };
        if event.has_failed() {
            // Its client has reset it: what it asked for before is done for no one.
            return self.remove(token);
        }
        if connection.is_write_blocked() {
            return self.on_writable(token);
        }
        match connection.next {
            // What it sends is read after its response, and then epoll tells again.
            Action::Write => {}
            // It waits for its task. Only the end of its client's half matters now.
            Action::Wait => {
                if event.is_half_closed() {
                    connection.presence.iter().for_each(|presence| presence.set_half_closed());
                }
                if connection.update_interest(&self.epoll, token).is_err() {
                    self.remove(token);
                }
            }
            _ => {
                self.read(token);
            }
        }
    }

    /// Reads once, and tells whether there was something: bytes, or the end.
    #[inline(always)]
    pub(super) fn read(&mut self, token: Token) -> bool {
        if self.filled + MAX_READ > self.input.len() {
            self.process_requests();
            self.flush();
        }
        let Some(connection) = self.table.get_mut(token) else { return true };
        let free = self.filled..self.filled + MAX_READ;
        let length = match connection.socket.read(&mut self.input[free]) {
            Ok(length) => length,
            // Ready a moment ago, and not any more: epoll tells again.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return false,
            Err(_) => {
                self.remove(token);
                return true;
            }
        };
        self.thread.stats.counters.received.add(length as u64);
        self.thread.stats.set_current(token);
        self.thread.stats.instant(InstantEvent::Received);
        self.inputs.push((token, self.filled..self.filled + length));
        self.filled += length;
        true
    }

    /// Makes the responses to all that was read, one after the other with, as a rule, no system call in between: the code and
    /// what the processor has learnt of it are still in its caches for the next request.
    pub fn process_requests(&mut self) {
        let mut inputs = std::mem::take(&mut self.inputs);
        for (token, range) in inputs.drain(..) {
            self.thread.stats.set_current(token);
            self.thread.stats.begin(Span::Request);
            let start = self.output.len();
            let action = self.step(token, |protocol, input, cx| match range.is_empty() {
                true => protocol.end_of_input(cx),
                false => protocol.receive(&input[range], cx),
            });
            if let Some(action) = action {
                self.responses.push((token, start..self.output.len(), action));
            }
            self.thread.stats.end(Span::Request);
            if self.output.len() >= MAX_TICK_OUTPUT {
                self.flush();
            }
        }
        self.inputs = inputs;
        self.filled = 0;
    }
}
