//! The operating system, in thin wrappers: the only `unsafe` of the repository.
//!
//! Every wrapper does one system call, returns [`std::io::Result`], and hands out descriptors as
//! [`OwnedFd`](std::os::fd::OwnedFd) so that they close themselves. `EINTR` is handled here, once,
//! in [`retry`]: no caller ever sees it. `EAGAIN` is not an accident but an answer ("not now"), and
//! comes back as [`std::io::ErrorKind::WouldBlock`].

mod address;
pub mod clock;
pub mod epoll;
pub mod eventfd;
pub mod faults;
pub mod file;
pub mod filter;
pub mod memory;
pub mod net;
pub mod poll;
pub mod process;
pub mod rlimit;
pub mod sched;
pub mod signal;
#[cfg(feature = "faults")]
pub mod storm;
pub mod sync;

pub use epoll::{Epoll, Event, Events, Interest};
pub use eventfd::EventFd;
pub use file::Directory;
pub use net::{Listener, Socket};

use std::io;
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
pub(crate) fn check(result: libc::c_int) -> io::Result<libc::c_int> {
    match result {
        -1 => Err(io::Error::last_os_error()),
        value => Ok(value),
    }
}

/// A time-out as poll(2) and epoll_wait(2) want it: whole milliseconds, -1 for none. Rounded *up*:
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
        assert_eq!(millis(None), -1);
        assert_eq!(millis(Some(Duration::ZERO)), 0);
        assert_eq!(millis(Some(Duration::from_nanos(1))), 1);
        assert_eq!(millis(Some(Duration::from_micros(1001))), 2);
        assert_eq!(millis(Some(Duration::MAX)), libc::c_int::MAX);
    }

    #[test]
    fn an_interrupted_call_is_repeated() {
        let mut calls = 0;
        let result = retry(|| {
            calls += 1;
            if calls < 3 {
                // SAFETY: `__errno_location` returns this thread's own `errno`, always writable.
                unsafe { *libc::__errno_location() = libc::EINTR };
                return -1;
            }
            7
        });
        assert_eq!((result.unwrap(), calls), (7, 3));
    }
}
