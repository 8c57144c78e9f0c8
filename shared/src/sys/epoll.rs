//! epoll(7): the kernel keeps the list of descriptors, and reports which of them are ready.

use super::{check, millis, new_descriptor};
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::time::Duration;

/// The events to report for a descriptor. Level-triggered: each wait reports an event again for as long as it is true,
/// so an event that was not handled completely is not lost. Errors and hang-ups are always reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interest(u32);

impl Interest {
    /// Nothing but errors and hang-ups.
    pub const NONE: Self = Self(0);
    /// There is something to read, or the peer ended its half.
    pub const READ: Self = Self((libc::EPOLLIN | libc::EPOLLRDHUP) as u32);
    /// The send buffer has room.
    pub const WRITE: Self = Self(libc::EPOLLOUT as u32);
    /// [`Interest::READ`] and [`Interest::WRITE`].
    pub const READ_WRITE: Self = Self(Self::READ.0 | Self::WRITE.0);

    /// Of several epolls that watch the same listener, wake one and not all. With EPOLLEXCLUSIVE the kernel refuses
    /// EPOLLRDHUP, which no listener has.
    pub fn exclusive(self) -> Self {
        Self(self.0 & !(libc::EPOLLRDHUP as u32) | libc::EPOLLEXCLUSIVE as u32)
    }

    /// Edge-triggered: each event is reported once, to every epoll that watches the descriptor, even if no thread reads it.
    pub fn once_each(self) -> Self {
        Self(self.0 | libc::EPOLLET as u32)
    }
}

/// One descriptor that is ready.
#[derive(Clone, Copy, Debug)]
pub struct Event {
    /// The token that the descriptor was added with.
    pub token: u64,
    flags: u32,
}

impl Event {
    /// A read will not block: it returns bytes, the end of the stream, or an error.
    pub fn is_readable(self) -> bool {
        self.flags & (libc::EPOLLIN | libc::EPOLLHUP | libc::EPOLLERR) as u32 != 0
    }

    /// A write will not block: the send buffer has room, or the write returns an error.
    pub fn is_writable(self) -> bool {
        self.flags & (libc::EPOLLOUT | libc::EPOLLHUP | libc::EPOLLERR) as u32 != 0
    }

    /// The peer has ended its half (EPOLLRDHUP): bytes that it sent before may still be unread.
    pub fn is_half_closed(self) -> bool {
        self.flags & libc::EPOLLRDHUP as u32 != 0
    }

    /// The connection has failed (EPOLLERR), as when the peer has reset it: nothing more can be sent, though bytes that
    /// came before may still be read.
    pub fn has_failed(self) -> bool {
        self.flags & libc::EPOLLERR as u32 != 0
    }
}

/// A buffer for the events of one wait.
pub struct Events {
    pub(super) raw: Vec<libc::epoll_event>,
    pub(super) ready: usize,
    /// Waits so far.
    waits: usize,
}

impl Events {
    /// A buffer for `capacity` events; the next wait reports what does not fit.
    pub fn with_capacity(capacity: usize) -> Self {
        Self {
            raw: vec![libc::epoll_event { events: 0, u64: 0 }; capacity.max(1)],
            ready: 0,
            waits: 0,
        }
    }

    /// The events of the last wait. The kernel reports descriptors that stay ready in the same order each
    /// time, so each wait begins with another of them: no connection is always served last.
    pub fn iter(&self) -> impl Iterator<Item = Event> + '_ {
        let first = self.waits.checked_rem(self.ready).unwrap_or(0);
        // The struct is packed on x86-64: its fields are copied out, never borrowed.
        let event =
            |index: usize| Event { token: self.raw[index].u64, flags: self.raw[index].events };
        (first..self.ready).chain(0..first).map(event)
    }

    /// The number of events of the last wait.
    pub fn len(&self) -> usize {
        self.ready
    }

    /// Whether the last wait ended without an event: by its time-out, or by a signal.
    pub fn is_empty(&self) -> bool {
        self.ready == 0
    }
}

/// An epoll instance.
#[derive(Debug)]
pub struct Epoll(pub(super) OwnedFd);

impl Epoll {
    /// A new, empty instance, closed on exec.
    ///
    /// # Errors
    /// The process has no descriptor left, or the kernel no memory.
    pub fn new() -> io::Result<Self> {
        // SAFETY: epoll_create1 takes no pointers, and returns a new descriptor.
        unsafe { new_descriptor(|| libc::epoll_create1(libc::EPOLL_CLOEXEC)) }.map(Self)
    }

    /// Starts to watch `fd`; its events will carry `token`. Closing the descriptor ends the watch.
    ///
    /// # Errors
    /// The kernel has no memory, or `fd` cannot be waited for (a regular file).
    pub fn add(&self, fd: &impl AsFd, interest: Interest, token: u64) -> io::Result<()> {
        self.control(libc::EPOLL_CTL_ADD, fd, interest, token)
    }

    /// Changes the events to report for `fd`.
    ///
    /// # Errors
    /// `fd` was never added.
    pub fn modify(&self, fd: &impl AsFd, interest: Interest, token: u64) -> io::Result<()> {
        self.control(libc::EPOLL_CTL_MOD, fd, interest, token)
    }

    /// Stops watching `fd`.
    ///
    /// # Errors
    /// `fd` was never added.
    pub fn remove(&self, fd: &impl AsFd) -> io::Result<()> {
        self.control(libc::EPOLL_CTL_DEL, fd, Interest::NONE, 0)
    }

    fn control(
        &self,
        operation: libc::c_int,
        fd: &impl AsFd,
        interest: Interest,
        token: u64,
    ) -> io::Result<()> {
        let mut event = libc::epoll_event { events: interest.0, u64: token };
        let fd = fd.as_fd().as_raw_fd();
        // SAFETY: `event` is valid for the call; the kernel copies it.
        check(unsafe { libc::epoll_ctl(self.0.as_raw_fd(), operation, fd, &raw mut event) })
    }

    /// Sleeps until a descriptor is ready or `timeout` has passed (`None`: without limit). A signal, or a
    /// stop of the process, ends the wait without an event: a wait begun anew would have all of its time again.
    #[inline]
    pub fn wait(&self, events: &mut Events, timeout: Option<Duration>) -> io::Result<()> {
        let (room, timeout) = (events.raw.len() as libc::c_int, millis(timeout));
        let epoll = self.0.as_raw_fd();
        // SAFETY: the kernel writes at most `room` events into `events.raw`, which holds that many.
        let ready =
            unsafe { libc::epoll_wait(epoll, events.raw.as_mut_ptr(), room, timeout) as isize };
        events.waits = events.waits.wrapping_add(1);
        events.ready = 0;
        events.ready = interrupted_is_none(ready)?;
        Ok(())
    }
}

/// A signal ends a wait without an event.
pub(super) fn interrupted_is_none(ready: isize) -> io::Result<usize> {
    usize::try_from(ready).or_else(|_| match io::Error::last_os_error() {
        error if error.kind() == io::ErrorKind::Interrupted => Ok(0),
        error => Err(error),
    })
}
