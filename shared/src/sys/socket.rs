//! socket(2), bind(2), listen(2), accept4(2), one by one, and with calls that wait: the first programs are made of them.
//! The stages use [`super::net`]. A first reading may skip it.

use super::address::encode;
use super::{check, new_descriptor};
use std::io;
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
