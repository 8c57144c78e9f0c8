//! Clocks that the standard library leaves out: clock_gettime(2). A first reading may skip it.

use std::time::Duration;

/// CPU time that the calling thread has used (CLOCK_THREAD_CPUTIME_ID), exact to the nanosecond where
/// `/proc` counts ticks.
pub fn thread_cpu_time() -> Duration {
    // The clock counts from the thread's start: never negative, and less than 10^9 ns beside the seconds.
    let (seconds, nanos) = read(libc::CLOCK_THREAD_CPUTIME_ID);
    Duration::new(seconds as u64, nanos as u32)
}

/// The monotonic clock at the kernel's last timer interrupt (CLOCK_MONOTONIC_COARSE): 1 to 10 ms old, and read in a
/// fifth of the time, because the kernel does not ask the hardware. nginx takes its time from this clock.
/// The result is good for comparing: seconds and nanoseconds.
pub fn coarse() -> (i64, i64) {
    read(libc::CLOCK_MONOTONIC_COARSE)
}

/// The clock that the kernel takes file times from (CLOCK_REALTIME_COARSE), in seconds and nanoseconds since 1970. It
/// stands still between two timer interrupts, up to 10 ms.
pub fn file_times() -> (i64, i64) {
    read(libc::CLOCK_REALTIME_COARSE)
}

#[inline]
fn read(clock: libc::clockid_t) -> (i64, i64) {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is valid for writing. Linux has had these clocks since 2.6.32, so the call cannot fail.
    unsafe { libc::clock_gettime(clock, &raw mut time) };
    (time.tv_sec, time.tv_nsec)
}
