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
            Self::HeldConnections => "others wait",
            Self::DelayedAck => "delayed ACK",
            Self::SingleThread => "one thread",
            Self::Client => "the client",
            Self::Machine => "machine full",
            Self::OtherPrograms => "other programs",
            Self::HandOver => "hand-over",
            Self::SlowHandler => "the sleep itself",
            Self::Unknown => "unknown",
        }
    }
}
