//! One row's figures, and the questions that several rules put to them.

use crate::evidence::Evidence;
use crate::evidence::host::Machine;
use crate::evidence::machine::Sockets;
use crate::evidence::sampler::PERIOD;
use crate::evidence::sleep::Sleep;
use crate::evidence::tree::Thread;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How fast the generator is against a server that does nothing, and whether it was the limit there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ceiling {
    /// Requests per second.
    pub rps: f64,
    /// The limit there was the generator and not the machine: only then does it say anything about the
    /// generator, which has the CPUs to itself no more than here.
    pub of_the_client: bool,
}

/// What the clients saw, in short.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Seen {
    /// Clients that sent requests all the time.
    pub open: u64,
    /// Those that had a connection at least once.
    pub connected: u64,
    /// Those that got a response in the window.
    pub served: u64,
    /// Clients beside them that were silent on purpose.
    pub silent: u64,
    /// Correct responses, all and per second.
    pub requests: u64,
    #[allow(missing_docs)]
    pub rps: f64,
    /// Mean latency in seconds; times `rps`, it is the number of connections being served (Little's law).
    pub mean: f64,
    /// How long the first byte took on average, in seconds.
    pub first_byte: Option<f64>,
    /// Half of the responses took longer.
    pub p50: Option<Duration>,
    /// One in a hundred took longer.
    pub p99: Option<Duration>,
    /// Errors by name.
    pub errors: Vec<(String, u64)>,
    /// Requests under way when the window closed: those of clients that were left waiting as well.
    pub in_flight: u64,
    /// How long each client thinks between a response and its next request, in seconds, if it does.
    pub think: Option<f64>,
    /// Requests that were due per second, if they were sent at a rate.
    pub rate: Option<f64>,
    /// At a rate: how late the generator sent requests on average although a connection was free, in seconds.
    pub generator_lag: f64,
    /// At a rate: requests that were due and not sent, as every connection waited for a response.
    pub unsent: u64,
    /// CPU of the generator, in cores, and that of its busiest thread.
    pub client_cores: f64,
    #[allow(missing_docs)]
    pub client_busiest: f64,
    /// Requests in the slowest tenth of the window over the mean of all tenths.
    pub slowest_tenth: Option<f64>,
}

impl Seen {
    /// Requests that are under way at any moment, by Little's law.
    pub fn in_service(&self) -> f64 {
        self.rps * self.mean
    }
}

/// One row's figures, as the rules look at them.
pub(super) struct Case<'a> {
    pub(super) seen: &'a Seen,
    pub(super) evidence: &'a Evidence,
    pub(super) ceiling: Option<Ceiling>,
}

