//! Who has to go: those who are late, and those who have been idle longest when there is no room.

use super::super::client::Client;
use super::super::table::Token;
use super::Clients;
use crate::drain::Drain;
use crate::limits::{Limits, SILENCE};
use crate::sys::memory;
use crate::trace::Moment;
use std::time::Instant;

/// So many clients cost memory that is worth giving back when half of them have left.
const CROWD: usize = 64;

impl Clients {
    /// Begins to close clients that have been silent for a second, until `count` are on their way out, to make room for
    /// newcomers. Those who never asked go first, then those who have been silent longest.
    pub fn evict_silent(&mut self, count: usize) {
        // Who has asked in this round is not silent.
        self.understand();
        let (now, limits) = (self.clock.now(), &self.service.limits);
        let (mut silent, mut leaving) = (Vec::new(), 0);
        for (token, client) in self.table.iter() {
            leaving += usize::from(client.connection.is_lingering());
            if let Some(since) = client.silent_since(limits)
                && now.saturating_duration_since(since) >= SILENCE
            {
                silent.push((client.connection.is_between_requests(), since, token));
            }
        }
        silent.sort_unstable();
        for (_, _, token) in silent.into_iter().take(count.saturating_sub(leaving)) {
            if self.close_unless_it_speaks(token) {
                self.meter.counters.evicted.add(1);
            }
        }
    }

    /// The server drains: from now on silent clients have less time.
    pub fn begin_drain(&mut self) {
        self.earliest = Some(self.clock.now());
    }

    /// Fourth step: deals with those who are late. All clients are looked at, but only when the
    /// earliest deadline has passed: that costs nothing per request, and needs no ordered structure
    /// to be kept up to date at each. It is also the moment to give back what a crowd has cost that has left.
    pub fn expire(&mut self) {
        let now = self.clock.now();
        if self.earliest.is_none_or(|earliest| now < earliest) {
            return;
        }
        let (mut due, mut earliest) = (Vec::new(), None::<Instant>);
        for (token, client) in self.table.iter() {
            match deadline(client, &self.service.limits, &self.drain) {
                Some(deadline) if deadline <= now => due.push(token),
                Some(deadline) => earliest = Some(earliest.map_or(deadline, |at| at.min(deadline))),
                None => {}
            }
        }
        self.earliest = earliest;
        due.into_iter().for_each(|token| self.is_due(token));
        // Somebody who was looked at once more has spoken after all.
        if !self.inputs.is_empty() {
            self.answer();
        }
        if self.most >= CROWD && self.len() < self.most / 2 {
            self.most = self.len();
            memory::give_back();
        }
    }

    fn is_due(&mut self, token: Token) {
        let now = self.clock.now();
        let Some(client) = self.table.get_mut(token) else { return };
        let respite = client.respite(&self.service.limits, now);
        if respite.is_some() {
            return self.note(respite);
        }
        if client.is_waiting_for_room() {
            self.meter.counters.timed_out.add(1);
            return self.remove(token);
        }
        let is_planned = client.connection.is_delayed() || client.connection.is_lingering();
        let is_late = client.deadline(&self.service.limits).is_some_and(|deadline| deadline <= now);
        if self.close_unless_it_speaks(token) && is_late && !is_planned {
            self.meter.counters.timed_out.add(1);
        }
    }

    /// Looks at the socket once more before its time is over: this thread, or the whole machine, may have been kept
    /// from reading what has long arrived. Tells whether nothing had.
    fn close_unless_it_speaks(&mut self, token: Token) -> bool {
        let receives =
            self.table.get_mut(token).is_some_and(|client| client.connection.is_receiving());
        if receives && self.read(token) {
            // Should that not be enough, its time is over in the next round.
            self.note(Some(self.clock.now()));
            return false;
        }
        self.act(token, |connection, _, turn| connection.expire(turn));
        true
    }

    /// When the loop has to wake up again, as far as the clients are concerned.
    pub fn next_deadline(&self) -> Option<Instant> {
        let waits = self.queue.is_empty() && self.jobs.is_empty() && self.yielded.is_empty();
        if waits { self.earliest } else { Some(self.clock.now()) }
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
        if let Some(mut client) = self.table.remove(token) {
            client.gone();
            client.connection.finish(&mut self.meter, &self.clock);
            self.meter.counters.idle.subtract(client.is_idle.into());
            self.room.leave();
            self.meter.attend(token);
            self.meter.moment(Moment::Closed);
            self.meter.counters.closed.add(1);
        }
    }
}

/// When this client is late. Where the server drains, one that is silent is so earlier.
pub(super) fn deadline(client: &Client, limits: &Limits, drain: &Drain) -> Option<Instant> {
    let deadline = client.deadline(limits);
    if !drain.has_begun() {
        return deadline;
    }
    drained(client, limits, drain).into_iter().chain(deadline).min()
}

#[cold]
fn drained(client: &Client, limits: &Limits, drain: &Drain) -> Option<Instant> {
    client.silent_since(limits).and_then(|since| drain.end_of_silence(since))
}
