//! A thread for each connection: each waits for its own client in read, so no client waits for another.
//! How it fails: a thread that waits keeps its stack, so thousands of idle connections are thousands of stacks.
#![forbid(unsafe_code)]

use anyhow::{Result, anyhow};
use std::io::{self, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::{env, thread};

const RESPONSE: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\nHello, World!";

/// Serves every client that connects, until the process is killed.
fn main() -> Result<()> {
    let address = env::args().skip_while(|arg| arg != "--listen").nth(1);
    let address = address.as_deref().unwrap_or("127.0.0.1:8080");
    let listener = TcpListener::bind(address)
        .map_err(|error| anyhow!("{address}: {error}; try `--listen 127.0.0.1:0`"))?;
    writeln!(io::stdout(), "thread_each listening on http://{}", listener.local_addr()?)?;
    for client in listener.incoming() {
        let Ok(client) = client else { continue };
        // Where the system allows no further thread, the closure is dropped, and the connection with it.
        let _ = thread::Builder::new().spawn(move || serve(&client));
    }
    Ok(())
}

/// Answers every request of a client until the client leaves. The head of a request ends with an empty line.
fn serve(mut client: &TcpStream) -> io::Result<()> {
    let mut last = [0; 4];
    for byte in BufReader::new(client).bytes() {
        last = [last[1], last[2], last[3], byte?];
        if last == *b"\r\n\r\n" {
            client.write_all(RESPONSE)?;
        }
    }
    Ok(())
}
