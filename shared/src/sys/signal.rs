//! Signals, taken one at a time by a thread that waits for them: sigtimedwait(2). No handler runs
//! in the middle of other code, so there is nothing that a handler must not do.

use super::{check, retry};
use std::io;
use std::mem;
use std::time::Instant;

/// The signals that ask a server to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Ctrl-C.
    Interrupt,
    /// kill(1), and every supervisor.
    Terminate,
}

impl Signal {
    /// Its number: by convention, a process that it ends has exit status 128 + this.
    pub fn number(self) -> i32 {
        match self {
            Self::Interrupt => libc::SIGINT,
            Self::Terminate => libc::SIGTERM,
        }
    }
}

/// Blocks SIGINT and SIGTERM in this thread and in every thread that it starts from now on, so that
/// they stay pending until [`wait`] takes them. Call it first in `main`.
pub fn block() -> io::Result<()> {
    change_mask(libc::SIG_BLOCK)
}

/// The opposite of [`block`]: the signals act on this thread again. A child process inherits the
/// mask of the thread that starts it, and most programs do not expect to be deaf to Ctrl-C.
pub(super) fn unblock() -> io::Result<()> {
    change_mask(libc::SIG_UNBLOCK)
}

fn change_mask(how: libc::c_int) -> io::Result<()> {
    let set = termination_set();
    // SAFETY: `set` is an initialised signal set; the old mask is not wanted.
    match unsafe { libc::pthread_sigmask(how, &raw const set, std::ptr::null_mut()) } {
        0 => Ok(()),
        // Unlike most calls, this one returns its error instead of setting errno.
        error => Err(io::Error::from_raw_os_error(error)),
    }
}

/// Sleeps until one of the blocked signals arrives; `None` when `deadline` passed first.
pub fn wait(deadline: Option<Instant>) -> io::Result<Option<Signal>> {
    let set = termination_set();
    let taken = retry(|| {
        let left = deadline.map(|at| at.saturating_duration_since(Instant::now()));
        let timeout = left.map(|left| libc::timespec {
            tv_sec: left.as_secs().try_into().unwrap_or(libc::time_t::MAX),
            tv_nsec: left.subsec_nanos().into(),
        });
        let timeout = timeout.as_ref().map_or(std::ptr::null(), |timeout| &raw const *timeout);
        // SAFETY: `set` is initialised; `timeout` is null (no limit) or points to a timespec of ours.
        unsafe { libc::sigtimedwait(&raw const set, std::ptr::null_mut(), timeout) as isize }
    });
    match taken {
        Ok(number) if number == libc::SIGINT as usize => Ok(Some(Signal::Interrupt)),
        Ok(_) => Ok(Some(Signal::Terminate)),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
        Err(error) => Err(error),
    }
}

/// Sends `signal` to process `pid`, see kill(2).
pub fn send(pid: u32, signal: Signal) -> io::Result<()> {
    // SAFETY: a plain call without pointers.
    check(unsafe { libc::kill(pid as libc::pid_t, signal.number()) }).map(drop)
}

/// Kills (SIGKILL) every process of the group that `leader` leads: a server and the workers it forked.
pub fn kill_group(leader: u32) -> io::Result<()> {
    // SAFETY: a plain call without pointers. A negative number names the group.
    check(unsafe { libc::kill(-(leader as libc::pid_t), libc::SIGKILL) }).map(drop)
}

/// Freezes (SIGSTOP) or thaws (SIGCONT) process `pid`.
pub fn freeze(pid: u32, frozen: bool) -> io::Result<()> {
    let number = if frozen { libc::SIGSTOP } else { libc::SIGCONT };
    // SAFETY: a plain call without pointers.
    check(unsafe { libc::kill(pid as libc::pid_t, number) }).map(drop)
}

fn termination_set() -> libc::sigset_t {
    // SAFETY: sigset_t is plain data, which sigemptyset then initialises; both calls only write to it.
    unsafe {
        let mut set: libc::sigset_t = mem::zeroed();
        libc::sigemptyset(&raw mut set);
        libc::sigaddset(&raw mut set, libc::SIGINT);
        libc::sigaddset(&raw mut set, libc::SIGTERM);
        set
    }
}
