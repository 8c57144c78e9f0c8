//! For the load generator: TCP sockets and their queues, as sock_diag(7) tells them. A first reading may skip it.
//!
//! `/proc/net/tcp` has them too, but there the kernel goes through its whole table of connections for every look, which takes
//! milliseconds however few connections there are, and lists those that linger after their end as well.

use super::new_descriptor;
use std::fs::File;
use std::io::{self, Read, Write};

/// A TCP socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TcpSocket {
    /// Its own port.
    pub port: u16,
    /// Bytes that wait to be read; of a listener: connections that wait to be accepted.
    pub waiting: u32,
    /// Of a listener: how many may wait.
    pub limit: u32,
    /// 0 for a connection that no process has accepted yet.
    pub inode: u32,
}

/// Which sockets are asked for: the number of their state, as a bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum TcpState {
    /// TCP_ESTABLISHED
    Established = 1 << 1,
    /// TCP_LISTEN
    Listen = 1 << 10,
}

/// SOCK_DIAG_BY_FAMILY and NETLINK_SOCK_DIAG of the kernel's headers.
const BY_FAMILY: u16 = 20;
const SOCK_DIAG: libc::c_int = 4;
/// `struct nlmsghdr`, before each message.
const HEADER: usize = 16;
/// `struct inet_diag_req_v2`, of which what follows the states names one socket, or with zeros none.
const REQUEST: usize = 56;

/// All TCP sockets of this network namespace in that state, of IPv4 or of IPv6.
///
/// # Errors
/// The kernel or a sandbox has no sock_diag.
pub fn tcp_sockets(state: TcpState, ipv6: bool) -> io::Result<Vec<TcpSocket>> {
    let kind = libc::SOCK_RAW | libc::SOCK_CLOEXEC;
    // SAFETY: the call returns a new descriptor, or -1 and errno.
    let socket = unsafe { new_descriptor(|| libc::socket(libc::AF_NETLINK, kind, SOCK_DIAG)) }?;
    // read(2) and write(2) do for it: a message is sent whole or not at all.
    let mut socket = File::from(socket);
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
    bytes.extend_from_slice(&[family, libc::IPPROTO_TCP as u8, 0, 0]);
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
    while !bytes.is_empty() {
        let length = word(bytes, 0)? as usize;
        let message = bytes.get(HEADER..length).ok_or_else(invalid)?;
        match i32::from(u16::from_ne_bytes([bytes[4], bytes[5]])) {
            libc::NLMSG_DONE => return Ok(true),
            libc::NLMSG_ERROR => return Err(io::ErrorKind::Unsupported.into()),
            // struct inet_diag_msg; the port is in network byte order.
            _ => sockets.push(TcpSocket {
                port: (u32::from_be(word(message, 4)?) >> 16) as u16,
                waiting: word(message, 56)?,
                limit: word(message, 60)?,
                inode: word(message, 68)?,
            }),
        }
        bytes = &bytes[length.next_multiple_of(4).min(bytes.len())..];
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{TcpListener, TcpStream};

    #[test]
    fn a_listener_and_who_waits_at_it() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let _clients: Vec<_> = (0..3).map(|_| TcpStream::connect(address).unwrap()).collect();
        let ours = |state, ipv6| {
            let mut sockets = tcp_sockets(state, ipv6).unwrap_or_default();
            sockets.retain(|socket| socket.port == address.port());
            sockets
        };
        let [listening] = ours(TcpState::Listen, false)[..] else { panic!("not one listener") };
        assert!(
            listening.waiting == 3 && listening.limit >= 3 && listening.inode > 0,
            "{listening:?}"
        );
        let connections = ours(TcpState::Established, false);
        assert_eq!(connections.iter().filter(|socket| socket.inode == 0).count(), 3);
        assert!(ours(TcpState::Listen, true).is_empty());
    }

    #[test]
    fn what_is_cut_off_is_an_error() {
        let mut sockets = Vec::new();
        for length in 1..24 {
            assert!(read(&vec![1; length], &mut sockets).is_err(), "{length}");
        }
    }
}
