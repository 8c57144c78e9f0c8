//! Which connections have to go: those whose clients are late, and those that have been silent longest when there is no
//! place for a new one.

use super::super::table::Token;
use super::ConnectionSet;
use crate::http::limits::SILENT_LINGER;
use crate::server::connection::{Connection, Eviction};
use crate::server::deadlines::{SILENCE, earlier, may_leave};
use crate::sys::memory;
use crate::telemetry::trace::InstantEvent;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// After a look at all connections for those of late clients, the next look waits for so long for each that there is: ten
/// times as long as a look takes. Else a loop with many clients whose deadlines follow close on each other would do
/// nothing but look.
const PAUSE_PER_CONNECTION: Duration = Duration::from_nanos(100);

/// So many connections cost memory that is worth giving back when half of them have closed.
const WORTH_TRIMMING: usize = 64;

impl ConnectionSet {
    /// Closes the connections of late clients. All are looked at, but only when the
    /// earliest deadline has passed, and not too often: that costs nothing per request, and needs no ordered structure
    /// to be kept up to date at each. It is also the moment to give back memory that closed connections have cost.
    pub fn close_late(&mut self) {
        let now = self.thread.clock.now();
        if self.earliest.is_none_or(|earliest| now < earliest) {
            return;
        }
        if now < self.next_look {
            self.earliest = Some(self.next_look);
            return;
        }
        self.next_look = now + PAUSE_PER_CONNECTION * self.len() as u32;
        let (mut due, mut earliest) = (Vec::new(), None);
        for (token, connection) in self.table.iter() {
            match connection.deadline_in(&self.thread.server) {
                Some(deadline) if deadline <= now => due.push(token),
                deadline => earliest = earlier(earliest, deadline),
            }
        }
        self.earliest = earliest;
        due.into_iter().for_each(|token| self.on_deadline(token));
        // A client whose socket was looked at once more has sent something after all.
        if !self.inputs.is_empty() {
            self.process_requests();
            self.flush();
        }
        if self.most >= WORTH_TRIMMING && self.len() < self.most / 2 {
            self.most = self.len();
            self.table.shrink();
            memory::give_back();
        }
    }

    /// A deadline has passed. A client that takes its output too slowly is cut off; of any other the socket is looked at
    /// once more, and then its protocol decides ([`crate::http::Protocol::on_deadline`]): inside a request it gets a 408.
    fn on_deadline(&mut self, token: Token) {
        let (now, timeout) = (self.thread.clock.now(), self.thread.server.args.write_timeout);
        let Some(connection) = self.table.get_mut(token) else { return };
        let extended = connection.extended_deadline(timeout, now);
        if extended.is_some() {
            return self.note_deadline(extended);
        }
        if connection.is_write_blocked() {
            self.thread.stats.counters.timed_out.add(1);
            return self.remove(token);
        }
        let is_late = connection.deadline(timeout).is_some_and(|deadline| deadline <= now);
        let (protocol, socket) = (&connection.protocol, &connection.socket);
        if protocol.is_lingering() && !is_late && !may_leave(protocol, socket, SILENT_LINGER, now) {
            // The server drains, and this client's kernel has not acknowledged all.
            return self.note_deadline(Some(now + SILENT_LINGER));
        }
        let is_planned = protocol.is_delayed() || protocol.is_lingering();
        if self.close_unless_readable(token) && is_late && !is_planned {
            self.thread.stats.counters.timed_out.add(1);
        }
    }

    /// Looks at the socket once more before its time is over: this thread, or the whole machine, may have been kept
    /// from reading what has long arrived. Tells whether nothing had.
    fn close_unless_readable(&mut self, token: Token) -> bool {
        let now = self.thread.clock.now();
        // A client that lingers may send for ever: once its own time is over nothing is looked at.
        let receives = self.table.get_mut(token).is_some_and(|connection| {
            let protocol = &connection.protocol;
            let lingers = protocol.is_lingering() && protocol.deadline() > Some(now);
            lingers || protocol.is_receiving()
        });
        if receives && self.read(token) {
            // Should that not be enough, its time is over in the next tick.
            self.note_deadline(Some(now));
            return false;
        }
        self.act(token, |protocol, cx| protocol.on_deadline(cx));
        true
    }

