//! TCP sockets: socket(2), bind(2), listen(2), accept4(2), read(2), write(2).

use super::faults::{accepting, transfer};
use super::socket::{self, set_option};
use super::{check, new_descriptor};
use std::io;
use std::mem;
use std::net::{IpAddr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::time::Duration;

/// A connected TCP socket, always non-blocking: a call that cannot go on at once returns
/// [`io::ErrorKind::WouldBlock`]. Whether a *thread* then waits for this one socket (poll(2)) or for
/// thousands (epoll(7)) is the difference between the stages.
///
/// It reads and writes by the numbers of the system calls: where a process has threads, glibc's read(3) and write(3) are
/// cancellation points (pthreads(7)), and pay for that with two atomic exchanges in each call.
#[derive(Debug)]
pub struct Socket(pub(super) TcpStream);

impl Socket {
    /// Reads what has arrived, at most `buffer.len()` bytes. `Ok(0)` is the end of the stream: the
    /// peer will send no more.
    ///
    /// # Errors
    /// WouldBlock: nothing has arrived. All else ends the connection.
    pub fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        transfer(buffer.len(), |length| {
            // SAFETY: the kernel writes at most `length` bytes into `buffer`, which has as many or more.
            unsafe {
                libc::syscall(libc::SYS_read, self.raw(), buffer.as_mut_ptr(), length) as isize
            }
        })
    }

    /// Writes what the socket's send buffer takes: often all of `bytes`, perhaps only a part.
    /// Rust's runtime ignores SIGPIPE, so a vanished peer is an `EPIPE` here and not a signal.
    ///
    /// # Errors
    /// WouldBlock: the send buffer is full. All else ends the connection.
    pub fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        transfer(bytes.len(), |length| {
            // SAFETY: the kernel reads at most `length` bytes from `bytes`, which has as many or more.
            unsafe { libc::syscall(libc::SYS_write, self.raw(), bytes.as_ptr(), length) as isize }
        })
    }

    /// Like [`Socket::write`], and tells the kernel that more follows at once (MSG_MORE in send(2)): it
    /// then sends no small packet for the head of a file alone.
    ///
    /// # Errors
    /// As [`Socket::write`].
    pub fn write_with_more_to_come(&self, bytes: &[u8]) -> io::Result<usize> {
        transfer(bytes.len(), |length| {
            let flags = libc::MSG_MORE | libc::MSG_NOSIGNAL;
            // SAFETY: the kernel reads at most `length` bytes from `bytes`, which has as many or more.
            unsafe { libc::send(self.raw(), bytes.as_ptr().cast(), length, flags) }
        })
    }

    /// Ends our half of the connection: a FIN follows the last byte, while reading goes on.
    ///
    /// # Errors
    /// The connection has ended already.
    pub fn shutdown_write(&self) -> io::Result<()> {
        self.0.shutdown(Shutdown::Write)
    }

    /// The peer's address (getpeername(2)), that of IPv4 also where a listener of IPv6 has accepted it.
    ///
    /// # Errors
    /// The connection has ended.
    pub fn peer_addr(&self) -> io::Result<IpAddr> {
        self.0.peer_addr().map(|address| address.ip().to_canonical())
    }

    /// Bytes that the kernel has taken and the peer has not acknowledged (SIOCOUTQ in tcp(7)).
    ///
    /// # Errors
    /// It is no TCP socket.
    pub fn unacknowledged(&self) -> io::Result<u64> {
        let mut count: libc::c_int = 0;
        // SAFETY: the kernel writes one int, for which `count` has room.
        check(unsafe { libc::ioctl(self.raw(), libc::TIOCOUTQ, &raw mut count) })?;
        Ok(count.max(0) as u64)
    }

    /// The time since the last byte came from the peer, or since the connection was established if none did (TCP_INFO
    /// in tcp(7)), in whole milliseconds. Bytes that came before the connection was accepted count.
    ///
    /// # Errors
    /// It is no TCP socket.
    pub fn silent_for(&self) -> io::Result<Duration> {
        Ok(Duration::from_millis(tcp_info(self)?.tcpi_last_data_recv.into()))
    }

    pub(super) fn raw(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// What the kernel tells of a TCP socket (TCP_INFO in tcp(7)).
fn tcp_info(socket: &impl AsFd) -> io::Result<libc::tcp_info> {
    // SAFETY: tcp_info is plain data, for which all zeroes is a value.
    let mut info: libc::tcp_info = unsafe { mem::zeroed() };
    let mut length = size_of_val(&info) as libc::socklen_t;
    let (raw, name, info_at) = (socket.as_fd().as_raw_fd(), libc::TCP_INFO, (&raw mut info).cast());
    // SAFETY: `info` has room for `length` bytes and both are valid for writing.
    check(unsafe { libc::getsockopt(raw, libc::IPPROTO_TCP, name, info_at, &raw mut length) })?;
    Ok(info)
}

/// For tests: a pair of sockets costs no port and leaves nothing behind in TIME_WAIT.
#[cfg(feature = "faults")]
impl From<std::os::unix::net::UnixStream> for Socket {
    fn from(stream: std::os::unix::net::UnixStream) -> Self {
        Self(std::os::fd::OwnedFd::from(stream).into())
    }
}

/// Bytes that the kernel takes beyond what the client's receive window has room for (TCP_NOTSENT_LOWAT in tcp(7)).
/// Without a limit it takes up to 4 MiB (tcp_wmem): a client that reads nothing would cost that
/// much memory, and the time to make a response that it never reads. With half of this limit, long
/// responses were up to a fifth slower: the loop learnt too late that the socket has room.
const UNSENT: libc::c_int = 128 << 10;

/// A listening TCP socket, non-blocking like [`Socket`].
#[derive(Debug)]
pub struct Listener(TcpListener);

impl Listener {
    /// [`Listener::bind_with`] the longest backlog, and without sharing the port.
    ///
    /// # Errors
    /// As [`Listener::bind_with`].
    pub fn bind(address: SocketAddr) -> io::Result<Self> {
        Self::bind_with(address, i32::MAX, false)
    }

    /// socket, bind, listen. `backlog`: connections that may wait to be accepted; the kernel caps it at
    /// `/proc/sys/net/core/somaxconn`. `reuse_port`: it joins others that [share the port](Listener::share_port).
    /// SO_REUSEADDR lets a restarted server take its port back while old connections are still in TIME_WAIT; it does not
    /// let two servers listen at once.
    ///
    /// # Errors
    /// The address is taken, does not belong to this machine, or needs rights.
    pub fn bind_with(address: SocketAddr, backlog: i32, reuse_port: bool) -> io::Result<Self> {
        let listener = Self(socket::open(address, libc::SOCK_NONBLOCK)?.into());
        set_option(&listener, libc::SOL_SOCKET, libc::SO_REUSEADDR, &1)?;
        if reuse_port {
            listener.share_port()?;
        }
        // Accepted sockets inherit these two from their listener: set once here, not once per connection.
        set_option(&listener, libc::IPPROTO_TCP, libc::TCP_NODELAY, &1)?;
        set_option(&listener, libc::IPPROTO_TCP, libc::TCP_NOTSENT_LOWAT, &UNSENT)?;
        socket::bind(&listener, address)?;
        socket::listen(&listener, backlog)?;
        Ok(listener)
    }

    /// From now on others with this option may listen on the port too, and the kernel spreads new connections over all by
    /// a hash of their addresses (SO_REUSEPORT in socket(7)).
    ///
    /// # Errors
    /// It is no socket of the internet.
    pub fn share_port(&self) -> io::Result<()> {
        set_option(self, libc::SOL_SOCKET, libc::SO_REUSEPORT, &1)
    }

    /// Takes the connection that has waited longest. One call gives a socket that is non-blocking and closed on exec:
    /// no fcntl(2) afterwards.
    ///
    /// # Errors
    /// WouldBlock: none waits. Others are the client's, or a shortage of descriptors or memory.
    pub fn accept(&self) -> io::Result<Socket> {
        let flags = libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC;
        let (unwanted, raw) = (std::ptr::null_mut(), self.0.as_raw_fd());
        // SAFETY: null pointers say that the peer's address is not wanted. accept4 returns a new descriptor.
        let fd = unsafe {
            new_descriptor(|| accepting(|| libc::accept4(raw, unwanted, unwanted.cast(), flags)))
        }?;
        Ok(Socket(fd.into()))
    }

    /// From now on a connection is there to be accepted once its client has sent something (TCP_DEFER_ACCEPT in tcp(7)):
    /// who accepts it can read at once, and has been woken once and not twice. Until then the kernel keeps its place without
    /// a socket. A client that is silent for about `patience`, in whole seconds, is handed over nevertheless. Until it is,
    /// it is no part of the accept queue, and is reset when the listener closes.
    ///
    /// # Errors
    /// It is no TCP socket.
    pub fn defer_accept(&self, patience: Duration) -> io::Result<()> {
        let seconds = libc::c_int::try_from(patience.as_secs()).unwrap_or(libc::c_int::MAX);
        set_option(self, libc::IPPROTO_TCP, libc::TCP_DEFER_ACCEPT, &seconds)
    }

    /// Connections that wait to be accepted: that field of TCP_INFO has this meaning for a listener.
    ///
    /// # Errors
    /// The kernel has no TCP_INFO for it.
    pub fn waiting(&self) -> io::Result<usize> {
        Ok(tcp_info(self)?.tcpi_unacked as usize)
    }

    /// Another descriptor of the same socket, with the same accept queue.
    ///
    /// # Errors
    /// The process has no descriptor left.
    pub fn try_clone(&self) -> io::Result<Self> {
        self.0.try_clone().map(Self)
    }

    /// The address that it is bound to: the way to learn which port 0 became.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
