//! The server's sockets as the kernel counts them: connections that wait to be accepted, and connections that found no room.

use super::sock_diag::{TcpState, of_port};
use crate::proc;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io;
use std::net::SocketAddr;

/// Counters of the network stack, of all in this network namespace but for `own`. What cannot be read is unknown.
#[derive(Clone, Copy, Debug, Default)]
pub struct Listening {
    /// Packets that the server's listeners dropped, where the kernel tells of these.
    own: Option<u64>,
    /// Connections that found an accept queue full.
    pub overflows: Option<u64>,
    /// SYNs dropped at a listener.
    pub drops: Option<u64>,
    /// Acknowledgements that were sent when their time was out (40 ms as a rule) and not with some data.
    pub delayed_acks: Option<u64>,
}

impl Listening {
    /// As of now, of the server on `address`.
    pub fn now(address: SocketAddr) -> Self {
        let text = fs::read_to_string("/proc/net/netstat").unwrap_or_default();
        let counter = |name| proc::netstat(&text, name);
        let own = of_port(TcpState::Listen, address).ok();
        Self {
            own: own.map(|listeners| listeners.iter().map(|one| u64::from(one.drops)).sum()),
            overflows: counter("ListenOverflows"),
            drops: counter("ListenDrops"),
            delayed_acks: counter("DelayedACKs"),
        }
    }

    /// What was counted since `before`.
    pub fn since(&self, before: &Self) -> Self {
        let since = |of: fn(&Self) -> Option<u64>| Some(of(self)?.saturating_sub(of(before)?));
        let (own, all) = (since(|of| of.own), since(|of| of.overflows));
        Self {
            own,
            // Another server's full queue is no matter of this one's. And with TCP_DEFER_ACCEPT (tcp(7)), the rule in h2o and
            // Apache httpd, a listener drops a packet of each connection.
            overflows: own.zip(all).map(|(own, all)| own.min(all)).or(own.or(all)),
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

/// The established sockets of the server on `address`.
pub fn sockets(address: SocketAddr) -> Option<Sockets> {
    let mut sockets = Sockets::default();
    for socket in of_port(TcpState::Established, address).ok()? {
        match socket.inode {
            0 => sockets.queued += 1,
            _ => {
                sockets.accepted += 1;
                sockets.unread += u64::from(socket.waiting > 0);
            }
        }
    }
    Some(sockets)
}

/// Connections that wait to be accepted at all listeners of this port, and how many may.
///
/// # Errors
/// The kernel or a sandbox does not tell.
pub fn accept_queue(address: SocketAddr) -> io::Result<Option<[u64; 2]>> {
    let sockets = of_port(TcpState::Listen, address)?.into_iter();
    let counts = sockets.map(|socket| [socket.waiting, socket.limit].map(u64::from));
    Ok(counts.reduce(|sum, one| [sum[0] + one[0], sum[1] + one[1]]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::sys::Listener;
    use std::io::Write;
    use std::net::{TcpListener, TcpStream};
    use std::time::Duration;

    #[test]
    fn a_full_queue_is_the_listeners_own() {
        let listen = || Listener::bind_with("127.0.0.1:0".parse().unwrap(), 1, false).unwrap();
        let (full, other) = (listen(), listen());
        let [address, others] = [&full, &other].map(|one| one.local_addr().unwrap());
        let before = [address, others].map(Listening::now);
        // Two find room. The third is not answered, and tries again until its time is over.
        let soon = Duration::from_millis(50);
        let clients: Vec<_> = (0..4).map(|_| TcpStream::connect_timeout(&address, soon)).collect();
        let [turned_away, at_the_other] = [(address, before[0]), (others, before[1])]
            .map(|(address, before)| Listening::now(address).since(&before).overflows.unwrap());
        assert!(turned_away > 0 && clients.iter().any(Result::is_err), "{clients:?}");
        assert_eq!(at_the_other, 0);
    }

    #[test]
    fn what_a_listener_drops_while_no_queue_is_full_is_no_overflow() {
        let since = |own, overflows| {
            let now = Listening { own, overflows, ..Listening::default() };
            let before = Listening { own: Some(10), overflows: Some(40), ..now };
            now.since(&before).overflows
        };
        assert_eq!(since(Some(10_745), Some(40)), Some(0));
        assert_eq!(since(Some(12), Some(45)), Some(2));
        assert_eq!([since(None, Some(45)), since(Some(12), None)], [Some(5), Some(2)]);
        assert_eq!(since(None, None), None);
    }

    #[test]
    fn who_waits_and_who_was_taken() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let queue = || accept_queue(address).unwrap().map(|[waiting, limit]| (waiting, limit > 2));
        assert_eq!(queue(), Some((0, true)));
        let mut clients: Vec<_> = (0..3).map(|_| TcpStream::connect(address).unwrap()).collect();
        let _accepted = [listener.accept().unwrap(), listener.accept().unwrap()];
        clients[0].write_all(b"GET").unwrap();
        assert_eq!(queue(), Some((1, true)));
        // The list is no snapshot: while other tests' connections come and go, an entry may be missed.
        let expected = Some(Sockets { accepted: 2, unread: 1, queued: 1 });
        assert!((0..100).any(|_| sockets(address) == expected), "{:?}", sockets(address));
        drop(listener);
        // Another test may be starting a program: between fork(2) and execve(2) that has the listener too.
        let is_unknown = || {
            std::thread::sleep(Duration::from_millis(10));
            queue().is_none()
        };
        assert!(
            (0..100).any(|_| is_unknown()),
            "without a listener: unknown, and not an empty queue"
        );
    }
}
