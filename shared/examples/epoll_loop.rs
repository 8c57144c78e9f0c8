//! `poll_loop` with epoll(7): the kernel keeps the list of sockets, and returns only those that are ready, so idle
//! connections cost nothing. How it fails: what a socket does not take of a response is lost, for the loop never waits
//! until it can write; and a client that stalls is kept for ever, for the loop never looks at a clock.
#![forbid(unsafe_code)]

use anyhow::{Result, anyhow};
use shared::sys::{Epoll, Events, Interest, Listener, Socket, rlimit};
use std::collections::HashMap;
use std::env;
use std::io::{self, ErrorKind, Write};

const RESPONSE: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\nHello, World!";

/// The token of the listener. Those of clients count up from there.
const LISTENER: u64 = 0;

/// A connection, and the last bytes that came: what must be remembered while the loop serves others.
struct Client {
    socket: Socket,
    last: [u8; 4],
}

/// Serves every client that connects, until the process is killed.
fn main() -> Result<()> {
    let address = env::args().skip_while(|arg| arg != "--listen").nth(1);
    let address = address.as_deref().unwrap_or("127.0.0.1:8080");
    let listener = listen(address)
        .map_err(|error| anyhow!("{address}: {error}; try `--listen 127.0.0.1:0`"))?;
    writeln!(io::stdout(), "epoll_loop listening on http://{}", listener.local_addr()?)?;
    rlimit::raise_open_files()?;
    let (epoll, mut events) = (Epoll::new()?, Events::with_capacity(1024));
    epoll.add(&listener, Interest::READ, LISTENER)?;
    let (mut clients, mut newest) = (HashMap::new(), LISTENER);
    loop {
        epoll.wait(&mut events, None)?;
        for event in events.iter() {
            if event.token == LISTENER {
                while let Ok(socket) = listener.accept() {
                    // The kernel is told each socket once; closing the socket ends that.
                    newest += 1;
                    if epoll.add(&socket, Interest::READ, newest).is_ok() {
                        clients.insert(newest, Client { socket, last: [0; 4] });
                    }
                }
            } else if clients.get_mut(&event.token).is_some_and(|client| !client.serve()) {
                clients.remove(&event.token);
            }
        }
    }
}

fn listen(address: &str) -> Result<Listener> {
    Ok(Listener::bind(address.parse()?)?)
}

impl Client {
    /// Answers the requests whose heads have ended. Whether the client is still there.
    fn serve(&mut self) -> bool {
        let mut buffer = [0; 4096];
        let length = match self.socket.read(&mut buffer) {
            Ok(0) => return false,
            Ok(length) => length,
            Err(error) => return error.kind() == ErrorKind::WouldBlock,
        };
        for byte in &buffer[..length] {
            self.last = [self.last[1], self.last[2], self.last[3], *byte];
            if self.last == *b"\r\n\r\n" {
                // Neither how much was taken nor that it was nothing makes a difference here.
                let _ = self.socket.write(RESPONSE);
            }
        }
        true
    }
}
