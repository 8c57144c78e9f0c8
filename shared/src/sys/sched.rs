//! For the load generator: scheduling policies and CPUs, sched(7). A first reading may skip it.

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

/// Has the calling thread run on `cpus` only. The threads and processes that it starts inherit that.
///
/// # Errors
/// None of them is there, or may be used by this process.
pub fn set_affinity(cpus: &[usize]) -> io::Result<()> {
    const BITS: usize = libc::c_ulong::BITS as usize;
    let words = cpus.iter().max().map_or(1, |last| last / BITS + 1);
    let mut mask: Vec<libc::c_ulong> = vec![0; words];
    cpus.iter().for_each(|cpu| mask[cpu / BITS] |= 1 << (cpu % BITS));
    let size = size_of_val(mask.as_slice());
    // SAFETY: 0 is the calling thread; the kernel reads `size` bytes, which are all of `mask`.
    check(unsafe { libc::sched_setaffinity(0, size, mask.as_ptr().cast()) })
}
