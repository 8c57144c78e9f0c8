//! A naive server: it takes what one read returns for one request. Chapter 2 shows what becomes of it.
#![forbid(unsafe_code)]

mod naive;

use std::io::{self, Read, Write};
use std::net::TcpStream;

fn main() -> io::Result<()> {
    naive::serve("one_read", answer_each_read)
}

fn answer_each_read(mut socket: TcpStream) -> io::Result<()> {
    let mut buffer = [0; 4096];
    loop {
        let length = socket.read(&mut buffer)?;
        if length == 0 {
            return Ok(());
        }
        let is_get = buffer[..length].starts_with(b"GET ");
        let status = if is_get { "200 OK" } else { "400 Bad Request" };
        write!(socket, "HTTP/1.1 {status}\r\nContent-Length: 6\r\n\r\nhello\n")?;
    }
}
