//! Signals, taken one at a time by a thread that waits for them: sigtimedwait(2). A first reading may skip it.
//!
//! No handler runs in the middle of other code, so the rules for handlers (signal-safety(7)) do not matter.

use super::{check, retry};
use std::io;
use std::mem;
use std::time::Instant;

/// The signals that a server takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum Signal {
    /// The terminal has closed; to a server: open the log again, see logrotate(8).
    HangUp = libc::SIGHUP,
    /// Ctrl-C.
    Interrupt = libc::SIGINT,
    /// From kill(1) and every supervisor.
    Terminate = libc::SIGTERM,
}

impl Signal {
    /// The signals that ask a process to end.
    pub const TERMINATION: &[Self] = &[Self::Interrupt, Self::Terminate];
    /// The signals that a server takes.
    pub const ALL: &[Self] = &[Self::Interrupt, Self::Terminate, Self::HangUp];

    /// Its number. By convention, a process that this signal ends has exit status 128 + number.
    pub fn number(self) -> i32 {
        self as i32
    }
}

/// Blocks these signals in this thread and in every thread that it starts from now on, so that they
/// stay pending until [`wait`] takes them. Call it first in `main`.
pub fn block(signals: &[Signal]) -> io::Result<()> {
    change_mask(libc::SIG_BLOCK, signals)
}

/// The opposite of [`block`], for all signals.
#[cfg(any(test, feature = "bench"))]
pub(super) fn unblock() -> io::Result<()> {
    change_mask(libc::SIG_UNBLOCK, Signal::ALL)
}

fn change_mask(how: libc::c_int, signals: &[Signal]) -> io::Result<()> {
    let set = set_of(signals);
    // SAFETY: `set` is an initialised signal set; the old mask is not wanted.
    match unsafe { libc::pthread_sigmask(how, &raw const set, std::ptr::null_mut()) } {
        0 => Ok(()),
        // Unlike most calls, this one returns its error instead of setting errno.
        error => Err(io::Error::from_raw_os_error(error)),
    }
}

/// Sleeps until one of these signals arrives, which must be blocked; `None` when `deadline` passed first.
pub fn wait(signals: &[Signal], deadline: Option<Instant>) -> io::Result<Option<Signal>> {
    let set = set_of(signals);
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
        Ok(number) => Ok(Signal::ALL.iter().copied().find(|it| it.number() as usize == number)),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
        Err(error) => Err(error),
    }
}

/// Ignores SIGXFSZ, which would end the process: writing beyond the limit of a file's size (RLIMIT_FSIZE in
/// setrlimit(2)) is then an error like any other, EFBIG.
pub fn ignore_file_size_limit() {
    // SAFETY: no handler is installed. The call cannot fail: the signal exists, and may be ignored.
    unsafe { libc::signal(libc::SIGXFSZ, libc::SIG_IGN) };
}

/// Sends `signal` to process `pid`, see kill(2).
///
/// # Errors
/// There is no such process, or it belongs to another user.
pub fn send(pid: u32, signal: Signal) -> io::Result<()> {
    kill(pid as libc::pid_t, signal.number())
}

pub(super) fn kill(pid: libc::pid_t, number: libc::c_int) -> io::Result<()> {
    // SAFETY: a plain call without pointers.
    check(unsafe { libc::kill(pid, number) })
}

fn set_of(signals: &[Signal]) -> libc::sigset_t {
    // SAFETY: sigset_t is plain data, which sigemptyset then initialises; both calls only write to it.
    unsafe {
        let mut set: libc::sigset_t = mem::zeroed();
        libc::sigemptyset(&raw mut set);
        for signal in signals {
            libc::sigaddset(&raw mut set, signal.number());
        }
        set
    }
}