    /// Begins to close connections that have been silent for a second, as many as are wanted, to free places for new ones.
    /// See [`Eviction`] for which go first; then those go that have been silent longest. Those of clients that have asked
    /// stay until each loop has closed those of clients that never asked.
    pub(in super::super) fn evict_silent(&mut self) {
        let limit = Arc::clone(&self.thread.server.connections);
        if !limit.is_wanted() {
            return;
        }
        // A client that has asked in this tick is not silent.
        self.process_requests();
        let (now, limits) = (self.thread.clock.now(), &self.thread.server.args.limits);
        let eviction = |(token, connection): (Token, &Connection)| {
            connection.eviction(limits, now).map(|(order, since)| (order, since, token))
        };
        let mut silent: Vec<_> = self.table.iter().filter_map(eviction).collect();
        silent.sort_unstable();
        let first_idle = silent.partition_point(|(order, ..)| *order < Eviction::Idle);
        for (order, _, token) in &silent[..first_idle] {
            if !limit.begin_eviction() {
                break;
            }
            self.evict(*token, *order);
        }
        limit.has_none_before(self.number, self.next_never_asked());
        for (order, _, token) in &silent[first_idle..] {
            if !limit.begin_idle_eviction(now) {
                break;
            }
            self.evict(*token, *order);
        }
    }

    fn evict(&mut self, token: Token, order: Eviction) {
        if let Some(connection) = self.table.get_mut(token) {
            connection.is_evicted = true;
        }
        if self.close_unless_readable(token) {
            self.thread.stats.counters.evicted.add((order != Eviction::Lingers).into());
        } else if let Some(connection) = self.table.get_mut(token) {
            connection.is_evicted = false;
            self.thread.server.connections.cancel_eviction();
        }
    }

    /// The earliest moment at which a connection may be closed whose client never asked: one of these here, or one that is
    /// accepted from now on.
    fn next_never_asked(&self) -> Instant {
        let limits = &self.thread.server.args.limits;
        let never_asked = |connection: &Connection| !connection.protocol.is_between_requests();
        let connections = self.table.iter().map(|(_, connection)| connection);
        let since =
            connections.filter(|it| never_asked(it)).filter_map(|it| it.silent_since(limits));
        since.min().unwrap_or(self.thread.clock.now()) + SILENCE
    }

    /// The server drains: from now on silent clients have less time. The drain's descriptor stays readable for ever, and
    /// has told what it had to tell: epoll watches it no longer.
    pub fn begin_drain(&mut self) {
        let _ = self.epoll.remove(&self.thread.server.drain);
        self.earliest = Some(self.thread.clock.now());
    }

    /// When the loop has to wake up again, as far as the connections are concerned.
    pub fn next_deadline(&self) -> Option<Instant> {
        let waits = self.write_queue.is_empty() && self.tasks.is_empty() && self.yielded.is_empty();
        if waits { self.earliest } else { Some(self.thread.clock.now()) }
    }

    pub(super) fn note_deadline(&mut self, deadline: Option<Instant>) {
        self.earliest = earlier(self.earliest, deadline);
    }

    /// Forgets a connection, and frees its place. Closing the socket takes it out of epoll too.
    pub(super) fn remove(&mut self, token: Token) {
        if let Some(mut connection) = self.table.remove(token) {
            connection.presence.iter().for_each(|presence| presence.set_closed());
            self.thread.stats.set_peer(connection.peer());
            connection.protocol.finish(&mut self.thread.service());
            self.thread.stats.counters.idle.subtract(connection.is_idle.into());
            self.thread.server.connections.release();
            if connection.is_evicted {
                self.thread.server.connections.end_eviction();
            }
            self.thread.stats.set_current(token);
            self.thread.stats.instant(InstantEvent::Closed);
            self.thread.stats.counters.closed.add(1);
        }
    }
}
