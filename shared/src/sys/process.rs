//! Child processes: what [`std::process`] leaves out.

use super::{check, signal};
use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::time::Duration;

/// Has the kernel kill the child when the *thread* that starts it ends (PR_SET_PDEATHSIG in
/// prctl(2)), so that nothing survives a parent that crashed. Start children from a thread that lives as long as they.
pub fn die_with_parent(command: &mut Command) -> &mut Command {
    let guard = || {
        // SAFETY: a plain call without pointers.
        check(unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) }).map(drop)
    };
    // SAFETY: between fork and exec only async-signal-safe calls are allowed; prctl is one.
    unsafe { command.pre_exec(guard) }
}

/// Gives the child back the signals that [`signal::block`] keeps from its parent.
pub fn unblock_signals(command: &mut Command) -> &mut Command {
    // SAFETY: between fork and exec only async-signal-safe calls are allowed; pthread_sigmask is one.
    unsafe { command.pre_exec(signal::unblock) }
}

/// CPU ticks per second, the unit of the times in `/proc/PID/stat`.
pub fn ticks_per_second() -> io::Result<u64> {
    // SAFETY: a plain call without pointers.
    let ticks = unsafe { libc::sysconf(libc::_SC_CLK_TCK) };
    u64::try_from(ticks).ok().filter(|ticks| *ticks > 0).ok_or_else(io::Error::last_os_error)
}

/// CPU time that the calling thread has used (CLOCK_THREAD_CPUTIME_ID in clock_gettime(2)), exact to the
/// nanosecond where `/proc` counts ticks.
pub fn thread_cpu_time() -> io::Result<Duration> {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is valid for writing.
    check(unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) })?;
    // The clock counts from the thread's start: never negative, and less than 10^9 ns beside the seconds.
    Ok(Duration::new(time.tv_sec as u64, time.tv_nsec as u32))
}
