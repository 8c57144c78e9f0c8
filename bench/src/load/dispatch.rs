//! What a thread of the generator does at a constant rate, or with think time: it sends what is due, as far as clients are
//! free.

use super::worker::Worker;

impl Worker<'_> {
    /// Sends all that is due, as far as clients are free. Says when to be back: `None` means that only
    /// a response can help, or that there is no plan to keep.
    pub(super) fn dispatch(&mut self) -> Option<u64> {
        if self.all_sent() {
            return None;
        }
        if self.thinkers.is_some() {
            return self.dispatch_thinkers();
        }
        loop {
            let pace = self.pace.as_mut()?;
            let (due, now) = (pace.due(), self.shared.now());
            if now < due {
                // Without a free client there is nothing to be on time for.
                return (!pace.free.is_empty()).then_some(due);
            }
            let (slot, free) = pace.free.pop_front()?;
            pace.advance();
            if self.counting {
                self.tally.pacing.add(due, free, now);
            }
            self.begin(slot, now, due);
        }
    }

    /// The same for clients with think time. Each is timed from when its request is sent.
    fn dispatch_thinkers(&mut self) -> Option<u64> {
        loop {
            let thinkers = self.thinkers.as_mut()?;
            let (due, now) = (thinkers.next()?, self.shared.now());
            let Some(slot) = thinkers.take(now) else { return Some(due) };
            self.begin(slot, now, now);
        }
    }

    /// A free client sends its request, on a new connection if it lost the last one.
    fn begin(&mut self, slot: usize, now: u64, since: u64) {
        self.clients[slot].free = false;
        if self.clients[slot].socket.is_some() {
            self.request(slot, now, since);
        } else {
            self.open(slot);
            self.clients[slot].since = since;
        }
    }

    /// An answered client waits: at a constant rate until a request is due, with think time until it has thought. Says
    /// whether there is one of these.
    pub(super) fn release(&mut self, slot: usize) -> bool {
        if self.pace.is_none() && self.thinkers.is_none() {
            return false;
        }
        let now = self.looked.unwrap_or_else(|| self.shared.now());
        let client = &mut self.clients[slot];
        if !client.free {
            client.free = true;
            client.awaiting = 0;
            if let Some(thinkers) = &mut self.thinkers {
                thinkers.add(slot, now);
            } else if let Some(pace) = &mut self.pace {
                pace.free.push_back((slot, now));
            }
        }
        true
    }

    /// The client of `slot` begins its next requests `now`, as many as one write has. Of a number of requests each takes a
    /// ticket, but for those before the window; when there is none left, the client stops.
    pub(super) fn take_tickets(&mut self, slot: usize, now: u64) -> bool {
        let plan = &self.shared.plan;
        let client = &mut self.clients[slot];
        let mut count = plan.options.pipeline;
        if let Some(left) = &mut self.tickets {
            client.extra = now < self.open;
            if !client.extra {
                count = count.min(*left);
                *left -= count;
            }
        }
        (client.written, client.length, client.awaiting) = (0, count * plan.length, count);
        (client.sent_at, client.free) = (now, count == 0);
        count > 0
    }

    /// The server closes, and leaves requests behind the last response unread (RFC 9112, section 9.6): they are sent
    /// once more.
    pub(super) fn return_tickets(&mut self, slot: usize) {
        let client = &mut self.clients[slot];
        if let Some(left) = self.tickets.as_mut().filter(|_| !client.extra) {
            *left += std::mem::take(&mut client.awaiting);
        }
    }

    /// The window has closed: counts what was due and never sent.
    pub(super) fn finish_pace(&mut self, close: u64) {
        let goes_on = self.counting && !self.all_sent();
        if let Some(pace) = self.pace.as_ref().filter(|_| goes_on) {
            self.tally.pacing.unsent = pace.backlog(close);
            self.tally.pacing.oldest_unsent = close.saturating_sub(pace.due());
        }
    }
}
