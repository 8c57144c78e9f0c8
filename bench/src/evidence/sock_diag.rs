//! TCP sockets and their queues, as sock_diag(7) tells them.
//!
//! `/proc/net/tcp` has them too, but there the kernel goes through its whole table of connections for every look, which takes
//! milliseconds however few connections there are, and lists those that linger after their end as well.

use shared::sys::client;
use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr};

/// A TCP socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TcpSocket {
    /// Its own address.
    pub(super) ip: IpAddr,
    pub(super) port: u16,
    /// Bytes that wait to be read; of a listener: connections that wait to be accepted.
    pub(super) waiting: u32,
    /// Of a listener: how many may wait.
    pub(super) limit: u32,
    /// The user who opened it.
    pub(super) uid: u32,
    /// Of a listener: connections that it turned away, as its accept queue was full.
    pub(super) drops: u32,
    /// By which the links in `/proc/PID/fd` name it; 0 for a connection that no process has accepted yet.
    pub(super) inode: u32,
}

/// Which sockets are asked for: the number of their state, as a bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(super) enum TcpState {
    /// TCP_ESTABLISHED
    Established = 1 << 1,
    /// TCP_LISTEN
    Listen = 1 << 10,
}

/// SOCK_DIAG_BY_FAMILY of the kernel's headers.
const BY_FAMILY: u16 = 20;
/// `struct nlmsghdr`, before each message.
const HEADER: usize = 16;
/// `struct inet_diag_req_v2`, of which what follows the states names one socket, or with zeros none.
const REQUEST: usize = 56;
/// `struct inet_diag_msg`, before the attributes that were asked for.
const MESSAGE: usize = 72;
/// INET_DIAG_SKMEMINFO: an attribute of nine words, of which the last one (SK_MEMINFO_DROPS) counts what was dropped.
const MEMORY: u32 = 7;

/// The TCP sockets of this network namespace in that state, on the port of `address`. An IPv6 socket may take IPv4
/// connections too; without IPv6 there are none.
///
/// # Errors
/// The kernel or a sandbox has no sock_diag.
pub(super) fn of_port(state: TcpState, address: SocketAddr) -> io::Result<Vec<TcpSocket>> {
    let mut sockets = tcp_sockets(state, true).unwrap_or_default();
    if address.is_ipv4() {
        sockets.extend(tcp_sockets(state, false)?);
    }
    sockets.retain(|socket| socket.port == address.port());
    Ok(sockets)
}

/// All of them, of IPv4 or of IPv6.
fn tcp_sockets(state: TcpState, ipv6: bool) -> io::Result<Vec<TcpSocket>> {
    let mut socket = client::sock_diag()?;
    socket.write_all(&request(state, if ipv6 { libc::AF_INET6 } else { libc::AF_INET } as u8))?;
    let (mut sockets, mut buffer) = (Vec::new(), vec![0; 32 * 1024]);
    loop {
        let received = socket.read(&mut buffer)?;
        if received == 0 || read(&buffer[..received], &mut sockets)? {
            return Ok(sockets);
        }
    }
}

fn request(state: TcpState, family: u8) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEADER + REQUEST);
    bytes.extend_from_slice(&((HEADER + REQUEST) as u32).to_ne_bytes());
    bytes.extend_from_slice(&BY_FAMILY.to_ne_bytes());
    bytes.extend_from_slice(&((libc::NLM_F_REQUEST | libc::NLM_F_DUMP) as u16).to_ne_bytes());
    bytes.extend_from_slice(&[0; 8]);
    let attributes = if state == TcpState::Listen { 1 << (MEMORY - 1) } else { 0 };
    bytes.extend_from_slice(&[family, libc::IPPROTO_TCP as u8, attributes, 0]);
    bytes.extend_from_slice(&(state as u32).to_ne_bytes());
    bytes.resize(HEADER + REQUEST, 0);
    bytes
}

/// Reads the messages of one answer; says whether they were the last.
fn read(mut bytes: &[u8], sockets: &mut Vec<TcpSocket>) -> io::Result<bool> {
    let invalid = || io::Error::from(io::ErrorKind::InvalidData);
    let word = |bytes: &[u8], at: usize| {
        let word = bytes.get(at..at + 4).and_then(|word| word.try_into().ok());
        word.map(u32::from_ne_bytes).ok_or_else(invalid)
    };
    // In network byte order; of IPv4, the first of four words.
    let ip = |message: &[u8]| match *message {
        [family, _, _, _, _, _, _, _, a, b, c, d, ..] if i32::from(family) == libc::AF_INET => {
            Ok(IpAddr::from([a, b, c, d]))
        }
        _ => {
            let ip = message.get(8..24).and_then(|ip| <[u8; 16]>::try_from(ip).ok());
            ip.map(IpAddr::from).ok_or_else(invalid)
        }
    };
    while !bytes.is_empty() {
        let length = word(bytes, 0)? as usize;
        let message = bytes.get(HEADER..length).ok_or_else(invalid)?;
        match i32::from(u16::from_ne_bytes([bytes[4], bytes[5]])) {
            libc::NLMSG_DONE => return Ok(true),
            libc::NLMSG_ERROR => return Err(io::ErrorKind::Unsupported.into()),
            // struct inet_diag_msg; the port is in network byte order.
            _ => sockets.push(TcpSocket {
                ip: ip(message)?,
                port: (u32::from_be(word(message, 4)?) >> 16) as u16,
                waiting: word(message, 56)?,
                limit: word(message, 60)?,
                uid: word(message, 64)?,
                inode: word(message, 68)?,
                drops: drops(message.get(MESSAGE..).unwrap_or_default()).unwrap_or(0),
            }),
        }
        bytes = &bytes[length.next_multiple_of(4).min(bytes.len())..];
    }
    Ok(false)
}

/// The count among these attributes, each of which begins with its length and its type (`struct nlattr`).
fn drops(mut attributes: &[u8]) -> Option<u32> {
    let half = |bytes: &[u8]| Some(u16::from_ne_bytes(bytes.get(..2)?.try_into().ok()?));
    loop {
        let (length, kind) = (usize::from(half(attributes)?), half(attributes.get(2..)?)?);
        if u32::from(kind) == MEMORY {
            return Some(u32::from_ne_bytes(attributes.get(36..40)?.try_into().ok()?));
        }
        attributes = attributes.get(length.max(4).next_multiple_of(4)..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_cut_off_is_an_error() {
        let mut sockets = Vec::new();
        for length in 1..24 {
            assert!(read(&vec![1; length], &mut sockets).is_err(), "{length}");
        }
    }
}
