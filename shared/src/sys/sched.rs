//! A word to the scheduler: sched(7).

use super::check;
use std::io;

/// Tells the scheduler that this thread works in batches (SCHED_BATCH): when it wakes up, it does not
/// push aside a thread that is running. It gives up a little latency for fewer context switches.
pub fn batch() -> io::Result<()> {
    let parameters = libc::sched_param { sched_priority: 0 };
    // SAFETY: 0 is the calling thread; `parameters` is valid for reading.
    check(unsafe { libc::sched_setscheduler(0, libc::SCHED_BATCH, &raw const parameters) })
        .map(drop)
}

/// Has this thread woken up when its time-outs end: unless told so, the kernel delays them by up to 50 us
/// to wake up several threads at once (PR_SET_TIMERSLACK in prctl(2)).
pub fn exact_timers() -> io::Result<()> {
    let nanoseconds: libc::c_ulong = 1;
    // SAFETY: a plain call without pointers.
    check(unsafe { libc::prctl(libc::PR_SET_TIMERSLACK, nanoseconds) }).map(drop)
}
