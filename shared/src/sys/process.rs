//! Child processes: what [`std::process`] leaves out.

use super::{check, signal};
use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;

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
