//! TCP sockets: socket(2), bind(2), listen(2), accept4(2), connect(2), read(2), writev(2).

use super::address::{decode, encode};
use super::faults::{accepting, moving};
use super::{check, retry};
use std::io::{self, IoSlice};
use std::mem;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::time::Duration;

/// A connected TCP socket, always non-blocking: a call that cannot go on at once returns
/// [`io::ErrorKind::WouldBlock`]. Whether a *thread* then waits for this one socket (poll(2)) or for
/// thousands (epoll(7)) is the difference between the stages.
#[derive(Debug)]
pub struct Socket(pub(super) OwnedFd);

impl Socket {
    /// Starts a connection to `address`. It is usually still under way when this returns: the socket
    /// becomes writable when it stands or has failed, and [`Socket::take_error`] tells which.
    pub fn connect(address: SocketAddr) -> io::Result<Self> {
        let socket = Self(stream_socket(address)?);
        let (storage, length) = encode(address);
        // SAFETY: `storage` is a sockaddr of `length` bytes that outlives the call.
        let result = retry(|| unsafe {
            libc::connect(socket.raw(), (&raw const storage).cast(), length) as isize
        });
        match result {
            Err(error) if error.raw_os_error() != Some(libc::EINPROGRESS) => Err(error),
            _ => Ok(socket),
        }
    }

