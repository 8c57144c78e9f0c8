//! Who has to go: those who are late, and those who have been idle longest when there is no room.

use super::super::client::Client;
use super::super::table::Token;
use super::Clients;
use crate::sys::memory;
use crate::trace::Moment;
use std::time::{Duration, Instant};

/// A client that asked less than this ago is not closed to make room.
const MIN_IDLE: Duration = Duration::from_secs(1);

/// So many clients cost memory that is worth giving back when half of them have left.
const CROWD: usize = 64;

impl Clients {
    /// Closes up to `count` clients that have been idle longest, and says how many. A newcomer who asks
    /// is worth more than somebody who may never ask again; but one who asked a moment ago probably will.
    pub fn evict_idle(&mut self, count: usize) -> usize {
        // Who has asked in this round is not idle.
        self.understand();
        let idle_timeout = self.service.limits.idle_timeout;
        // An idle client's deadline tells since when it is idle.
        let newest = self.now + idle_timeout.saturating_sub(MIN_IDLE);
        let candidate = |(token, client): (Token, &Client)| {
            let idle = client.connection.is_between_requests() && !client.is_waiting_for_room();
            client
                .connection
                .deadline()
                .filter(|deadline| idle && *deadline <= newest)
                .map(|deadline| (deadline, token))
        };
        let mut longest: Vec<_> = self.table.iter().filter_map(candidate).collect();
        longest.sort_unstable();
        longest.truncate(count);
        longest.iter().for_each(|(_, token)| self.remove(*token));
        self.meter.counters.evicted.add(longest.len() as u64);
        longest.len()
    }

    /// Fourth step: deals with those who are late. All clients are looked at, but only when the
    /// earliest deadline has passed: that costs nothing per request, and needs no ordered structure
    /// to be kept up to date at each. It is also the moment to give back what a crowd has cost that has left.
    pub fn expire(&mut self) {
        if self.earliest.is_none_or(|earliest| self.now < earliest) {
            return;
        }
        let mut due = Vec::new();
        self.earliest = None;
        for (token, client) in self.table.iter() {
            match client.deadline(&self.service.limits) {
                Some(deadline) if deadline <= self.now => due.push(token),
                Some(deadline) if self.earliest.is_none_or(|earliest| deadline < earliest) => {
                    self.earliest = Some(deadline);
                }
                _ => {}
            }
        }
        due.into_iter().for_each(|token| self.is_due(token));
        if self.most >= CROWD && self.len() < self.most / 2 {
            self.most = self.len();
            memory::give_back();
        }
    }

    fn is_due(&mut self, token: Token) {
        let Some(client) = self.table.get_mut(token) else { return };
        let respite = client.respite(&self.service.limits, self.now);
        if respite.is_some() {
            return self.note(respite);
        }
        let is_late = client.is_waiting_for_room() || !client.connection.is_delayed();
        self.meter.counters.timed_out.add(is_late.into());
        if client.is_waiting_for_room() {
            self.remove(token);
        } else {
            self.act(token, |connection, _, turn| connection.expire(turn));
        }
    }

    /// When the loop has to wake up again, as far as the clients are concerned.
    pub fn next_deadline(&self) -> Option<Instant> {
        let waits = self.queue.is_empty() && self.jobs.is_empty();
        if waits { self.earliest } else { Some(self.now) }
    }

    pub(super) fn note(&mut self, deadline: Option<Instant>) {
        if let Some(deadline) = deadline
            && self.earliest.is_none_or(|earliest| deadline < earliest)
        {
            self.earliest = Some(deadline);
        }
    }

    /// Closing the socket takes it out of epoll too.
    pub(super) fn remove(&mut self, token: Token) {
        if let Some(client) = self.table.remove(token) {
            self.meter.counters.idle.subtract(client.is_idle.into());
            self.room.leave();
            self.meter.attend(token);
            self.meter.moment(Moment::Closed);
            self.meter.counters.closed.add(1);
        }
    }
}
