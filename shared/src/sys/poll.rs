//! poll(2): a thread waits for one or two descriptors, with a deadline. This is how the blocking stages block.

use super::{millis, retry};
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::time::Instant;

/// One descriptor to wait for, and afterwards whether it was the reason to wake up.
#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub struct Wait<'a> {
    raw: libc::pollfd,
    _fd: std::marker::PhantomData<BorrowedFd<'a>>,
}

impl<'a> Wait<'a> {
    /// Wait until a read would not block.
    pub fn readable(fd: BorrowedFd<'a>) -> Self {
        Self::new(fd, libc::POLLIN)
    }

    /// Wait until a write would not block.
    pub fn writable(fd: BorrowedFd<'a>) -> Self {
        Self::new(fd, libc::POLLOUT)
    }

    /// Wait for nothing: poll(2) passes over a negative descriptor.
    pub fn none() -> Self {
        Self { raw: libc::pollfd { fd: -1, events: 0, revents: 0 }, _fd: std::marker::PhantomData }
    }

    fn new(fd: BorrowedFd<'a>, events: libc::c_short) -> Self {
        Self {
            raw: libc::pollfd { fd: fd.as_raw_fd(), events, revents: 0 },
            _fd: std::marker::PhantomData,
        }
    }

    /// Whether this descriptor is ready, or has an error that the next read or write will return.
    pub fn is_ready(&self) -> bool {
        self.raw.revents != 0
    }
}

/// Waits until one of `waits` is ready: `true`; or until `deadline` has passed: `false`. The deadline
/// is a moment and not a duration, so neither signals nor early wake-ups prolong it.
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
