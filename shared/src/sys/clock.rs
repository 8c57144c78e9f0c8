//! Clocks that the standard library leaves out: clock_gettime(2).

use super::check;
use std::io;
use std::time::Duration;

/// CPU time that the calling thread has used (CLOCK_THREAD_CPUTIME_ID), exact to the nanosecond where
/// `/proc` counts ticks.
pub fn thread_cpu_time() -> io::Result<Duration> {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is valid for writing.
    check(unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) })?;
    // The clock counts from the thread's start: never negative, and less than 10^9 ns beside the seconds.
    Ok(Duration::new(time.tv_sec as u64, time.tv_nsec as u32))
}

/// The monotonic clock as it stood at the kernel's last timer interrupt (CLOCK_MONOTONIC_COARSE): one to ten
/// milliseconds old, and read in a fifth of the time, for the hardware is not asked. nginx takes its time from it.
/// The result is good for comparing: seconds, and nanoseconds beside them.
pub fn coarse() -> (i64, i64) {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is valid for writing. Linux has had this clock since 2.6.32: no error is possible.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC_COARSE, &raw mut time) };
    (time.tv_sec, time.tv_nsec)
}
