//! eventfd(2): a counter that can be waited for like a socket, to wake a thread that sleeps in poll
//! or epoll_wait.

use super::{check, retry};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

/// A wake-up call between threads: readable from [`EventFd::notify`] to [`EventFd::clear`]. One that
/// is never cleared is a broadcast: it stays readable for everyone.
#[derive(Debug)]
pub struct EventFd(OwnedFd);

impl EventFd {
    /// A new one, not readable, non-blocking.
    pub fn new() -> io::Result<Self> {
        // SAFETY: a plain call without pointers.
        let fd = check(unsafe { libc::eventfd(0, libc::EFD_NONBLOCK | libc::EFD_CLOEXEC) })?;
        // SAFETY: eventfd returned a new descriptor, owned by nobody else.
        Ok(Self(unsafe { OwnedFd::from_raw_fd(fd) }))
    }

    /// Makes it readable. Cannot fail in a way that matters: the one possible error is a counter
    /// near 2^64, and then it is readable already.
    pub fn notify(&self) {
        let one = 1_u64.to_ne_bytes();
        // SAFETY: the kernel reads 8 bytes from `one`.
        let _ =
            retry(|| unsafe { libc::write(self.0.as_raw_fd(), one.as_ptr().cast(), one.len()) });
    }

    /// Makes it unreadable, and says whether it was readable: of several threads, one gets `true`.
    pub fn clear(&self) -> bool {
        let mut count = [0_u8; 8];
        // SAFETY: the kernel writes 8 bytes into `count`.
        retry(|| unsafe { libc::read(self.0.as_raw_fd(), count.as_mut_ptr().cast(), count.len()) })
            .is_ok()
    }
}

impl AsFd for EventFd {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
