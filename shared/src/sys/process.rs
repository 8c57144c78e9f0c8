//! For the load generator: child processes, where [`std::process`] and [`signal`] stop. A first reading may skip it.

use super::{check, signal};
use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// Has the kernel kill the child when the *thread* that starts it ends (PR_SET_PDEATHSIG in
/// prctl(2)), so that no child survives a parent that crashed. Start children from a thread that lives as long as they.
pub fn die_with_parent(command: &mut Command) -> &mut Command {
    let guard = || {
        // SAFETY: a plain call without pointers.
        check(unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) })
    };
    // SAFETY: between fork and exec only async-signal-safe calls are allowed; prctl is one.
    unsafe { command.pre_exec(guard) }
}

/// Unblocks in the child the signals that [`signal::block`] blocks in its parent: a child process inherits the mask of
/// the thread that starts it, and most programs expect Ctrl-C to end them.
pub fn unblock_signals(command: &mut Command) -> &mut Command {
    // SAFETY: between fork and exec only async-signal-safe calls are allowed; pthread_sigmask is one.
    unsafe { command.pre_exec(signal::unblock) }
}

/// Kills (SIGKILL) every process of the group that `leader` leads: a server and the workers it forked.
///
/// # Errors
/// There is no such group.
pub fn kill_group(leader: u32) -> io::Result<()> {
    // SAFETY: a plain call without pointers. A negative number names the group.
    check(unsafe { libc::kill(-(leader as libc::pid_t), libc::SIGKILL) })
}

/// Freezes (SIGSTOP) or thaws (SIGCONT) process `pid`.
///
/// # Errors
/// There is no such process.
pub fn freeze(pid: u32, frozen: bool) -> io::Result<()> {
    let number = if frozen { libc::SIGSTOP } else { libc::SIGCONT };
    // SAFETY: a plain call without pointers.
    check(unsafe { libc::kill(pid as libc::pid_t, number) })
}

/// CPU ticks per second, the unit of the times in `/proc/PID/stat`.
///
/// # Errors
/// The C library does not know it.
pub fn ticks_per_second() -> io::Result<u64> {
    // SAFETY: a plain call without pointers.
    let ticks = unsafe { libc::sysconf(libc::_SC_CLK_TCK) };
    u64::try_from(ticks).ok().filter(|ticks| *ticks > 0).ok_or_else(io::Error::last_os_error)
}
