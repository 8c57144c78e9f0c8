//! Scheduling policies: sched(7). A first reading may skip it.

use super::check;
use std::io;

/// Asks for the policy SCHED_BATCH: when this thread wakes up, it does not
/// preempt a running thread. It gives up a little latency for fewer context switches.
///
/// # Errors
/// A sandbox forbids the call.
pub fn batch() -> io::Result<()> {
    let parameters = libc::sched_param { sched_priority: 0 };
    // SAFETY: 0 is the calling thread; `parameters` is valid for reading.
    check(unsafe { libc::sched_setscheduler(0, libc::SCHED_BATCH, &raw const parameters) })
}
