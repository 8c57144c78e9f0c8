//! One connection: its socket, its protocol, and output that the socket would not take.

use super::clock::Clock;
use super::context::{ServerContext, ThreadContext};
use super::deadlines::{SILENCE, WriteProgress, earlier, may_leave};
use super::events::Token;
use super::task::ClientPresence;
use crate::http::limits::SILENT_LINGER;
use crate::http::{Action, Limits, Protocol};
use crate::sys::{Epoll, Interest, Socket};
use crate::telemetry::metrics::Count;
use std::collections::VecDeque;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// An event loop keeps thousands at once, so it is small: what only some need is boxed. A blocking thread has one at a
/// time, and no use for what tells a loop what the connection waits for.
pub(super) struct Connection {
    pub(super) socket: Socket,
    pub(super) protocol: Protocol,
    unsent: Option<Box<Unsent>>,
    /// What comes when all output is written. What it waits for is here alike: `Yield` is `Write`, `Run` is `Wait`.
    pub(super) next: Action,
    interest: Interest,
    /// Whether it stands in the write queue.
    pub(super) is_queued: bool,
    /// Whether it is counted as idle.
    pub(super) is_idle: bool,
    /// Whether it is being closed for a new connection, which waits for its place.
    pub(super) is_evicted: bool,
    /// Its client's address, for the log: a socket whose client has reset it knows it no longer.
    peer: Option<Box<IpAddr>>,
    /// Where to tell a task that is out what becomes of its client.
    pub(super) presence: Option<Arc<ClientPresence>>,
}

/// The order in which connections are closed to free their places.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Eviction {
    /// The client has its last response, and keeps its side open.
    Lingers,
    NeverAsked,
    Idle,
}

/// Bytes that the socket would not take: its send buffer was full. None, if it would not take more of a file.
struct Unsent {
    bytes: Vec<u8>,
    written: usize,
    progress: WriteProgress,
}

impl Connection {
    /// A new connection, which `thread` will serve.
    pub(super) fn new(socket: Socket, thread: &ThreadContext) -> Self {
        let peer = if thread.stats.is_logging() { socket.peer_addr().ok() } else { None };
        Self {
            socket,
            protocol: Protocol::new(&thread.server.args.limits, thread.clock.now()),
            unsent: None,
            next: Action::Read,
            interest: Interest::READ,
            is_queued: false,
            is_idle: false,
            is_evicted: false,
            peer: peer.map(Box::new),
            presence: None,
        }
    }

    /// Writes `bytes` as far as the socket takes them, says how far, and keeps the rest: a short write.
    #[inline]
    pub(super) fn write(&mut self, bytes: &[u8], clock: &mut Clock) -> io::Result<usize> {
        if let Some(unsent) = &mut self.unsent {
            unsent.bytes.extend_from_slice(bytes);
            return Ok(0);
        }
        let file_follows = self.protocol.file().is_some();
        let written = match bytes.is_empty() {
            true => 0,
            false if file_follows => {
                would_block_is_zero(self.socket.write_with_more_to_come(bytes))?
            }
            false => would_block_is_zero(self.socket.write(bytes))?,
        };
        if written < bytes.len() {
            self.keep(bytes[written..].to_vec(), clock);
        }
        Ok(written)
    }

    /// Sends `count` bytes of the response's file, as far as the socket takes them, unless it is blocked.
    pub(super) fn send_file(&mut self, count: u64, clock: &mut Clock) -> io::Result<usize> {
        let Self { socket, protocol, unsent, .. } = self;
        let Some(file) = protocol.file().filter(|_| unsent.is_none() && count > 0) else {
            return Ok(0);
        };
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        let sent = would_block_is_zero(socket.send_file(file.file()?, file.offset(), count))?;
        file.advance(sent as u64);
        if sent < count {
            // Nothing is kept, and there is more to come: an output of its own gives the client a deadline.
            self.keep(Vec::new(), clock);
        }
        Ok(sent)
    }

    /// The client's time begins now, however long the output took to make: so the clock is looked at.
    fn keep(&mut self, bytes: Vec<u8>, clock: &mut Clock) {
        let queued = self.socket.unacknowledged().unwrap_or(0);
        let progress = WriteProgress::new(clock.read(), queued);
        self.unsent = Some(Box::new(Unsent { bytes, written: 0, progress }));
    }

    /// Goes on writing what was kept, and says how much.
    pub(super) fn flush(&mut self, now: Instant) -> io::Result<usize> {
        let Some(unsent) = &mut self.unsent else {
            return Ok(0);
        };
        let rest = &unsent.bytes[unsent.written..];
        let written =
            if rest.is_empty() { 0 } else { would_block_is_zero(self.socket.write(rest))? };
        unsent.written += written;
        unsent.progress.on_written(written, now);
        if unsent.written == unsent.bytes.len() {
            self.protocol.postpone(unsent.progress.elapsed(now));
            self.unsent = None;
        }
        Ok(written)
    }

