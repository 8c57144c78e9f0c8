//! A listener that lets no further connection in: by the least TTL (time to live, of IPv4) or hop limit (of IPv6) that it
//! accepts of a packet. A first reading may skip it.

use super::socket::set_option;
use super::{Listener, Socket};
use std::io;
use std::os::fd::AsFd;

impl Listener {
    /// Keeps new connections out of the accept queue, without a response to them: the kernel drops each packet that opens a
    /// connection, and its sender repeats it a second later, when this port is closed or belongs to a successor.
    /// Connections in the queue, or on their way into it, are still to be accepted, and then
    /// [`Socket::accept_any_ttl`]. Closing a listener instead resets them all, though their clients believe that they
    /// are connected and may have sent a request.
    ///
    /// The option is meant for routers that listen to their neighbours only (RFC 5082): no packet has a TTL over 255, and
    /// each hop takes one off. Nearly all hosts begin with 64 or 128. A filter that looks for SYN (SO_ATTACH_FILTER
    /// in socket(7)) would spare the connections on their way, but needs CAP_NET_ADMIN since Linux 6.18.
    ///
    /// # Errors
    /// It is no TCP socket.
    pub fn drop_syns(&self) -> io::Result<()> {
        set_min_ttl(self, 255)
    }
}

impl Socket {
    /// A connection inherits the TTL of its listener. One that was on its way when [`Listener::drop_syns`] was called is
    /// deaf until this is called; what its client sent meanwhile, it sends again.
    ///
    /// # Errors
    /// It is no TCP socket.
    pub fn accept_any_ttl(&self) -> io::Result<()> {
        set_min_ttl(self, 0)
    }
}

fn set_min_ttl(socket: &impl AsFd, ttl: libc::c_int) -> io::Result<()> {
    // A socket of IPv6 may have peers of both kinds; of one of IPv4, this is refused.
    let _ = set_option(socket, libc::IPPROTO_IPV6, libc::IPV6_MINHOPCOUNT, &ttl);
    set_option(socket, libc::IPPROTO_IP, libc::IP_MINTTL, &ttl)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::net::TcpStream;
    use std::thread;
    use std::time::Duration;

    #[test]
    fn a_connection_inherits_the_least_ttl_and_hears_its_client_without() {
        let listener = Listener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        set_min_ttl(&listener, 30).unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let accepted = listener.accept().unwrap();
        client.set_ttl(29).unwrap();
        client.write_all(b"ping").unwrap();
        let mut bytes = [0; 4];
        let deaf = accepted.read(&mut bytes).unwrap_err();
        assert_eq!(deaf.kind(), io::ErrorKind::WouldBlock);
        accepted.accept_any_ttl().unwrap();
        while accepted.read(&mut bytes).is_err() {
            thread::sleep(Duration::from_millis(10));
        }
        assert_eq!(&bytes, b"ping");
    }
}
