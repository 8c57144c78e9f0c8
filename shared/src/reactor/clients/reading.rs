//! The reading half of a round: what clients have sent, and what they ask for.

use super::super::client::Then;
use super::super::table::Token;
use super::{Clients, MAX_READ, MAX_ROUND};
use crate::sys::Event;
use crate::trace::{Moment, Slice};
use std::io;
use std::ops::Range;

impl Clients {
    /// First step, for each client that is ready: reads once. What is left in the socket makes epoll
    /// tell again, so no read is wasted on finding out that there is nothing more.
    pub fn ready(&mut self, event: Event) {
        let token = event.token;
        let Some(client) = self.table.get_mut(token) else {
            return;
        };
        if client.is_waiting_for_room() {
            return self.go_on_writing(event);
        }
        if client.then == Then::Write {
            // What it sends is read after its answer, and then epoll tells again.
            return if event.gone() {
                self.remove(token)
            };
        }
        if client.then == Then::Busy {
            // It waits for its job. Only the end of the connection, or of its client's half, matters now.
            if event.half_closed() {
                client.half_closed();
            }
            let lost = event.gone() || client.watch(&self.epoll, token).is_err();
            return if lost {
                self.remove(token)
            };
        }
        self.read(token);
    }

    /// Reads once, and tells whether there was something: bytes, or the end.
    #[inline(always)]
    pub(super) fn read(&mut self, token: Token) -> bool {
        if self.filled + MAX_READ > self.input.len() {
            self.answer();
        }
        let Some(client) = self.table.get_mut(token) else { return true };
        let room = self.filled..self.filled + MAX_READ;
        let length = match client.socket.read(&mut self.input[room]) {
            Ok(length) => length,
            // Ready a moment ago, and not any more: epoll tells again.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return false,
            Err(_) => {
                self.remove(token);
                return true;
            }
        };
        self.meter.counters.received.add(length as u64);
        self.meter.attend(token);
        self.meter.moment(Moment::Received);
        self.inputs.push((token, self.filled..self.filled + length));
        self.filled += length;
        true
    }

    /// What all have asked for is looked at in one go, with no system call in between: the code and what
    /// the processor has learnt of it are still at hand for the next request.
    pub(super) fn understand(&mut self) {
        let mut inputs = std::mem::take(&mut self.inputs);
        for (token, range) in inputs.drain(..) {
            self.meter.attend(token);
            self.meter.begin(Slice::Request);
            self.request(token, range);
            self.meter.end(Slice::Request);
            if self.output.len() >= MAX_ROUND {
                self.write();
            }
        }
        self.inputs = inputs;
        self.filled = 0;
    }

    fn request(&mut self, token: Token, range: Range<usize>) {
        let start = self.output.len();
        let next = self.step(token, |connection, input, turn| match range.is_empty() {
            true => connection.end_of_input(turn),
            false => connection.receive(&input[range], turn),
        });
        if let Some(next) = next {
            self.answers.push((token, start..self.output.len(), next));
        }
    }
}
