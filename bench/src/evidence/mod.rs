//! What the kernel says about a server from outside: `/proc`, without root, and one sentence about it.
//!
//! [`process`] finds the server of an address, [`tree`] adds up a process with all its threads and children,
//! [`sampler`] looks again and again at what the threads [`sleep`] in,
//! [`machine`] at the accept queue and at all that else runs. [`Watch`] puts them around one window. What
//! cannot be read is unknown, and never zero. [`verdict`] turns the evidence into one sentence. [`strace`] and perf see
//! more, where they are installed and allowed: [`profile`] sorts what perf saw into layers and functions.

mod group;
pub mod host;
pub mod machine;
pub mod perf;
pub mod process;
pub mod profile;
pub mod sampler;
pub mod sleep;
mod sock_diag;
pub mod strace;
mod tool;
pub mod tree;
pub mod verdict;

use machine::{Listening, Queue, Sockets};
use sampler::{Latest, Sampler};
use serde::{Deserialize, Serialize};
use sleep::Sleep;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tree::{Snapshot, Thread, Use};

/// What one window has shown about the server and the machine.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Evidence {
    /// Between the first look and the last: a little longer than the window.
    pub seconds: f64,
    /// CPUs that this process and the server may use.
    pub cores: usize,
    /// Those that the server may use: fewer where server and generator are kept apart.
    pub server_cores: Option<usize>,
    /// What the server's processes used.
    pub server: Option<Use>,
    /// Whether it was stopped at the end, and could do nothing.
    pub stopped: bool,
    /// Its threads, the busiest first.
    pub threads: Vec<Thread>,
    /// How many threads were found in which state, on average over the samples.
    pub sleeps: Vec<(Sleep, f64)>,
    /// Connections that waited to be accepted.
    pub queue: Option<Queue>,
    /// The server's connections in the middle of the window.
    pub sockets: Option<Sockets>,
    /// Connections that found the accept queue full, since before the first connect.
    pub overflows: Option<u64>,
    /// Those of them that came in the window.
    pub overflows_in_window: Option<u64>,
    /// SYNs that were dropped at a listener, for that or another reason.
    pub drops: Option<u64>,
    /// Acknowledgements that were sent late, as nothing else was there to be sent with them.
    pub delayed_acks: Option<u64>,
    /// All that ran on those CPUs.
    pub machine: Option<host::Machine>,
}

impl Evidence {
    /// CPU of the server per correct response, where its processes can be seen and there was any.
    pub fn cpu_per(&self, requests: u64) -> Option<Duration> {
        let requests = u32::try_from(requests).unwrap_or(u32::MAX);
        Duration::from_secs_f64(self.server.as_ref()?.cpu).checked_div(requests)
    }

    /// How many threads were found in this state, on average; `None` without samples.
    pub fn asleep_in(&self, sleep: Sleep) -> Option<f64> {
        let found = self.sleeps.iter().find(|(state, _)| *state == sleep);
        (!self.sleeps.is_empty()).then(|| found.map_or(0.0, |(_, threads)| *threads))
    }
}

/// Looks at a server, in one window or in several: each ends with a [`Watch::turn`].
pub struct Watch {
    pids: Vec<u32>,
    address: SocketAddr,
    started: Instant,
    before: Option<Snapshot>,
    /// Of before the first connection, and of the window's beginning.
    counters: [Listening; 2],
    machine: Option<host::Times>,
    sampler: Sampler,
}

impl Watch {
    /// Begins, right after the window opened. `pids` and all that they forked are the server; without any, the
    /// machine alone is looked at.
    /// `listening` is of before the first connection: a queue overflows when all come at once. The threads are looked at once
    /// in each `period`, as a rule [`sampler::PERIOD`].
    pub fn start(
        pids: Vec<u32>,
        address: SocketAddr,
        listening: Listening,
        period: Duration,
    ) -> Self {
        let started = Instant::now();
        let before = Snapshot::of(&pids).ok();
        let machine = host::Times::now(&pids);
        let counters = [listening, Listening::now(address)];
        let sampler = Sampler::start(pids.clone(), address, period);
        Self { pids, address, started, before, counters, machine, sampler }
    }

    /// What each thread is doing just now.
    pub fn latest(&self) -> Latest {
        self.sampler.latest()
    }

    /// Ends a window and begins the next.
    pub fn turn(&mut self) -> Evidence {
        let seconds = self.started.elapsed().as_secs_f64();
        self.started = Instant::now();
        let after = Snapshot::of(&self.pids).ok();
        let before = std::mem::replace(&mut self.before, after.clone());
        let now = host::Times::now(&self.pids);
        let machine = std::mem::replace(&mut self.machine, now).zip(now);
        let listening = Listening::now(self.address);
        let [in_all, in_window] = self.counters.map(|before| listening.since(&before));
        self.counters = [listening; 2];
        let samples = self.sampler.samples();
        let tree = before.zip(after);
        Evidence {
            seconds,
            cores: now.map_or_else(crate::tools::cores, |now| now.cores),
            server_cores: now.and_then(|now| now.server),
            stopped: tree.as_ref().is_some_and(|(_, after)| after.is_stopped()),
            server: tree.as_ref().map(|(before, after)| after.use_since(before)),
            threads: tree.map_or(Vec::new(), |(before, after)| {
                after.threads_since(&before, &samples.most_often)
            }),
            sleeps: samples.sleeps,
            queue: samples.queue,
            sockets: samples.sockets,
            overflows: in_all.overflows,
            overflows_in_window: in_window.overflows,
            drops: in_all.drops,
            delayed_acks: in_window.delayed_acks,
            machine: machine.map(|(before, after)| after.since(&before)),
        }
    }
}
