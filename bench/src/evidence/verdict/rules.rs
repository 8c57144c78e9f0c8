//! The rules in their order.

use super::case::Case;
use super::cause::Cause;
use super::finding::Finding;
use super::{ceilings, waiting};

/// `None`: it has nothing to do with this row, or what it looks at is unknown.
pub(super) type Rule = fn(&Case<'_>) -> Option<Finding>;

/// The first that matches wins.
pub(super) const RULES: [(Cause, Rule); 17] = [
    (Cause::Stopped, waiting::stopped),
    // Comes before what waits: threads that are held back let queues grow and clients wait.
    (Cause::Quota, ceilings::quota),
    (Cause::QueueOverflow, waiting::overflow),
    (Cause::SilentClients, waiting::silent_clients),
    // Comes before the sleep: a thread that sleeps with a lock lets others sleep in futex.
    (Cause::Lock, waiting::lock),
    // Comes before the sleep: the process that reads a log slowly may sleep.
    (Cause::BlockedWrites, waiting::blocked_writes),
    // Comes before the held connections: an event loop holds no connection, and its clients starve all the same.
    (Cause::SleepingThreads, waiting::sleeping_threads),
    (Cause::ThinkingUsers, waiting::thinking_users),
    (Cause::HeldConnections, waiting::held_connections),
    (Cause::DelayedAck, waiting::delayed_ack),
    (Cause::SingleThread, ceilings::single_thread),
    (Cause::Client, ceilings::client),
    (Cause::Machine, ceilings::machine),
    (Cause::NoMoreAsked, waiting::no_more_asked),
    (Cause::OtherPrograms, ceilings::other_programs),
    // A pool that sleeps is woken up as well; the sleep is what takes the time.
    (Cause::SlowHandler, waiting::slow_handler),
    (Cause::HandOver, ceilings::hand_over),
];
