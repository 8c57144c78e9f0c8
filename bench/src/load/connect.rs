//! How a client gets its connection, and what happens when that ends or was too slow.

use super::errors::Failure;
use super::worker::Worker;
use shared::sys::{Interest, Socket};
use std::io;
use std::sync::atomic::Ordering::Relaxed;

const SECOND: u64 = 1_000_000_000;

impl Worker<'_> {
    /// Opens what is closed and ends what took too long.
    pub(super) fn tick(&mut self, now: u64) {
        self.book(now);
        for slot in 0..self.clients.len() {
            let client = &self.clients[slot];
            // All are looked at, as a thousand glances cost a microsecond and need no bookkeeping.
            if client.free {
                continue;
            }
            if client.socket.is_none() {
                if self.thinkers.is_some() && !client.opened {
                    self.arrive(slot);
                    continue;
                }
                // At a constant rate, a client that lost its connection waits for the next request that is due.
                if !(client.opened || self.counting) || !self.release(slot) {
                    self.open(slot);
                }
            } else if now.saturating_sub(client.sent_at) >= self.timeout {
                self.time_out(slot, now);
            }
        }
    }

    /// A window that was uneven is not to be trusted, and it shows only by when the responses came.
    pub(super) fn book(&mut self, now: u64) {
        let open = self.shared.open.load(Relaxed);
        if self.counting {
            // The last look is a little late: the window's end belongs to no part of its own.
            let window = self.close.saturating_sub(open).max(1);
            let elapsed = now.saturating_sub(open).min(window - 1);
            let new = self.tally.series.book((elapsed / SECOND) as usize, self.tally.ended());
            if self.tickets.is_none() {
                self.tally.tenths[(10 * elapsed / window) as usize] += new.requests;
            }
            self.shared.add(new);
        }
    }

    pub(super) fn time_out(&mut self, slot: usize, now: u64) {
        let client = &self.clients[slot];
        if self.counting && !client.extra && client.awaiting > 0 {
            let (failure, count) = (Failure::Timeout, client.awaiting as u64);
            self.tally.fail(failure, count, now, || failure.text().to_owned());
            self.tally.timed_out.add(client.awaiting, now.saturating_sub(client.since));
        }
        self.reopen(slot);
    }

    /// Gives the slot a new connection, on which its first requests are under way.
    pub(super) fn open(&mut self, slot: usize) {
        if !self.take_tickets(slot, self.shared.now()) {
            return;
        }
        let client = &mut self.clients[slot];
        client.parser.reset();
        client.established = false;
        client.watches_writes = false;
        client.since = client.sent_at;
        client.first_byte = 0;
        client.connecting = client.sent_at;
        match self.connect(slot) {
            // On a local network the connection often stands already: then nothing has to be waited for but the response.
            Ok(()) => self.send(slot),
            Err(error) => self.fail(slot, Failure::Connect, Some(&error)),
        }
    }

    /// A client with think time connects, and thinks before its first request: or all would ask at once.
    fn arrive(&mut self, slot: usize) {
        self.clients[slot].written = self.clients[slot].length;
        match self.connect(slot) {
            Ok(()) => drop(self.release(slot)),
            Err(error) => self.fail(slot, Failure::Connect, Some(&error)),
        }
    }

    /// Begins to connect.
    fn connect(&mut self, slot: usize) -> io::Result<()> {
        let socket = Socket::connect(self.shared.plan.options.url.address)?;
        socket.set_nodelay(true)?;
        self.epoll.add(&socket, Interest::READ, slot as u64)?;
        self.clients[slot].socket = Some(socket);
        Ok(())
    }

    /// Replaces the connection. Dropping the socket closes it, which also takes it out of the epoll.
    pub(super) fn reopen(&mut self, slot: usize) {
        if self.counting && !self.all_sent() {
            self.tally.reconnects += 1;
        }
        self.clients[slot].socket = None;
        if !self.release(slot) {
            self.open(slot);
        }
    }

    /// Counts what went wrong. A connection that broke is replaced at once. A connect that failed is tried
    /// again at the next tick, or a refusing server would be hammered as fast as the CPU allows.
    pub(super) fn fail(&mut self, slot: usize, failure: Failure, error: Option<&io::Error>) {
        let client = &self.clients[slot];
        if self.counting && !client.extra {
            // All that is under way is lost.
            let count = client.awaiting.max(1) as u64;
            self.tally.fail(failure, count, self.shared.now(), || match error {
                Some(error) => format!("{}: {error}", failure.text()),
                None => failure.text().to_owned(),
            });
        }
        if failure == Failure::Connect {
            if let Some(error) = error {
                self.shared.refusal.get_or_init(|| error.to_string());
            }
            self.clients[slot].socket = None;
        } else {
            self.reopen(slot);
        }
    }
}
