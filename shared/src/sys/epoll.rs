//! epoll(7): the kernel keeps the list of descriptors, and says which of them are ready.

use super::{check, millis};
use std::io;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};
use std::time::Duration;

/// What to be told about. Level-triggered: told again at each wait for as long as it is true, so an
/// event that is not dealt with completely is not lost. An error or a hang-up is always reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interest(u32);

impl Interest {
    /// Nothing but errors and hang-ups.
    pub const NONE: Self = Self(0);
    /// There is something to read, or the peer ended its half.
    pub const READ: Self = Self((libc::EPOLLIN | libc::EPOLLRDHUP) as u32);
    /// There is room to write.
    pub const WRITE: Self = Self(libc::EPOLLOUT as u32);
    /// Both.
    pub const READ_WRITE: Self = Self(Self::READ.0 | Self::WRITE.0);

    /// Of several epolls that watch the same descriptor, wake one and not all (EPOLLEXCLUSIVE).
    pub fn exclusive(self) -> Self {
        Self(self.0 | libc::EPOLLEXCLUSIVE as u32)
    }
}

/// One descriptor that is ready.
#[derive(Clone, Copy, Debug)]
pub struct Event {
    /// What was given when the descriptor was added.
    pub token: u64,
    flags: u32,
}

impl Event {
    /// A read will not block: there are bytes, or the end, or an error to fetch.
    pub fn readable(self) -> bool {
        self.flags & (libc::EPOLLIN | libc::EPOLLHUP | libc::EPOLLERR) as u32 != 0
    }

    /// A write will not block: there is room, or an error to fetch.
    pub fn writable(self) -> bool {
        self.flags & (libc::EPOLLOUT | libc::EPOLLHUP | libc::EPOLLERR) as u32 != 0
    }

    /// The peer has ended its half: what it sent before may still be to read.
    pub fn half_closed(self) -> bool {
        self.flags & libc::EPOLLRDHUP as u32 != 0
    }

    /// Both halves are closed, or the connection failed: nothing more can be said or heard.
    pub fn gone(self) -> bool {
        self.flags & (libc::EPOLLHUP | libc::EPOLLERR) as u32 != 0
    }
}

/// Room for the events of one wait.
pub struct Events {
    raw: Vec<libc::epoll_event>,
    ready: usize,
    /// How many waits there were.
    waits: usize,
}

impl Events {
    /// Room for `capacity` events; what does not fit is told at the next wait.
    pub fn with_capacity(capacity: usize) -> Self {
        Self {
            raw: vec![libc::epoll_event { events: 0, u64: 0 }; capacity.max(1)],
            ready: 0,
            waits: 0,
        }
    }

    /// The events of the last wait, by number.
    pub fn get(&self, index: usize) -> Option<Event> {
        // The struct is packed on x86-64: its fields are copied out, never borrowed.
        self.raw[..self.ready].get(index).map(|raw| Event { token: raw.u64, flags: raw.events })
    }

    /// The events of the last wait. The kernel reports those that stay ready in the same order again
    /// and again, so each time another one is the first: nobody is always served last.
    pub fn iter(&self) -> impl Iterator<Item = Event> + '_ {
        let first = self.waits.checked_rem(self.ready).unwrap_or(0);
        (first..self.ready).chain(0..first).filter_map(|index| self.get(index))
    }

    /// How many events the last wait brought.
    pub fn len(&self) -> usize {
        self.ready
    }

    /// Whether the last wait ended without an event: its time ran out.
    pub fn is_empty(&self) -> bool {
        self.ready == 0
    }
}

/// An epoll instance.
#[derive(Debug)]
pub struct Epoll(OwnedFd);

