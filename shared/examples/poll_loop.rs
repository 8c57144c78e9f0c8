//! One thread for all clients: no read and no write waits, and poll(2) waits for all sockets at once.
//! How it fails: poll looks at every connection each time, so a request costs more CPU the more connections are idle.
#![forbid(unsafe_code)]

use anyhow::{Result, anyhow};
use shared::sys::poll::{self, Wait};
use shared::sys::{Listener, Socket, rlimit};
use std::env;
use std::io::{self, ErrorKind, Write};
use std::os::fd::AsFd;

const RESPONSE: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\nHello, World!";

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
    writeln!(io::stdout(), "poll_loop listening on http://{}", listener.local_addr()?)?;
    rlimit::raise_open_files()?;
    let mut clients: Vec<Client> = Vec::new();
    loop {
        // The kernel remembers nothing from one call to the next: it is told all sockets each time.
        let mut waits = vec![Wait::readable(listener.as_fd())];
        waits.extend(clients.iter().map(|client| Wait::readable(client.socket.as_fd())));
        poll::wait(&mut waits, None)?;
        let ready = waits.iter().enumerate().filter(|(_, wait)| wait.is_ready());
        let ready: Vec<usize> = ready.map(|(index, _)| index).collect();
        // From the last to the first: a client that is removed moves none that is still to be served.
        for index in ready.into_iter().rev() {
            if index == 0 {
                while let Ok(socket) = listener.accept() {
                    clients.push(Client { socket, last: [0; 4] });
                }
            } else if !clients[index - 1].serve() {
                clients.swap_remove(index - 1);
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
                // The socket may take less than all of it: see `epoll_loop`.
                let _ = self.socket.write(RESPONSE);
            }
        }
        true
    }
}
