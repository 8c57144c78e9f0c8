//! A naive server: it refuses a request and closes, while the client is still sending. Chapter 4 shows
//! how the answer is lost.
#![forbid(unsafe_code)]

mod naive;

use std::io::{self, Read, Write};
use std::net::TcpStream;

fn main() -> io::Result<()> {
    naive::serve("early_close", refuse_and_close)
}

fn refuse_and_close(mut socket: TcpStream) -> io::Result<()> {
    let mut start = [0; 16];
    socket.read_exact(&mut start)?;
    socket.write_all(
        b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    )
    // Here the socket is dropped, and with it whatever the client has sent meanwhile.
}
