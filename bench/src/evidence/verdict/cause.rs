//! The kinds of bottleneck.

use serde::Serialize;

/// The kinds of bottleneck.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// Connections found the accept queue full.
    QueueOverflow,
    /// Threads wait for clients that send nothing.
    SilentClients,
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

impl Cause {
    /// In two words, for a table.
    pub fn short(self) -> &'static str {
        match self {
            Self::QueueOverflow => "accept queue full",
            Self::SilentClients => "silent clients",
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

    /// An experiment, and the outcome that would show the verdict to be wrong. `think`: the clients think between requests.
    pub(super) fn refutation(self, think: bool) -> &'static str {
        match self {
            Self::QueueOverflow => {
                "start it with a longer backlog (--backlog, net.core.somaxconn): if no more clients are served, this is wrong"
            }
            Self::SilentClients => {
                "leave the silent clients away: if the others are not served then, this is wrong"
            }
            Self::SleepingThreads => {
                "start it with twice the threads: if req/s do not double, this is wrong"
            }
            Self::ThinkingUsers => {
                "start it with twice the threads, or end each connection with its response: if no more users are served, this is wrong"
            }
            Self::HeldConnections => {
                "start it with twice the threads, or ask with --close: if no more clients are served, this is wrong"
            }
            Self::DelayedAck => {
                "set TCP_NODELAY in the server: if p50 stays near 40 ms, this is wrong"
            }
            Self::SingleThread if think => {
                "load it with twice the users: if req/s rise by more than a tenth, this is wrong"
            }
            Self::SingleThread => {
                "load it with twice the connections: if req/s rise by more than a tenth, this is wrong"
            }
            Self::Client => {
                "run a second `bench load` beside this one: if both together get no more req/s, this is wrong"
            }
            Self::Machine => {
                "run both on fewer cores (taskset -c 0): if req/s do not fall as the cores do, this is wrong"
            }
            Self::OtherPrograms => "end the other programs: if req/s do not rise, this is wrong",
            Self::HandOver => {
                "run the server on one core (taskset -c 0): if its CPU per request does not fall, this is wrong"
            }
            Self::SlowHandler => {
                "load it with twice the connections: if req/s do not double, this is wrong"
            }
            Self::NoMoreAsked => {
                "ask for twice as much (-c or -R): if the responses do not double, this is wrong"
            }
            Self::Unknown => {
                "load it with twice the connections: if req/s rise, the clients were the limit"
            }
        }
    }
}
