//! For tests: signals that interrupt the calls of one thread. A first reading may skip it.
//!
//! A signal that is ignored interrupts no call, so there is a handler; and it is installed without
//! SA_RESTART, so every call that sleeps returns EINTR (signal(7)).

use super::check;
use std::io;
use std::mem;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// The signals that all threads have handled.
pub static HANDLED: AtomicU64 = AtomicU64::new(0);

/// Has a handler count SIGALRM from now on. Returns the calling thread's number, for [`interrupt`].
///
/// # Errors
/// A sandbox forbids the call.
pub fn handle() -> io::Result<libc::pid_t> {
    // SAFETY: sigaction is plain data, for which all zeroes is a value: no flags, an empty mask.
    let mut action: libc::sigaction = unsafe { mem::zeroed() };
    action.sa_sigaction = count as extern "C" fn(libc::c_int) as libc::sighandler_t;
    let no_old = std::ptr::null_mut();
    // SAFETY: `action` is initialised, its handler is async-signal-safe, and the old one is not wanted.
    check(unsafe { libc::sigaction(libc::SIGALRM, &raw const action, no_old) })?;
    // SAFETY: a plain call without pointers.
    Ok(unsafe { libc::gettid() })
}

/// An atomic addition: a handler may do it in the middle of any code.
extern "C" fn count(_signal: libc::c_int) {
    HANDLED.fetch_add(1, Relaxed);
}

/// Sends SIGALRM to a thread of this process (tgkill(2)). Nothing happens if that thread has ended.
pub fn interrupt(thread: libc::pid_t) {
    // SAFETY: a plain call without pointers.
    unsafe { libc::syscall(libc::SYS_tgkill, libc::getpid(), thread, libc::SIGALRM) };
}
