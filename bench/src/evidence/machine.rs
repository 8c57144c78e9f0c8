//! The server's sockets as the kernel counts them: connections that wait to be accepted, and connections that found no room.

use super::parse::{self, ESTABLISHED, LISTEN};
use serde::{Deserialize, Serialize};
use shared::sys::sock_diag::{self, TcpSocket, TcpState};
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::net::SocketAddr;

/// Counters of the network stack, of all listeners and connections in this network namespace. What cannot be read is
/// unknown.
#[derive(Clone, Copy, Debug, Default)]
pub struct Listening {
    /// Connections that found an accept queue full.
    pub overflows: Option<u64>,
    /// SYNs dropped at a listener.
    pub drops: Option<u64>,
    /// Acknowledgements that were sent when their time was out (40 ms as a rule) and not with some data.
    pub delayed_acks: Option<u64>,
}

impl Listening {
    /// As of now.
    pub fn now() -> Self {
        let text = fs::read_to_string("/proc/net/netstat").unwrap_or_default();
        let counter = |name| parse::netstat(&text, name);
        Self {
            overflows: counter("ListenOverflows"),
            drops: counter("ListenDrops"),
            delayed_acks: counter("DelayedACKs"),
        }
    }

    /// What was counted since `before`.
    pub fn since(&self, before: &Self) -> Self {
        let since = |of: fn(&Self) -> Option<u64>| Some(of(self)?.saturating_sub(of(before)?));
        Self {
            overflows: since(|of| of.overflows),
            drops: since(|of| of.drops),
            delayed_acks: since(|of| of.delayed_acks),
        }
    }
}

/// A server's connections at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sockets {
    /// Accepted by the server.
    pub accepted: u64,
    /// Of these, with a request in the socket that the server has not read.
    pub unread: u64,
    /// Established, and still in the accept queue.
    pub queued: u64,
}

/// Connections that waited to be accepted, of all samples.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Queue {
    /// On average.
    pub mean: f64,
    /// At most.
    pub max: u64,
}

/// The longest list that is read: thousands of closed connections that linger make it long, and the
/// kernel writes it while the server is being measured.
const MAX_LINES: usize = 20_000;

/// Looks through all TCP sockets for those of the server on `address`.
pub fn sockets(address: SocketAddr) -> Option<Sockets> {
    let Ok(found) = tcp_sockets(TcpState::Established, address) else {
        return sockets_within(address, MAX_LINES);
    };
    let mut sockets = Sockets::default();
    for socket in found.iter().filter(|socket| socket.port == address.port()) {
        sockets.add(socket.inode.into(), socket.waiting.into());
    }
    Some(sockets)
}

fn sockets_within(address: SocketAddr, lines: usize) -> Option<Sockets> {
    let mut sockets = Sockets::default();
    for path in parse::tcp_files(address) {
        // Without IPv6 there is no second file.
        let Ok(file) = File::open(path) else { continue };
        for (number, line) in BufReader::new(file).lines().enumerate() {
            if number == lines {
                return None;
            }
            let Some(socket) = parse::tcp(&line.ok()?) else { continue };
            if socket.port == address.port() && socket.state == ESTABLISHED {
                sockets.add(socket.inode, socket.unread);
            }
        }
    }
    Some(sockets)
}

impl Sockets {
    fn add(&mut self, inode: u64, unread: u64) {
        match inode {
            0 => self.queued += 1,
            _ => {
                self.accepted += 1;
                self.unread += u64::from(unread > 0);
            }
        }
    }
}

/// Connections that wait to be accepted, at all listeners of this port.
pub fn queue(address: SocketAddr) -> Option<u64> {
    match accept_queue(address) {
        Ok(found) => found.map(|[waiting, _]| waiting),
        Err(_) => queue_of_proc(address),
    }
}

/// The same, and how many may wait there.
///
/// # Errors
/// The kernel or a sandbox does not tell.
pub fn accept_queue(address: SocketAddr) -> io::Result<Option<[u64; 2]>> {
    let sockets = tcp_sockets(TcpState::Listen, address)?;
    let ours = sockets.iter().filter(|socket| socket.port == address.port());
    let counts = ours.map(|socket| [socket.waiting, socket.limit].map(u64::from));
    Ok(counts.reduce(|sum, one| [sum[0] + one[0], sum[1] + one[1]]))
}

/// An IPv6 socket may take IPv4 connections too. Without IPv6 there are none.
fn tcp_sockets(state: TcpState, address: SocketAddr) -> io::Result<Vec<TcpSocket>> {
    let mut sockets = sock_diag::tcp_sockets(state, true).unwrap_or_default();
    if address.is_ipv4() {
        sockets.extend(sock_diag::tcp_sockets(state, false)?);
    }
    Ok(sockets)
}

/// Where sock_diag(7) is missing. Listeners stand first in the list, so that little of it is read.
fn queue_of_proc(address: SocketAddr) -> Option<u64> {
    let mut waiting = None;
    for path in parse::tcp_files(address) {
        let Ok(file) = File::open(path) else { continue };
        for line in BufReader::with_capacity(4096, file).lines().skip(1) {
            let socket = parse::tcp(&line.ok()?)?;
            if socket.state != LISTEN {
                break;
            }
            if socket.port == address.port() {
                *waiting.get_or_insert(0) += socket.unread;
            }
        }
    }
    waiting
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::net::{TcpListener, TcpStream};

    #[test]
    fn who_waits_and_who_was_taken() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        assert_eq!(queue(address), Some(0));
        let mut clients: Vec<_> = (0..3).map(|_| TcpStream::connect(address).unwrap()).collect();
        let _accepted = [listener.accept().unwrap(), listener.accept().unwrap()];
        clients[0].write_all(b"GET").unwrap();
        assert_eq!((queue(address), queue_of_proc(address)), (Some(1), Some(1)));
        // However long the list is just now, and it is no snapshot: while other tests' connections come and
        // go, an entry may be missed.
        let expected = Some(Sockets { accepted: 2, unread: 1, queued: 1 });
        let found = || [sockets(address), sockets_within(address, usize::MAX)];
        assert!((0..100).any(|_| found() == [expected; 2]), "{:?}", found());
        drop(listener);
        // Another test may be starting a program: between fork(2) and execve(2) that has the listener too.
        let is_unknown = || {
            std::thread::sleep(std::time::Duration::from_millis(10));
            queue(address).is_none()
        };
        assert!(
            (0..100).any(|_| is_unknown()),
            "without a listener: unknown, and not an empty queue"
        );
    }
}
