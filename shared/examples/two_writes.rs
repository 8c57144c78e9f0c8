//! A naive server: the head of an answer in one write, its content in another. Chapter 4 shows where
//! the 40 milliseconds come from.
#![forbid(unsafe_code)]

mod naive;

use std::io::{self, Read, Write};
use std::net::TcpStream;

fn main() -> io::Result<()> {
    naive::serve("two_writes", answer_in_two_writes)
}

fn answer_in_two_writes(mut socket: TcpStream) -> io::Result<()> {
    let mut request = Vec::new();
    let mut byte = [0];
    while socket.read(&mut byte)? == 1 {
        request.push(byte[0]);
        if request.ends_with(b"\r\n\r\n") {
            socket.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n")?;
            socket.write_all(b"Hello, World!")?;
            request.clear();
        }
    }
    Ok(())
}
