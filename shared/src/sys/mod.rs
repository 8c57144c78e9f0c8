//! The operating system, in thin wrappers: the only `unsafe` of the repository.
//!
//! Every wrapper makes one system call, returns [`std::io::Result`], and hands out descriptors as
//! [`OwnedFd`], which close themselves. `EINTR` is handled here, once,
//! in `retry`: no caller ever sees it. `EAGAIN` is not an accident but a result ("not now"), and
//! comes back as [`std::io::ErrorKind::WouldBlock`].

#[cfg(any(test, feature = "bench"))]
pub mod client;
pub mod clock;
pub mod epoll;
pub mod eventfd;
pub mod faults;
pub mod file;
pub mod memory;
pub mod net;
pub mod poll;
#[cfg(any(test, feature = "bench"))]
pub mod process;
pub mod rlimit;
#[cfg(any(test, feature = "bench"))]
pub mod sched;
pub mod signal;
pub mod socket;
#[cfg(feature = "faults")]
pub mod storm;
pub mod sync;
mod ttl;
#[cfg(feature = "io-uring")]
pub mod uring;

pub use epoll::{Epoll, Event, Events, Interest};
pub use eventfd::EventFd;
pub use file::Directory;
pub use net::{Listener, Socket};

use std::io;
use std::os::fd::{FromRawFd, OwnedFd};
use std::time::Duration;

/// Repeats `call` while a signal interrupts it (`EINTR`, see signal(7)), and turns the kernel's -1
/// into the error that `errno` names.
pub(crate) fn retry(mut call: impl FnMut() -> isize) -> io::Result<usize> {
    loop {
        match usize::try_from(call()) {
            Ok(count) => return Ok(count),
            Err(_) => match io::Error::last_os_error() {
                error if error.kind() == io::ErrorKind::Interrupted => continue,
                error => return Err(error),
            },
        }
    }
}

/// Turns -1 into the error that `errno` names, for calls that a signal does not interrupt.
pub(crate) fn check(result: libc::c_int) -> io::Result<()> {
    if result == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// The descriptor that `call` opens, which closes itself.
///
/// # Safety
/// `call` returns a new descriptor, or -1 and `errno`.
pub(crate) unsafe fn new_descriptor(mut call: impl FnMut() -> libc::c_int) -> io::Result<OwnedFd> {
    let fd = retry(|| call() as isize)?;
    // SAFETY: the caller says that the descriptor is new, so nothing else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd as libc::c_int) })
}

/// A time-out as poll(2) and epoll_wait(2) take it: whole milliseconds, -1 for none. Rounded *up*:
/// rounding 0.4 ms down to 0 would make the caller spin until its deadline arrives.
pub(crate) fn millis(timeout: Option<Duration>) -> libc::c_int {
    let Some(wait) = timeout else { return -1 };
    let rest = u64::from(wait.subsec_nanos().div_ceil(1_000_000));
    let millis = wait.as_secs().saturating_mul(1000).saturating_add(rest);
    millis.try_into().unwrap_or(libc::c_int::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_timeout_is_rounded_up_and_never_becomes_a_spin() {
        assert_eq!((millis(None), millis(Some(Duration::ZERO))), (-1, 0));
        assert_eq!(millis(Some(Duration::from_nanos(1))), 1);
        assert_eq!(millis(Some(Duration::from_micros(1001))), 2);
        assert_eq!(millis(Some(Duration::MAX)), libc::c_int::MAX);
    }
}
