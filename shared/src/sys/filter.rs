//! A filter on a listener: classic BPF, a few instructions that the kernel runs on each packet that comes in.

use super::{Listener, check};
use std::io;
use std::os::fd::{AsFd, AsRawFd};

/// Offset of the flags in a TCP header, and two of them.
const FLAGS: u32 = 13;
const SYN: u32 = 0x02;
const ACK: u32 = 0x10;

impl Listener {
    /// Lets nobody join the accept queue any more, without a word to them (SO_ATTACH_FILTER in
    /// socket(7)): a packet that opens a connection is dropped, and its sender repeats it a second
    /// later, when this port is closed or belongs to a successor. Those who are in the queue, or on
    /// their way into it, are still to be accepted. Closing a listener instead resets them all,
    /// though they believe that they are connected and may have asked already.
    pub fn drop_syns(&self) -> io::Result<()> {
        let op =
            |code: u32, k: u32, jt: u8, jf: u8| libc::sock_filter { code: code as u16, jt, jf, k };
        let program = [
            op(libc::BPF_LD | libc::BPF_B | libc::BPF_ABS, FLAGS, 0, 0),
            op(libc::BPF_ALU | libc::BPF_AND | libc::BPF_K, SYN | ACK, 0, 0),
            op(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, SYN, 0, 1),
            op(libc::BPF_RET | libc::BPF_K, 0, 0, 0),
            op(libc::BPF_RET | libc::BPF_K, u32::MAX, 0, 0),
        ];
        let filter =
            libc::sock_fprog { len: program.len() as u16, filter: program.as_ptr().cast_mut() };
        let length = size_of_val(&filter) as libc::socklen_t;
        // SAFETY: `filter` points to `len` instructions that outlive the call; the kernel copies them.
        check(unsafe {
            libc::setsockopt(
                self.as_fd().as_raw_fd(),
                libc::SOL_SOCKET,
                libc::SO_ATTACH_FILTER,
                (&raw const filter).cast(),
                length,
            )
        })
        .map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::net::ListenOptions;
    use std::io::{Read, Write};
    use std::net::{SocketAddr, TcpStream};
    use std::time::Duration;

    #[test]
    fn who_is_in_the_queue_stays_and_nobody_joins_it() {
        let any = "127.0.0.1:0".parse::<SocketAddr>().unwrap();
        let listener = Listener::bind(any, ListenOptions::default()).unwrap();
        let address = listener.local_addr().unwrap();
        let mut early = TcpStream::connect(address).unwrap();
        listener.drop_syns().unwrap();
        assert!(TcpStream::connect_timeout(&address, Duration::from_millis(100)).is_err());
        let accepted = listener.accept().unwrap();
        assert_eq!(listener.accept().unwrap_err().kind(), io::ErrorKind::WouldBlock);
        drop(listener);
        // The filter is inherited, and harms nothing.
        early.write_all(b"ping").unwrap();
        let mut bytes = [0; 4];
        while accepted.read(&mut bytes).is_err() {}
        accepted.write(&bytes).unwrap();
        drop(accepted);
        let mut back = String::new();
        early.read_to_string(&mut back).unwrap();
        assert_eq!(back, "ping");
    }
}
