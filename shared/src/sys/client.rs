//! For the load generator: what a client needs of sockets and timers, and no server does. A first reading may skip it.

use super::epoll::interrupted_is_none;
use super::socket::{self, encode, set_option};
use super::{Epoll, Events, Socket, check, new_descriptor};
use std::fs::File;
use std::io;
use std::net::SocketAddr;
use std::os::fd::AsRawFd;
use std::time::Duration;

impl Socket {
    /// Starts a connection to `address`. It is usually still under way when this returns: the socket
    /// becomes writable when it is established or has failed, and [`Socket::take_error`] tells which.
    ///
    /// # Errors
    /// The kernel refuses at once: no descriptor, no local port, no route.
    pub fn connect(address: SocketAddr) -> io::Result<Self> {
        let socket = Self(socket::open(address, libc::SOCK_NONBLOCK)?.into());
        let (storage, length) = encode(address);
        // SAFETY: `storage` is a sockaddr of `length` bytes that outlives the call.
        match check(unsafe { libc::connect(socket.raw(), (&raw const storage).cast(), length) }) {
            // A socket that does not wait is not interrupted by a signal either.
            Err(error) if error.raw_os_error() != Some(libc::EINPROGRESS) => Err(error),
            _ => Ok(socket),
        }
    }

    /// The error that is pending on the socket, if any (SO_ERROR): the outcome of [`Socket::connect`].
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.0.take_error()
    }

    /// Sends small writes at once instead of waiting for an ACK (Nagle's algorithm, TCP_NODELAY in tcp(7)).
    ///
    /// # Errors
    /// It is no TCP socket.
    pub fn set_nodelay(&self, on: bool) -> io::Result<()> {
        self.0.set_nodelay(on)
    }

    /// With `on`, close(2) throws away unsent data and sends RST (SO_LINGER with a time-out of 0).
    pub fn set_reset_on_close(&self, on: bool) -> io::Result<()> {
        let linger = libc::linger { l_onoff: on.into(), l_linger: 0 };
        set_option(self, libc::SOL_SOCKET, libc::SO_LINGER, &linger)
    }

    /// Fixes the size of the receive buffer (SO_RCVBUF), before or after connecting. Bytes; the kernel doubles it.
    pub fn set_receive_buffer(&self, bytes: i32) -> io::Result<()> {
        set_option(self, libc::SOL_SOCKET, libc::SO_RCVBUF, &bytes)
    }
}

impl Epoll {
    /// [`Epoll::wait`] with a time-out to the nanosecond (epoll_pwait2(2), Linux 5.11); older kernels round it up
    /// to a millisecond. For a thread that has to send *at* a moment, and not only by then.
    ///
    /// # Errors
    /// As [`Epoll::wait`].
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
            Err(error) if error.raw_os_error() == Some(libc::ENOSYS) => {
                self.wait(events, Some(timeout))
            }
            ready => ready.map(|ready| events.ready = ready),
        }
    }
}

/// A socket that tells of the TCP sockets of this network namespace: sock_diag(7). One write(2) sends a whole message, and
/// one read(2) receives some.
///
/// # Errors
/// The kernel or a sandbox has no sock_diag.
pub fn sock_diag() -> io::Result<File> {
    const NETLINK_SOCK_DIAG: libc::c_int = 4;
    let kind = libc::SOCK_RAW | libc::SOCK_CLOEXEC;
    // SAFETY: socket takes no pointers, and returns a new descriptor.
    unsafe { new_descriptor(|| libc::socket(libc::AF_NETLINK, kind, NETLINK_SOCK_DIAG)) }
        .map(File::from)
}

/// Has the kernel wake this thread when its time-outs end: by default it delays them by up to 50 µs
/// to wake several threads at once (PR_SET_TIMERSLACK in prctl(2)).
pub fn exact_timers() -> io::Result<()> {
    let nanoseconds: libc::c_ulong = 1;
    // SAFETY: a plain call without pointers.
    check(unsafe { libc::prctl(libc::PR_SET_TIMERSLACK, nanoseconds) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::{EventFd, Interest};

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
        assert_eq!(events.iter().map(|event| event.token).collect::<Vec<_>>(), [42]);
    }
}