impl Case<'_> {
    pub(super) fn server_cores(&self) -> Option<f64> {
        Some(self.evidence.server.as_ref()?.cpu / self.evidence.seconds.max(f64::MIN_POSITIVE))
    }

    /// Cores that server and client kept busy, with the interrupts: what there is on loopback is our packets. Some kernels
    /// charge an interrupt to the process that it interrupts, some keep it apart, and some do both by halves: so never more
    /// than all that is busy.
    pub(super) fn ours(&self, machine: Machine) -> f64 {
        let ours = self.server_cores().unwrap_or(0.0) + self.seen.client_cores + machine.interrupts;
        ours.min((machine.processes + machine.interrupts).min(self.evidence.cores as f64))
    }

    /// No response was right. Clients that a server leaves waiting get none either: their time-outs do not count.
    pub(super) fn has_only_errors(&self) -> bool {
        let mut errors = self.seen.errors.iter();
        self.seen.requests == 0 && errors.any(|(name, _)| name != "timeout")
    }

    /// The share of the CPUs' time that is in use. It is counted in ticks, so a little more than all may come out.
    pub(super) fn fullness(&self) -> Option<f64> {
        let machine = self.evidence.machine?;
        let busy = machine.processes + machine.interrupts;
        Some((busy / self.evidence.cores.max(1) as f64).min(1.0))
    }

    pub(super) fn leaves_some_out(&self) -> bool {
        (self.seen.served as f64) < 0.95 * self.seen.open as f64
    }

    /// Connections that were accepted, have nothing to be read, and are not among those with a response in the window. Where
    /// all of the clients that send are found, silent ones are those beyond them: a request may be read and not answered yet.
    pub(super) fn silent_holders(&self) -> Option<u64> {
        let Sockets { accepted, unread, queued } = self.evidence.sockets?;
        let quiet = accepted.saturating_sub(unread).saturating_sub(self.seen.served);
        let further = (accepted + queued).checked_sub(self.seen.connected);
        Some(further.map_or(quiet, |further| further.min(quiet)))
    }

    /// Clients without a response in the window. A server that has read the request of one does not let it wait: its
    /// response takes long.
    pub(super) fn left_waiting(&self) -> u64 {
        let Seen { open, connected, served, .. } = *self.seen;
        let others = open.saturating_sub(served);
        let waiting =
            |sockets: Sockets| sockets.unread + sockets.queued + open.saturating_sub(connected);
        self.evidence.sockets.map_or(others, |sockets| others.min(waiting(sockets)))
    }

    /// Of the threads that have to do with clients, the share that is asleep for the bytes of one.
    pub(super) fn waits_for_one_client_each(&self) -> Option<f64> {
        let count = |kinds: &[Sleep]| -> f64 {
            kinds.iter().filter_map(|kind| self.evidence.asleep_in(*kind)).sum()
        };
        let waiting = count(&[Sleep::Read, Sleep::Poll]);
        let others =
            count(&[Sleep::Running, Sleep::Epoll, Sleep::Timer, Sleep::Write, Sleep::Other]);
        (waiting > 0.0).then(|| waiting / (waiting + others))
    }

    /// Calls of write beyond one for each response; `None` where the server's are unknown, or it sends by another call.
    pub(super) fn further_writes(&self) -> Option<f64> {
        let (writes, responses) =
            (self.evidence.server.as_ref()?.writes? as f64, self.seen.requests as f64);
        (writes >= 0.9 * responses).then_some((writes - responses).max(0.0))
    }

    /// Requests that wait or are served at a moment: in a closed loop one of each client. At a rate latencies begin when
    /// requests are due, and what is due while every connection waits is not with the server yet.
    pub(super) fn under_way(&self) -> f64 {
        let most = self.seen.rate.map_or(self.seen.open, |_| self.seen.connected);
        self.seen.in_service().min(most as f64).max(self.seen.in_flight as f64)
    }

    /// Whether it was over before the threads were looked at.
    pub(super) fn is_too_short(&self) -> bool {
        self.evidence.seconds < PERIOD.as_secs_f64()
    }

    /// How often per request a thread goes to sleep that mostly waits for other threads.
    pub(super) fn waits_for_threads(&self) -> f64 {
        let waits = |thread: &&Thread| matches!(thread.mostly, Some((Sleep::Futex, _)));
        let waiters = self.evidence.threads.iter().filter(waits);
        let sleeps: u64 = waiters.filter_map(|thread| thread.voluntary).sum();
        sleeps as f64 / self.seen.requests.max(1) as f64
    }

    /// How many threads are asleep in a handler, if some are and there is CPU left. A handler has a connection: a server
    /// that accepts none sleeps elsewhere.
    pub(super) fn handlers_asleep(&self) -> Option<f64> {
        let accepted = self.evidence.sockets.map_or(f64::INFINITY, |all| all.accepted as f64);
        let asleep = self.evidence.asleep_in(Sleep::Timer)?;
        let asleep = (asleep - self.housekeepers(asleep)).min(accepted);
        let idles = self.server_cores().is_none_or(|cores| cores < 0.7);
        (idles && asleep >= 0.5).then_some(asleep)
    }

    /// Of so many threads that are `asleep`, those that serve no client: a thread that sleeps in handlers wakes up for its
    /// share of the requests. h2o's main thread does housekeeping, once a second.
    fn housekeepers(&self, asleep: f64) -> f64 {
        let housekeeper = |thread: &Thread| {
            let (share, wakes) = (thread.mostly?.1, thread.voluntary? as f64);
            (2.0 * wakes * asleep < share * self.seen.requests as f64).then_some(share)
        };
        self.sleepers().filter_map(housekeeper).sum()
    }

    /// Threads that are asleep most of the time until time has passed.
    pub(super) fn sleepers(&self) -> impl Iterator<Item = &Thread> {
        let sleeps = |thread: &&Thread| matches!(thread.mostly, Some((Sleep::Timer, _)));
        self.evidence.threads.iter().filter(sleeps)
    }
}
