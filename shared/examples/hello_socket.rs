//! `hello_std` again, with the four system calls of a server in place of `std::net`: socket, bind, listen, accept.
//! How it fails: as `hello_std` does, for accept and read wait here too, and a second client waits for the first.
#![forbid(unsafe_code)]

use anyhow::{Result, anyhow};
use shared::sys::socket::{accept, bind, listen, reuse_address, socket};
use std::env;
use std::io::{self, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;

const RESPONSE: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Length: 13\r\nConnection: close\r\n\r\nHello, World!";

/// Connections that the kernel keeps for us while we serve another one.
const BACKLOG: i32 = 128;

/// Serves one client after the other, until the process is killed.
fn main() -> Result<()> {
    let address = env::args().skip_while(|arg| arg != "--listen").nth(1);
    let address = address.as_deref().unwrap_or("127.0.0.1:8080");
    let listener = listener(address)
        .map_err(|error| anyhow!("{address}: {error}; try `--listen 127.0.0.1:0`"))?;
    loop {
        // An error is the end of this client's connection, and not of the server.
        let _ = accept(&listener).and_then(serve);
    }
}

/// A socket that clients can connect to. It says where.
fn listener(address: &str) -> Result<OwnedFd> {
    let address = address.parse()?;
    let listener = socket(address)?;
    // Or a server that is started anew could not have its port for a minute: TIME_WAIT.
    reuse_address(&listener)?;
    bind(&listener, address)?;
    listen(&listener, BACKLOG)?;
    // Which port did 0 become? The kernel knows: getsockname(2), as `std::net` calls it.
    let address = TcpListener::from(listener.try_clone()?).local_addr()?;
    writeln!(io::stdout(), "hello_socket listening on http://{address}")?;
    Ok(listener)
}

/// Reads the head of a request, which ends with an empty line, and answers.
fn serve(client: OwnedFd) -> io::Result<()> {
    let (client, mut last) = (TcpStream::from(client), [0; 4]);
    for byte in BufReader::new(&client).bytes() {
        last = [last[1], last[2], last[3], byte?];
        if last == *b"\r\n\r\n" {
            return (&client).write_all(RESPONSE);
        }
    }
    Ok(()) // The client has left before its request was whole.
}
