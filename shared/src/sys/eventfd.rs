//! eventfd(2): a counter that a thread can wait for like a socket. It wakes a thread that sleeps in poll(2) or
//! epoll_wait(2). A first reading may skip it.

use super::new_descriptor;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};

/// A wake-up call between threads: readable from [`EventFd::notify`] to [`EventFd::clear`]. An eventfd that
/// is never cleared is a broadcast: it stays readable for all threads.
#[derive(Debug)]
pub struct EventFd(File);

impl EventFd {
    /// A new eventfd, not readable, non-blocking.
    ///
    /// # Errors
    /// The process has no descriptor left, or the kernel no memory.
    pub fn new() -> io::Result<Self> {
        // SAFETY: eventfd takes no pointers, and returns a new descriptor.
        let fd =
            unsafe { new_descriptor(|| libc::eventfd(0, libc::EFD_NONBLOCK | libc::EFD_CLOEXEC)) }?;
        Ok(Self(fd.into()))
    }

    /// Makes it readable. The one possible error is a counter near 2^64, and then it is readable already.
    pub fn notify(&self) {
        let _ = (&self.0).write(&1_u64.to_ne_bytes());
    }

    /// Makes it unreadable. Returns whether it was readable: of several threads, one gets `true`.
    pub fn clear(&self) -> bool {
        (&self.0).read(&mut [0; 8]).is_ok()
    }
}

impl AsFd for EventFd {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
