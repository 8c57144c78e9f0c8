//! poll(2): a thread waits for a few descriptors, with a deadline. This is how the blocking stages
//! block. A first reading may skip it.

use super::{millis, retry};
use std::io;
use std::marker::PhantomData;
use std::os::fd::{AsRawFd, BorrowedFd, RawFd};
use std::time::Instant;

/// A descriptor to wait for, and after the wait whether it is ready.
#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub struct Wait<'a> {
    raw: libc::pollfd,
    _fd: PhantomData<BorrowedFd<'a>>,
}

impl<'a> Wait<'a> {
    /// Wait until a read would not block.
    pub fn readable(fd: BorrowedFd<'a>) -> Self {
        Self::new(fd.as_raw_fd(), libc::POLLIN)
    }

    /// Wait until a write would not block.
    pub fn writable(fd: BorrowedFd<'a>) -> Self {
        Self::new(fd.as_raw_fd(), libc::POLLOUT)
    }

    /// Wait until the connection has failed: poll(2) tells that unasked.
    pub fn failure(fd: BorrowedFd<'a>) -> Self {
        Self::new(fd.as_raw_fd(), 0)
    }

    /// Wait for nothing: poll(2) skips a negative descriptor.
    pub fn none() -> Self {
        Self::new(-1, 0)
    }

    fn new(fd: RawFd, events: libc::c_short) -> Self {
        Self { raw: libc::pollfd { fd, events, revents: 0 }, _fd: PhantomData }
    }

    /// Whether the connection has failed, as when the peer has reset it: nothing more can be sent, though bytes that came
    /// before may still be read.
    pub fn has_failed(&self) -> bool {
        self.raw.revents & libc::POLLERR != 0
    }

    /// Whether this descriptor is ready, or has an error that the next read or write returns.
    pub fn is_ready(&self) -> bool {
        self.raw.revents != 0
    }
}

/// Waits until one of `waits` is ready: `true`; or until `deadline` has passed: `false`. The deadline
/// is a moment and not a duration, so neither signals nor early wake-ups prolong the wait.
#[inline]
pub fn wait(waits: &mut [Wait<'_>], deadline: Option<Instant>) -> io::Result<bool> {
    let ready = retry(|| {
        let timeout = millis(deadline.map(|at| at.saturating_duration_since(Instant::now())));
        // SAFETY: `Wait` is a transparent `pollfd`, and there are `waits.len()` of them.
        unsafe {
            libc::poll(waits.as_mut_ptr().cast(), waits.len() as libc::nfds_t, timeout) as isize
        }
    })?;
    Ok(ready > 0)
}
