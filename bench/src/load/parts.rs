//! What a thread of the generator hands over: parts of its counts while the load goes on, and the rest at the end.

use super::client::Ended;
use super::samples::Tally;
use super::worker::Worker;
use anyhow::Result;
use shared::sys::clock;
use std::sync::atomic::Ordering::{Acquire, Relaxed};
use std::time::Duration;

impl Worker<'_> {
    /// Hands over what it has counted since the last time, if it was asked for that.
    pub(super) fn tell(&mut self, now: u64) {
        let asked = self.shared.asked.load(Acquire);
        if self.told != asked {
            self.told = asked;
            // The receiver is gone when the load is being ended.
            let _ = self.shared.parts.send(self.part(now));
        }
    }

    /// The rest, at the end.
    pub(super) fn finish(mut self, now: u64) -> Result<Ended> {
        self.finish_pace(now.min(self.close));
        let part = self.part(now);
        self.shared.last.fetch_max(now.min(self.close), Relaxed);
        Ok((part, self.clients))
    }

    /// What was counted since the last part, with the slots added up, which the loop does not count one by one.
    fn part(&mut self, now: u64) -> Tally {
        self.book(now);
        let cpu = clock::thread_cpu_time();
        let used = cpu.saturating_sub(std::mem::replace(&mut self.cpu_before, cpu));
        self.tally.cpu.push(if self.counting { used } else { Duration::ZERO });
        for client in &mut self.clients {
            self.tally.opened += u64::from(client.opened);
            self.tally.served += u64::from(std::mem::take(&mut client.served));
            if client.socket.is_some() && client.awaiting > 0 {
                self.tally.unanswered.add(client.awaiting, now.saturating_sub(client.since));
            }
        }
        self.tally.settle();
        std::mem::take(&mut self.tally)
    }
}
