//! socket(2), bind(2), listen(2), accept4(2), one by one, and with calls that wait: the first programs are made of them.
//! The stages use [`super::net`]. A first reading may skip it.

use super::{check, new_descriptor};
use std::io;
use std::mem;
use std::net::SocketAddr;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};

/// A TCP socket of the family of `address`, closed on exec. So far it has no address, and no peer.
///
/// # Errors
/// The process has no descriptor left, or the kernel has no such family of addresses.
pub fn socket(address: SocketAddr) -> io::Result<OwnedFd> {
    open(address, 0)
}

/// [`socket`] with further `flags`, such as SOCK_NONBLOCK.
pub(super) fn open(address: SocketAddr, flags: libc::c_int) -> io::Result<OwnedFd> {
    let family = if address.is_ipv4() { libc::AF_INET } else { libc::AF_INET6 };
    let kind = libc::SOCK_STREAM | libc::SOCK_CLOEXEC | flags;
    // SAFETY: socket takes no pointers, and returns a new descriptor.
    unsafe { new_descriptor(|| libc::socket(family, kind, 0)) }
}

/// Lets [`bind`] take the port of a server that has ended, while that server's last connections are in TIME_WAIT
/// (SO_REUSEADDR in socket(7)).
///
/// # Errors
/// It is no socket.
pub fn reuse_address(socket: &impl AsFd) -> io::Result<()> {
    set_option(socket, libc::SOL_SOCKET, libc::SO_REUSEADDR, &1)
}

/// Gives the socket its own address. With port 0 the kernel chooses a free one.
///
/// # Errors
/// The address is taken, does not belong to this machine, or needs rights.
pub fn bind(socket: &impl AsFd, address: SocketAddr) -> io::Result<()> {
    let (storage, length) = encode(address);
    let raw = socket.as_fd().as_raw_fd();
    // SAFETY: `storage` is a sockaddr of `length` bytes that outlives the call.
    check(unsafe { libc::bind(raw, (&raw const storage).cast(), length) })
}

/// From now on the kernel accepts connections to the address, and at most `backlog` of them wait for [`accept`].
///
/// # Errors
/// Another socket listens on the address.
pub fn listen(socket: &impl AsFd, backlog: i32) -> io::Result<()> {
    // SAFETY: a plain call on a descriptor that the caller owns.
    check(unsafe { libc::listen(socket.as_fd().as_raw_fd(), backlog) })
}

/// Takes the connection that has waited longest, and waits for one if there is none.
///
/// # Errors
/// The client has left already, or descriptors or memory are short.
pub fn accept(listener: &impl AsFd) -> io::Result<OwnedFd> {
    let (unwanted, raw) = (std::ptr::null_mut(), listener.as_fd().as_raw_fd());
    // SAFETY: null pointers say that the peer's address is not wanted. accept4 returns a new descriptor.
    unsafe { new_descriptor(|| libc::accept4(raw, unwanted, unwanted.cast(), libc::SOCK_CLOEXEC)) }
}

/// setsockopt(2), for every option whose value the kernel reads as a `T`.
pub(super) fn set_option<T>(
    socket: &impl AsFd,
    level: libc::c_int,
    name: libc::c_int,
    value: &T,
) -> io::Result<()> {
    let (fd, length) = (socket.as_fd().as_raw_fd(), size_of::<T>() as libc::socklen_t);
    // SAFETY: `value` is valid for reading `length` bytes; the kernel copies them, and what they point to.
    check(unsafe { libc::setsockopt(fd, level, name, (&raw const *value).cast(), length) })
}

/// `address` as bind(2) and connect(2) take it, see ip(7) and ipv6(7): a `sockaddr_in` or `sockaddr_in6`, with ports
/// and IPv4 addresses in network byte order; and its length in bytes.
pub(super) fn encode(address: SocketAddr) -> (libc::sockaddr_storage, libc::socklen_t) {
    match address {
        SocketAddr::V4(v4) => stored(libc::sockaddr_in {
            sin_family: libc::AF_INET as libc::sa_family_t,
            sin_port: v4.port().to_be(),
            sin_addr: libc::in_addr { s_addr: u32::from(*v4.ip()).to_be() },
            sin_zero: [0; 8],
        }),
        SocketAddr::V6(v6) => stored(libc::sockaddr_in6 {
            sin6_family: libc::AF_INET6 as libc::sa_family_t,
            sin6_port: v6.port().to_be(),
            sin6_flowinfo: v6.flowinfo(),
            sin6_addr: libc::in6_addr { s6_addr: v6.ip().octets() },
            sin6_scope_id: v6.scope_id(),
        }),
    }
}

fn stored<T>(address: T) -> (libc::sockaddr_storage, libc::socklen_t) {
    // SAFETY: sockaddr_storage is plain data, for which all zeroes is a value.
    let mut storage: libc::sockaddr_storage = unsafe { mem::zeroed() };
    // SAFETY: `T` is one of the two structs above; sockaddr_storage is large enough and aligned for both.
    unsafe { (&raw mut storage).cast::<T>().write(address) };
    (storage, size_of::<T>() as libc::socklen_t)
}
