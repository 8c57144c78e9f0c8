//! The kinds of bottleneck.

use serde::{Serialize, Serializer};

/// The kinds of bottleneck.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The control group may use no more CPU time.
    Quota,
    /// The server's processes are stopped.
    Stopped,
    /// Connections found the accept queue full.
    QueueOverflow,
    /// Threads wait for clients that send nothing.
    SilentClients,
    /// Threads wait for a lock that one of them holds.
    Lock,
    /// Threads wait until what they write is read.
    BlockedWrites,
    /// Handlers sleep, and there are too few threads to sleep in.
    SleepingThreads,
    /// Threads wait for clients that hold a connection and think between requests.
    ThinkingUsers,
    /// Each thread holds a connection, and other clients wait.
    HeldConnections,
    /// Nagle's algorithm waits for a delayed acknowledgement.
    DelayedAck,
    /// One thread never rests.
    SingleThread,
    /// The generator cannot send requests any faster.
    Client,
    /// Server and client use up all CPUs.
    Machine,
    /// Other programs use up all CPUs.
    OtherPrograms,
    /// Threads wake each other up.
    HandOver,
    /// The handler's own waiting, of which there is room for more.
    SlowHandler,
    /// Nothing: the clients ask for no more.
    NoMoreAsked,
    /// None of these.
    Unknown,
}

/// As tables have it.
impl Serialize for Cause {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.short())
    }
}

impl Cause {
    /// In two words, for a table.
    pub fn short(self) -> &'static str {
        match self {
            Self::Quota => "CPU quota",
            Self::Stopped => "stopped",
            Self::QueueOverflow => "accept queue full",
            Self::SilentClients => "silent clients",
            Self::Lock => "a lock",
            Self::BlockedWrites => "blocked writes",
            Self::SleepingThreads => "too few threads",
            Self::ThinkingUsers => "users think",
            Self::HeldConnections => "others wait",
            Self::DelayedAck => "delayed ACK",
            Self::SingleThread => "one thread",
            Self::Client => "the client",
            Self::Machine => "machine full",
            Self::OtherPrograms => "other programs",
            Self::HandOver => "hand-over",
            Self::SlowHandler => "the sleep itself",
            Self::NoMoreAsked => "no more asked",
            Self::Unknown => "unknown",
        }
    }

    /// An experiment, and the outcome of it that would show the verdict to be wrong; of an unknown cause there is none.
    pub(super) fn refutation(self) -> &'static str {
        match self {
            Self::Quota => {
                "with twice the quota (cpu.max, cpu.cfs_quota_us) req/s stay as they are"
            }
            Self::Stopped => "after `kill -CONT` no more clients are served",
            Self::QueueOverflow => {
                "with a longer backlog (--backlog, net.core.somaxconn) connections take as long to open"
            }
            Self::SilentClients => "without the silent clients the others are not served either",
            Self::Lock => "half the connections get half the req/s",
            Self::BlockedWrites => {
                "without the log, or with clients that read faster, req/s stay as they are"
            }
            Self::SleepingThreads => "with twice the workers req/s do not double",
            Self::OtherPrograms => "req/s stay as they are when these programs have ended",
            Self::ThinkingUsers => {
                "with twice the workers, or a connection for each request, no more users are served"
            }
            Self::HeldConnections => {
                "with twice the workers, or with --close, no more clients are served"
            }
            Self::DelayedAck => "with TCP_NODELAY set in the server responses take as long",
            Self::SingleThread => "twice the connections get more than a tenth more req/s",
            Self::Client => "a second `bench load` beside this one adds no req/s",
            Self::Machine => {
                "with one core less (taskset) req/s fall by less than that core's share"
            }
            Self::HandOver => "the server on one core (taskset) uses as much CPU per request",
            Self::SlowHandler => "twice the clients get less than twice the req/s",
            Self::NoMoreAsked => {
                "twice the rate, or in a closed loop twice the clients, gets less than twice the req/s"
            }
            Self::Unknown => "",
        }
    }
}
