//! The smallest server, in `std::net`: bind, accept, read a request, answer, close; then the next client.
//! How it fails: while one client sends nothing, the server waits in its read, and a second client waits for the first.
#![forbid(unsafe_code)]

use anyhow::{Result, anyhow};
use std::env;
use std::io::{self, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};

const RESPONSE: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Length: 13\r\nConnection: close\r\n\r\nHello, World!";

/// Serves one client after the other, until the process is killed.
fn main() -> Result<()> {
    let address = env::args().skip_while(|arg| arg != "--listen").nth(1);
    let address = address.as_deref().unwrap_or("127.0.0.1:8080");
    let listener = TcpListener::bind(address)
        .map_err(|error| anyhow!("{address}: {error}; try `--listen 127.0.0.1:0`"))?;
    writeln!(io::stdout(), "hello_std listening on http://{}", listener.local_addr()?)?;
    for client in listener.incoming() {
        // An error is the end of this client's connection, and not of the server.
        let _ = client.and_then(serve);
    }
    Ok(())
}

/// Reads the head of a request, which ends with an empty line, and answers.
fn serve(client: TcpStream) -> io::Result<()> {
    let mut last = [0; 4];
    for byte in BufReader::new(&client).bytes() {
        last = [last[1], last[2], last[3], byte?];
        if last == *b"\r\n\r\n" {
            return (&client).write_all(RESPONSE);
        }
    }
    Ok(()) // The client has left before its request was whole.
}