    /// Reads what has arrived, at most `buffer.len()` bytes. `Ok(0)` is the end of the stream: the
    /// peer will send no more.
    pub fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        retry(|| {
            moving(buffer.len(), |length| {
                // SAFETY: the kernel writes at most `length` bytes into `buffer`, which has as many or more.
                unsafe { libc::read(self.raw(), buffer.as_mut_ptr().cast(), length) }
            })
        })
    }

    /// Writes what the socket's send buffer takes: often all of `bytes`, perhaps only a part.
    /// Rust's runtime ignores SIGPIPE, so a vanished peer is an `EPIPE` here and not a signal.
    pub fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        retry(|| {
            moving(bytes.len(), |length| {
                // SAFETY: the kernel reads at most `length` bytes from `bytes`, which has as many or more.
                unsafe { libc::write(self.raw(), bytes.as_ptr().cast(), length) }
            })
        })
    }

    /// Writes several buffers with one call, in order, as far as the send buffer takes them.
    pub fn write_vectored(&self, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
        let count = buffers.len().min(libc::UIO_MAXIOV as usize);
        retry(|| {
            moving(count, |count| {
                // SAFETY: `IoSlice` has the layout of `iovec` (std guarantees it), and there are `count` or more.
                unsafe { libc::writev(self.raw(), buffers.as_ptr().cast(), count as libc::c_int) }
            })
        })
    }

    /// Ends our half of the conversation: a FIN follows the last byte, while reading goes on.
    pub fn shutdown_write(&self) -> io::Result<()> {
        // SAFETY: a plain call on a descriptor that we own.
        check(unsafe { libc::shutdown(self.raw(), libc::SHUT_WR) }).map(drop)
    }

    /// Sends small writes at once instead of waiting for an ACK (Nagle's algorithm, TCP_NODELAY in tcp(7)).
    pub fn set_nodelay(&self, on: bool) -> io::Result<()> {
        set_option(self.as_fd(), libc::IPPROTO_TCP, libc::TCP_NODELAY, on.into())
    }

    /// With `on`, close(2) throws away unsent data and sends RST (SO_LINGER with a time-out of 0).
    pub fn set_reset_on_close(&self, on: bool) -> io::Result<()> {
        let linger = libc::linger { l_onoff: on.into(), l_linger: 0 };
        let length = size_of_val(&linger) as libc::socklen_t;
        // SAFETY: `linger` is a valid option value of `length` bytes.
        check(unsafe {
            libc::setsockopt(
                self.raw(),
                libc::SOL_SOCKET,
                libc::SO_LINGER,
                (&raw const linger).cast(),
                length,
            )
        })
        .map(drop)
    }

    /// Fixes the size of the receive buffer (SO_RCVBUF), before or after connecting. Bytes; the kernel doubles it.
    pub fn set_receive_buffer(&self, bytes: i32) -> io::Result<()> {
        set_option(self.as_fd(), libc::SOL_SOCKET, libc::SO_RCVBUF, bytes)
    }

    /// The error that is pending on the socket, if any (SO_ERROR): the outcome of [`Socket::connect`].
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        let mut error: libc::c_int = 0;
        let mut length = size_of_val(&error) as libc::socklen_t;
        // SAFETY: `error` and `length` are valid for writing, and `length` is the size of `error`.
        check(unsafe {
            libc::getsockopt(
                self.raw(),
                libc::SOL_SOCKET,
                libc::SO_ERROR,
                (&raw mut error).cast(),
                &raw mut length,
            )
        })?;
        Ok((error != 0).then(|| io::Error::from_raw_os_error(error)))
    }

    /// Who is at the other end (getpeername(2)).
    pub fn peer_addr(&self) -> io::Result<IpAddr> {
        // SAFETY: sockaddr_storage is plain data, for which all zeroes is a value.
        let mut storage: libc::sockaddr_storage = unsafe { mem::zeroed() };
        let mut length = size_of_val(&storage) as libc::socklen_t;
        // SAFETY: `storage` has room for `length` bytes and both are valid for writing.
        check(unsafe {
            libc::getpeername(self.raw(), (&raw mut storage).cast(), &raw mut length)
        })?;
        decode(&storage).map(|address| address.ip())
    }

    /// Bytes that the kernel has taken and the peer has not acknowledged (SIOCOUTQ in tcp(7)).
    pub fn unacknowledged(&self) -> io::Result<u64> {
        let mut count: libc::c_int = 0;
        // SAFETY: the kernel writes one int, for which `count` has room.
        check(unsafe { libc::ioctl(self.raw(), libc::TIOCOUTQ, &raw mut count) })?;
        Ok(count.max(0) as u64)
    }

    /// How long ago the last byte came from the peer, or the connection stood if none ever did (TCP_INFO in tcp(7)). It
    /// counts what came while the connection waited to be accepted.
    pub fn silent_for(&self) -> io::Result<Duration> {
        // SAFETY: tcp_info is plain data, for which all zeroes is a value.
        let mut info: libc::tcp_info = unsafe { mem::zeroed() };
        let mut length = size_of_val(&info) as libc::socklen_t;
        // SAFETY: `info` has room for `length` bytes and both are valid for writing.
        check(unsafe {
            libc::getsockopt(
                self.raw(),
                libc::IPPROTO_TCP,
                libc::TCP_INFO,
                (&raw mut info).cast(),
                &raw mut length,
            )
        })?;
        Ok(Duration::from_millis(info.tcpi_last_data_recv.into()))
    }

    fn raw(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// How a [`Listener`] is made.
#[derive(Clone, Copy, Debug)]
pub struct ListenOptions {
    /// Connections that may wait to be accepted (listen(2)); the kernel caps it at
    /// `/proc/sys/net/core/somaxconn`.
    pub backlog: i32,
    /// Lets several listeners share the port, the kernel spreading new connections over them by a
    /// hash of their addresses (SO_REUSEPORT in socket(7)).
    pub reuse_port: bool,
}

impl Default for ListenOptions {
    fn default() -> Self {
        Self { backlog: i32::MAX, reuse_port: false }
    }
}

/// What the kernel takes beyond what the client's window has room for (TCP_NOTSENT_LOWAT in tcp(7)).
/// Left to itself it takes up to 4 MiB (tcp_wmem): a client that reads nothing would cost that
/// much memory, and the time to make an answer of that size that nobody wants. Half of this much made long
/// answers up to a fifth slower for those who read them: the loop heard too late that there is room.
const UNSENT: libc::c_int = 128 << 10;

/// A listening TCP socket, non-blocking like [`Socket`].
#[derive(Debug)]
pub struct Listener(OwnedFd);

impl Listener {
    /// socket, bind, listen. SO_REUSEADDR lets a restarted server take its port back while old
    /// connections are still in TIME_WAIT; it does not let two servers listen at once.
    pub fn bind(address: SocketAddr, options: ListenOptions) -> io::Result<Self> {
        let listener = Self::named(address, options.reuse_port)?;
        // SAFETY: a plain call on a descriptor that we own.
        check(unsafe { libc::listen(listener.raw(), options.backlog) })?;
        Ok(listener)
    }

    /// Finds `address` free, or some port if it names none, and gives it up again. It does not listen: whoever connects
    /// meanwhile is refused, and not let in to be reset.
    pub fn find_free(address: SocketAddr) -> io::Result<SocketAddr> {
        Self::named(address, false)?.local_addr()
    }

    fn named(address: SocketAddr, reuse_port: bool) -> io::Result<Self> {
        let listener = Self(stream_socket(address)?);
        set_option(listener.as_fd(), libc::SOL_SOCKET, libc::SO_REUSEADDR, 1)?;
        if reuse_port {
            set_option(listener.as_fd(), libc::SOL_SOCKET, libc::SO_REUSEPORT, 1)?;
        }
        // Accepted sockets inherit these two from their listener: set once here, not once per connection.
        set_option(listener.as_fd(), libc::IPPROTO_TCP, libc::TCP_NODELAY, 1)?;
        set_option(listener.as_fd(), libc::IPPROTO_TCP, libc::TCP_NOTSENT_LOWAT, UNSENT)?;
        let (storage, length) = encode(address);
        // SAFETY: `storage` is a sockaddr of `length` bytes that outlives the call.
        check(unsafe { libc::bind(listener.raw(), (&raw const storage).cast(), length) })?;
        Ok(listener)
    }

    /// Takes the connection that has waited longest, or [`io::ErrorKind::WouldBlock`]. One call gives
    /// a socket that is non-blocking and closed on exec: no fcntl(2) afterwards.
    pub fn accept(&self) -> io::Result<Socket> {
        let flags = libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC;
        let (unwanted, raw) = (std::ptr::null_mut(), self.raw());
        let fd = retry(|| {
            // SAFETY: null pointers say that the peer's address is not wanted.
            accepting(|| unsafe { libc::accept4(raw, unwanted, unwanted.cast(), flags) as isize })
        })?;
        // SAFETY: accept4 returned a new descriptor, owned by nobody else.
        Ok(Socket(unsafe { OwnedFd::from_raw_fd(fd as RawFd) }))
    }

    /// Another descriptor of the same socket, with the same accept queue.
    pub fn try_clone(&self) -> io::Result<Self> {
        self.0.try_clone().map(Self)
    }

    /// The address that it is bound to: the way to learn which port 0 became.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        // SAFETY: sockaddr_storage is plain data, for which all zeroes is a value.
        let mut storage: libc::sockaddr_storage = unsafe { mem::zeroed() };
        let mut length = size_of_val(&storage) as libc::socklen_t;
        // SAFETY: `storage` has room for `length` bytes and both are valid for writing.
        check(unsafe {
            libc::getsockname(self.raw(), (&raw mut storage).cast(), &raw mut length)
        })?;
        decode(&storage)
    }

    fn raw(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

fn stream_socket(address: SocketAddr) -> io::Result<OwnedFd> {
    let family = if address.is_ipv4() { libc::AF_INET } else { libc::AF_INET6 };
    let kind = libc::SOCK_STREAM | libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC;
    // SAFETY: a plain call without pointers.
    let fd = check(unsafe { libc::socket(family, kind, 0) })?;
    // SAFETY: socket returned a new descriptor, owned by nobody else.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

fn set_option(
    fd: BorrowedFd<'_>,
    level: libc::c_int,
    name: libc::c_int,
    value: libc::c_int,
) -> io::Result<()> {
    let length = size_of_val(&value) as libc::socklen_t;
    // SAFETY: `value` is an int, which is what these options take, of `length` bytes.
    check(unsafe {
        libc::setsockopt(fd.as_raw_fd(), level, name, (&raw const value).cast(), length)
    })
    .map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_found_free_unless_somebody_listens() {
        let any: SocketAddr = "127.0.0.1:0".parse().unwrap();
        let free = Listener::find_free(any).unwrap();
        assert!(free.port() != 0 && Listener::find_free(free).unwrap() == free);
        let options = ListenOptions { reuse_port: true, ..ListenOptions::default() };
        let _listener = Listener::bind(free, options).unwrap();
        let taken = Listener::find_free(free).unwrap_err();
        assert_eq!(taken.kind(), io::ErrorKind::AddrInUse);
    }

    #[test]
    fn a_taken_port_is_an_error_even_with_reuseaddr() {
        let any = "127.0.0.1:0".parse().unwrap();
        let first = Listener::bind(any, ListenOptions::default()).unwrap();
        let second = Listener::bind(first.local_addr().unwrap(), ListenOptions::default());
        assert_eq!(second.unwrap_err().kind(), io::ErrorKind::AddrInUse);
    }

    #[test]
    fn an_empty_accept_queue_would_block() {
        let listener =
            Listener::bind("127.0.0.1:0".parse().unwrap(), ListenOptions::default()).unwrap();
        assert_eq!(listener.accept().unwrap_err().kind(), io::ErrorKind::WouldBlock);
    }
}
