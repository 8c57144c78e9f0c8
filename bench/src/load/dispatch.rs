//! What a thread of the generator does at a constant rate: it sends what is due, as far as clients are free.

use super::worker::Worker;

impl Worker<'_> {
    /// The window opens: what was late before it is forgotten.
    pub(super) fn restart_pace(&mut self, now: u64) {
        if let Some(pace) = &mut self.pace {
            pace.restart(now);
        }
    }

    /// Sends all that is due, as far as clients are free. Says when to be back: `None` means that only
    /// a response can help, or that there is no plan to keep.
    pub(super) fn dispatch(&mut self) -> Option<u64> {
        loop {
            let pace = self.pace.as_mut()?;
            let (due, now) = (pace.due(), self.shared.now());
            if now < due {
                // Without a free client there is nothing to be on time for.
                return (!pace.free.is_empty()).then_some(due);
            }
            let slot = pace.free.pop_front()?;
            pace.sent += 1;
            self.send_planned(slot, due, now);
        }
    }

    fn send_planned(&mut self, slot: usize, due: u64, now: u64) {
        if self.counting {
            let pacing = &mut self.tally.pacing;
            let lag = now.saturating_sub(due);
            pacing.sent += 1;
            pacing.lag_total += lag;
            pacing.lag_max = pacing.lag_max.max(lag);
        }
        self.clients[slot].free = false;
        if self.clients[slot].socket.is_some() {
            self.request(slot, now, due);
        } else {
            self.open(slot);
            self.clients[slot].since = due;
        }
    }

    /// At a constant rate, an answered client waits until a request is due; says whether there is one.
    pub(super) fn release(&mut self, slot: usize) -> bool {
        let Some(pace) = &mut self.pace else { return false };
        let client = &mut self.clients[slot];
        if !client.free {
            client.free = true;
            client.awaiting = 0;
            pace.free.push_back(slot);
        }
        true
    }

    /// The window has closed: counts what was due and never sent.
    pub(super) fn finish_pace(&mut self, close: u64) {
        if let Some(pace) = self.pace.as_ref().filter(|_| self.counting) {
            self.tally.pacing.unsent = pace.backlog(close);
            self.tally.unanswered.add(0, close.saturating_sub(pace.due()));
        }
    }
}