impl Epoll {
    /// A new, empty one, closed on exec.
    pub fn new() -> io::Result<Self> {
        // SAFETY: a plain call without pointers.
        let fd = check(unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) })?;
        // SAFETY: epoll_create1 returned a new descriptor, owned by nobody else.
        Ok(Self(unsafe { OwnedFd::from_raw_fd(fd) }))
    }

    /// Starts to watch `fd`; its events will carry `token`. Closing the descriptor ends it.
    pub fn add(&self, fd: &impl AsFd, interest: Interest, token: u64) -> io::Result<()> {
        self.control(libc::EPOLL_CTL_ADD, fd, interest, token)
    }

    /// Changes what is watched of `fd`.
    pub fn modify(&self, fd: &impl AsFd, interest: Interest, token: u64) -> io::Result<()> {
        self.control(libc::EPOLL_CTL_MOD, fd, interest, token)
    }

    /// Stops watching `fd`.
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
            .map(drop)
    }

    /// Sleeps until something is ready or the time is over (`None`: without limit), whichever is first. A signal, or a
    /// stop of the process, ends the wait without an event: begun anew, it would have all of its time again.
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

    /// The same with a time-out to the nanosecond (epoll_pwait2(2), Linux 5.11); older kernels round it up
    /// to a millisecond. For those who have to do something at a moment, and not only by then.
    pub fn wait_exact(&self, events: &mut Events, timeout: Duration) -> io::Result<()> {
        let (room, epoll) = (events.raw.len() as libc::c_int, self.0.as_raw_fd());
        // What the kernel calls a timespec has two 64-bit fields on every architecture.
        let exact = [timeout.as_secs() as i64, i64::from(timeout.subsec_nanos())];
        let no_mask = std::ptr::null::<libc::sigset_t>();
        // SAFETY: the kernel writes at most `room` events into `events.raw`, which holds that many;
        // `exact` is valid for reading; no signal mask is given.
        let ready = unsafe {
            let (events, call) = (events.raw.as_mut_ptr(), libc::SYS_epoll_pwait2);
            libc::syscall(call, epoll, events, room, exact.as_ptr(), no_mask, 0) as isize
        };
        events.ready = 0;
        match interrupted_is_none(ready) {
            Ok(ready) => events.ready = ready,
            Err(error) if error.raw_os_error() == Some(libc::ENOSYS) => {
                return self.wait(events, Some(timeout));
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

fn interrupted_is_none(ready: isize) -> io::Result<usize> {
    match usize::try_from(ready) {
        Ok(count) => Ok(count),
        Err(_) => match io::Error::last_os_error() {
            error if error.kind() == io::ErrorKind::Interrupted => Ok(0),
            error => Err(error),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::EventFd;

    #[test]
    fn an_exact_wait_ends_by_an_event_or_in_time() {
        let (epoll, fd) = (Epoll::new().unwrap(), EventFd::new().unwrap());
        let mut events = Events::with_capacity(4);
        epoll.add(&fd, Interest::READ, 42).unwrap();
        let start = std::time::Instant::now();
        epoll.wait_exact(&mut events, Duration::from_micros(300)).unwrap();
        assert!(events.is_empty() && start.elapsed() >= Duration::from_micros(300));
        fd.notify();
        epoll.wait_exact(&mut events, Duration::from_secs(60)).unwrap();
        assert_eq!(events.get(0).map(|event| event.token), Some(42));
    }

    #[test]
    fn level_triggered_tells_again_until_it_is_dealt_with() {
        let (epoll, fd) = (Epoll::new().unwrap(), EventFd::new().unwrap());
        let mut events = Events::with_capacity(4);
        epoll.add(&fd, Interest::READ, 42).unwrap();
        epoll.wait(&mut events, Some(Duration::ZERO)).unwrap();
        assert!(events.is_empty());
        fd.notify();
        for _ in 0..2 {
            epoll.wait(&mut events, None).unwrap();
            assert_eq!(
                events.iter().map(|event| (event.token, event.readable())).collect::<Vec<_>>(),
                [(42, true)]
            );
        }
        assert!(fd.clear());
        epoll.wait(&mut events, Some(Duration::ZERO)).unwrap();
        assert!(events.is_empty());
    }
}
