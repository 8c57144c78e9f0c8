//! The null server: every read is answered with the same bytes. No parsing, no routing, no timers: its CPU time is a
//! lower bound for a server that makes these system calls, and what a server costs beyond it is the server's own.

use crate::terminal;
use anyhow::{Context, Result};
use shared::sys::{Epoll, Events, Interest, Listener, Socket};
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::thread;

/// A stage's response to `GET /`, but for the time of day.
const HELLO: &[u8] = b"HTTP/1.1 200 OK\r\n\
    Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n\
    Content-Type: text/plain; charset=utf-8\r\n\
    Content-Length: 13\r\n\r\nHello, World!";
/// The same for the last response of a connection.
const GOODBYE: &[u8] = b"HTTP/1.1 200 OK\r\n\
    Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n\
    Content-Type: text/plain; charset=utf-8\r\n\
    Connection: close\r\n\
    Content-Length: 13\r\n\r\nHello, World!";

/// The listener's token: connections have the index of their place, which never comes near.
const LISTENER: u64 = u64::MAX;

/// Serves until the process is killed: one listener and one event loop per thread. The null server parses no request,
/// so `close` tells whether clients expect the connection to end after each response.
///
/// # Errors
/// When it cannot listen on `address`, or an event loop fails.
pub fn run(address: SocketAddr, threads: usize, close: bool) -> Result<()> {
    let bind = |address| {
        Listener::bind_with(address, i32::MAX, true).with_context(|| {
            format!("cannot listen on {address}; port 0 picks a free one: --listen 127.0.0.1:0")
        })
    };
    let first = bind(address)?;
    let address = first.local_addr()?;
    let mut listeners = vec![first];
    for _ in 1..threads {
        listeners.push(bind(address)?);
    }
    terminal::print(&format!("null-server listening on http://{address}\n"))?;
    // The kernel spreads connections over the listeners by a hash of their addresses, evenly enough.
    thread::scope(|scope| {
        let loops: Vec<_> = listeners
            .into_iter()
            .map(|listener| scope.spawn(move || NullServer::new(listener, close)?.run()))
            .collect();
        // No loop ends but by an error.
        loops.into_iter().try_for_each(|thread| match thread.join() {
            Ok(result) => result.context("an event loop of the null server failed"),
            Err(_) => anyhow::bail!("an event loop of the null server panicked"),
        })
    })
}

/// One loop, which shares nothing with the others.
struct NullServer {
    listener: Listener,
    epoll: Epoll,
    /// By token. A free place stays until the next connection takes it.
    sockets: Vec<Option<Socket>>,
    free: Vec<usize>,
    /// Connections with a request in this tick. As in the stages, all are read from before any is written to: when a
    /// server wakes which client is a part of what the kernel costs.
    asked: Vec<usize>,
    close: bool,
}

impl NullServer {
    fn new(listener: Listener, close: bool) -> io::Result<Self> {
        let epoll = Epoll::new()?;
        epoll.add(&listener, Interest::READ, LISTENER)?;
        Ok(Self {
            listener,
            epoll,
            sockets: Vec::new(),
            free: Vec::new(),
            asked: Vec::new(),
            close,
        })
    }

    fn run(mut self) -> io::Result<()> {
        let mut events = Events::with_capacity(1024);
        let mut scratch = vec![0; 64 * 1024];
        loop {
            self.epoll.wait(&mut events, None)?;
            for event in events.iter() {
                if event.token == LISTENER {
                    self.accept()?;
                } else {
                    self.read(event.token as usize, &mut scratch);
                }
            }
            self.answer();
        }
    }

    /// Accepts all that wait, so that a burst of connections costs one wake-up.
    fn accept(&mut self) -> io::Result<()> {
        loop {
            let socket = match self.listener.accept() {
                Ok(socket) => socket,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                // A client that gave up before it was accepted ends nothing.
                Err(error) if error.kind() == ErrorKind::ConnectionAborted => continue,
                Err(error) => return Err(error),
            };
            let slot = self.free.pop().unwrap_or_else(|| {
                self.sockets.push(None);
                self.sockets.len() - 1
            });
            self.epoll.add(&socket, Interest::READ, slot as u64)?;
            self.sockets[slot] = Some(socket);
        }
    }

    /// One read, one write, as a stage does for a request that comes in one piece.
    fn read(&mut self, slot: usize, scratch: &mut [u8]) {
        let Some(socket) = &self.sockets[slot] else {
            return;
        };
        match socket.read(scratch) {
            Ok(1..) => self.asked.push(slot),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Ok(0) | Err(_) => self.drop(slot),
        }
    }

    fn answer(&mut self) {
        let response = if self.close { GOODBYE } else { HELLO };
        let mut asked = std::mem::take(&mut self.asked);
        for slot in asked.drain(..) {
            // 200 bytes always fit a send buffer whose last 200 were acknowledged.
            let written = self.sockets[slot].as_ref().is_some_and(|it| it.write(response).is_ok());
            if self.close || !written {
                self.drop(slot);
            }
        }
        self.asked = asked;
    }

    /// Closing the socket takes it out of the epoll as well.
    fn drop(&mut self, slot: usize) {
        self.sockets[slot] = None;
        self.free.push(slot);
    }
}