    /// Its client's address, if there is a log.
    pub(super) fn peer(&self) -> Option<IpAddr> {
        self.peer.as_deref().copied()
    }

    /// Bytes that wait to be written.
    pub(super) fn pending(&self) -> usize {
        self.unsent.as_ref().map_or(0, |unsent| unsent.bytes.len() - unsent.written)
    }

    /// Whether nothing can go on before the socket takes more.
    pub(super) fn is_write_blocked(&self) -> bool {
        self.unsent.is_some()
    }

    /// Since when its client has been silent: see [`Protocol::silent_since`].
    pub(super) fn silent_since(&self, limits: &Limits) -> Option<Instant> {
        if self.is_write_blocked() { None } else { self.protocol.silent_since(limits) }
    }

    /// Whether it may be closed at `now` to free its place, in which order, and within that since when it is silent.
    pub(super) fn eviction(&self, limits: &Limits, now: Instant) -> Option<(Eviction, Instant)> {
        if self.is_evicted {
            return None;
        }
        if let Some(since) = self.protocol.lingers_since() {
            let may_leave = may_leave(&self.protocol, &self.socket, SILENT_LINGER, now);
            return may_leave.then_some((Eviction::Lingers, since));
        }
        let since = self.silent_since(limits)?;
        let has_asked = self.protocol.is_between_requests();
        let order = if has_asked { Eviction::Idle } else { Eviction::NeverAsked };
        (now.saturating_duration_since(since) >= SILENCE).then_some((order, since))
    }

    /// When this client is late.
    pub(super) fn deadline(&self, write_timeout: Duration) -> Option<Instant> {
        match &self.unsent {
            Some(unsent) => Some(unsent.progress.deadline(write_timeout)),
            None => self.protocol.deadline(),
        }
    }

    /// The same where the server may drain: then a client that is silent is late earlier.
    #[inline(always)]
    pub(super) fn deadline_in(&self, server: &ServerContext) -> Option<Instant> {
        let deadline = self.deadline(server.args.write_timeout);
        if server.drain.has_begun() {
            earlier(deadline, self.end_of_silence(server))
        } else {
            deadline
        }
    }

    #[cold]
    fn end_of_silence(&self, server: &ServerContext) -> Option<Instant> {
        if let Some(since) = self.protocol.lingers_since() {
            return Some(since + SILENT_LINGER);
        }
        let since = self.silent_since(&server.args.limits)?;
        server.drain.end_of_silence(since)
    }

    /// Of a client that is late to take its output: until when it has time, if it has acknowledged more of late than
    /// showed.
    pub(super) fn extended_deadline(
        &mut self,
        write_timeout: Duration,
        now: Instant,
    ) -> Option<Instant> {
        let unsent = self.unsent.as_mut()?;
        unsent.progress.on_acknowledged(self.socket.unacknowledged().ok()?, now);
        Some(unsent.progress.deadline(write_timeout)).filter(|deadline| *deadline > now)
    }

    /// Whether epoll tells when its client sends.
    pub(super) fn is_watched_for_reading(&self) -> bool {
        self.interest == Interest::READ
    }

    /// A long response goes on when it is its turn. Until then epoll tells again and again that its socket is writable:
    /// once in the queue is enough.
    pub(super) fn enqueue(&mut self, token: Token, queue: &mut VecDeque<Token>) {
        if !self.is_queued {
            self.is_queued = true;
            queue.push_back(token);
        }
    }

    /// Keeps the number of idle connections. Most that were idle have asked and are idle again: nothing to write down.
    pub(super) fn count_idle(&mut self, idle: &Count) {
        let is_idle = self.protocol.is_between_requests() && !self.is_write_blocked();
        if is_idle != self.is_idle {
            self.is_idle = is_idle;
            if is_idle { idle.add(1) } else { idle.subtract(1) }
        }
    }

    /// Has epoll watch for what this connection waits for. Usually that is what it watches for already,
    /// and no system call is made.
    #[inline]
    pub(super) fn update_interest(&mut self, epoll: &Epoll, token: u64) -> io::Result<()> {
        let interest = match self.next {
            _ if self.is_write_blocked() => Interest::WRITE,
            Action::Wait | Action::Run => Interest::NONE,
            // It waits for its turn, not for its socket.
            Action::Write | Action::Yield => return Ok(()),
            Action::Read | Action::Close | Action::Linger => Interest::READ,
        };
        if interest != self.interest {
            epoll.modify(&self.socket, interest, token)?;
            self.interest = interest;
        }
        Ok(())
    }
}

fn would_block_is_zero(result: io::Result<usize>) -> io::Result<usize> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(0),
        result => result,
    }
}
