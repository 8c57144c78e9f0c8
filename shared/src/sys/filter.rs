//! A filter on a listener: classic BPF, a few instructions that the kernel runs on each packet that comes in. A first
//! reading may skip it.

use super::Listener;
use super::socket::set_option;
use std::io;

/// Offset of the flags in a TCP header, and two of them.
const FLAGS: u32 = 13;
const SYN: u32 = 0x02;
const ACK: u32 = 0x10;

impl Listener {
    /// Keeps new connections out of the accept queue, without a response to them (SO_ATTACH_FILTER in
    /// socket(7)): the kernel drops the packet that opens a connection, and its sender repeats it a second
    /// later, when this port is closed or belongs to a successor. Connections in the queue, or on
    /// their way into it, are still to be accepted. Closing a listener instead resets them all,
    /// though their clients believe that they are connected and may have sent a request.
    ///
    /// # Errors
    /// The kernel has no memory for the filter, or no support for filters. Since Linux 6.18 a filter of TCP needs
    /// CAP_NET_ADMIN, EPERM without: acknowledgements that are let through or not could tell of another's connection.
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
        set_option(self, libc::SOL_SOCKET, libc::SO_ATTACH_FILTER, &filter)
    }
}
