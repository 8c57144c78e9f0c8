//! For the load generator: child processes, where [`std::process`] and [`signal`] stop. A first reading may skip it.

use super::{check, signal};
use std::fs::File;
use std::io;
use std::os::fd::FromRawFd;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// Has the kernel kill the child when the *thread* that starts it ends (PR_SET_PDEATHSIG in
/// prctl(2)), so that no child survives a parent that crashed. Start children from a thread that lives as long as they.
///
/// And unblocks in the child the signals that [`signal::block`] blocks in its parent: a child process inherits the mask
/// of the thread that starts it, and most programs expect Ctrl-C to end them.
pub fn supervised(command: &mut Command) -> &mut Command {
    let prepare = || {
        // SAFETY: a plain call without pointers.
        check(unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) })?;
        signal::unblock()
    };
    // SAFETY: between fork and exec only async-signal-safe calls are allowed; prctl and pthread_sigmask are.
    unsafe { command.pre_exec(prepare) }
}

/// Kills (SIGKILL) every process of the group that `leader` leads: a server and the workers it forked.
///
/// # Errors
/// There is no such group.
pub fn kill_group(leader: u32) -> io::Result<()> {
    // A negative number names the group.
    signal::kill(-(leader as libc::pid_t), libc::SIGKILL)
}

/// Freezes (SIGSTOP) or thaws (SIGCONT) process `pid`.
///
/// # Errors
/// There is no such process.
pub fn freeze(pid: u32, frozen: bool) -> io::Result<()> {
    signal::kill(pid as libc::pid_t, if frozen { libc::SIGSTOP } else { libc::SIGCONT })
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

/// A pseudo-terminal, see pty(7): the side that shows what is written, and the terminal itself.
///
/// # Errors
/// There is none left, or no descriptor.
pub fn terminal() -> io::Result<(File, File)> {
    let (mut shows, mut terminal, none) = (-1, -1, std::ptr::null_mut());
    let (outer, inner) = (&raw mut shows, &raw mut terminal);
    // SAFETY: both are valid for writing; the null pointers ask for no name, and for the default settings and size.
    check(unsafe { libc::openpty(outer, inner, none, none.cast(), none.cast()) })?;
    // SAFETY: openpty has opened both descriptors, and nothing else owns them.
    Ok(unsafe { (File::from_raw_fd(shows), File::from_raw_fd(terminal)) })
}
