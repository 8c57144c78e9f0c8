//! One client of an event loop: its socket, its connection, and output that the socket would not take.

use crate::http::{Connection, Job, Presence};
use crate::limits::Limits;
use crate::pace::WritePace;
use crate::sys::{Epoll, Interest, Socket};
use std::io;
use std::sync::Arc;
use std::time::Instant;

/// Kept for thousands at once, so it is small: what only some need is boxed.
pub(super) struct Client {
    pub(super) socket: Socket,
    pub(super) connection: Connection,
    output: Option<Box<Output>>,
    /// What comes when all output is written.
    pub(super) then: Then,
    pub(super) watched: Interest,
    /// Whether its turn to send more of a long answer will come.
    pub(super) is_queued: bool,
    /// Whether it is counted as idle.
    pub(super) is_idle: bool,
    /// Where to tell a job that is out what becomes of its client.
    presence: Option<Arc<Presence>>,
}

/// Like [`crate::http::Next`], for a client that is not attended to right now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Then {
    Read,
    Write,
    /// Its answer will come, from a job that is out or when its time is over.
    Busy,
    Close,
    Linger,
}

/// Bytes that a socket had no room for.
struct Output {
    bytes: Vec<u8>,
    written: usize,
    pace: WritePace,
}

impl Client {
    pub(super) fn new(socket: Socket, connection: Connection) -> Self {
        Self {
            socket,
            connection,
            output: None,
            then: Then::Read,
            watched: Interest::READ,
            is_queued: false,
            is_idle: false,
            presence: None,
        }
    }

    /// A job goes out for it.
    pub(super) fn wait_for_job(&mut self, job: &Job) {
        self.presence = Some(job.presence());
        self.then = Then::Busy;
    }

    /// It will send no more, and perhaps read no more.
    pub(super) fn half_closed(&self) {
        self.presence.iter().for_each(|presence| presence.half_closed());
    }

    /// Its connection is at its end.
    pub(super) fn gone(&self) {
        self.presence.iter().for_each(|presence| presence.gone());
    }

    /// Since when it has been silent: see [`Connection::silent_since`].
    pub(super) fn silent_since(&self, limits: &Limits) -> Option<Instant> {
        if self.is_waiting_for_room() { None } else { self.connection.silent_since(limits) }
    }

    /// Writes `bytes` as far as the socket takes them, says how far, and keeps the rest.
    pub(super) fn send(&mut self, bytes: &[u8], now: Instant) -> io::Result<usize> {
        if let Some(output) = &mut self.output {
            output.bytes.extend_from_slice(bytes);
            return Ok(0);
        }
        let file_follows = self.connection.file().is_some();
        let written = match bytes.is_empty() {
            true => 0,
            false if file_follows => no_room_is_zero(self.socket.write_with_more_to_come(bytes))?,
            false => no_room_is_zero(self.socket.write(bytes))?,
        };
        if written < bytes.len() {
            self.keep(bytes[written..].to_vec(), now);
        }
        Ok(written)
    }

    /// Sends what the answer has of a file, as far as the socket takes it; `count` bytes at most, so
    /// that a large file does not keep the other clients waiting.
    pub(super) fn send_file(&mut self, count: usize, now: Instant) -> io::Result<usize> {
        let Self { socket, connection, output, .. } = self;
        let Some(range) = connection.file().filter(|_| output.is_none() && count > 0) else {
            return Ok(0);
        };
        let Some(file) = range.file()? else { return Ok(0) };
        let count = usize::try_from(range.warm()).unwrap_or(usize::MAX).min(count);
        if count == 0 {
            return Ok(0);
        }
        let sent = match socket.send_file(file, range.offset(), count) {
            // The file has shrunk since its length was promised: only the end of the connection can tell.
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            result => no_room_is_zero(result)?,
        };
        range.advance(sent as u64);
        if sent < count {
            self.wait_for_room(now);
        }
        Ok(sent)
    }

    /// Waits for room although nothing is kept: the socket took all so far, and there is more to come.
    /// Without an output of its own such a client would have no deadline.
    pub(super) fn wait_for_room(&mut self, now: Instant) {
        if self.output.is_none() {
            self.keep(Vec::new(), now);
        }
    }

    fn keep(&mut self, bytes: Vec<u8>, now: Instant) {
        let pace = WritePace::new(now, self.socket.unacknowledged().unwrap_or(0));
        self.output = Some(Box::new(Output { bytes, written: 0, pace }));
    }

    /// Goes on writing what was kept, and says how much.
    pub(super) fn flush(&mut self, now: Instant) -> io::Result<usize> {
        let Some(output) = &mut self.output else {
            return Ok(0);
        };
        let rest = &output.bytes[output.written..];
        let written = if rest.is_empty() { 0 } else { no_room_is_zero(self.socket.write(rest))? };
        output.written += written;
        output.pace.took(written, now);
        if output.written == output.bytes.len() {
            self.connection.postpone(output.pace.so_far(now));
            self.output = None;
        }
        Ok(written)
    }

    /// Bytes that wait to be written.
    pub(super) fn pending(&self) -> usize {
        self.output.as_ref().map_or(0, |output| output.bytes.len() - output.written)
    }

    /// Whether nothing can go on before the socket takes more.
    pub(super) fn is_waiting_for_room(&self) -> bool {
        self.output.is_some()
    }

    /// When this client is late.
    pub(super) fn deadline(&self, limits: &Limits) -> Option<Instant> {
        match &self.output {
            Some(output) => Some(output.pace.deadline(limits)),
            None => self.connection.deadline(),
        }
    }

    /// Of a client that is late to take its output: until when it has time, if it has taken more of late than shows.
    pub(super) fn respite(&mut self, limits: &Limits, now: Instant) -> Option<Instant> {
        let output = self.output.as_mut()?;
        output.pace.look(self.socket.unacknowledged().ok()?, now);
        Some(output.pace.deadline(limits)).filter(|deadline| *deadline > now)
    }

    /// Has epoll watch for what this client waits for. Usually that is what it watches for already,
    /// and no system call is made.
    pub(super) fn watch(&mut self, epoll: &Epoll, token: u64) -> io::Result<()> {
        let interest = match self.then {
            _ if self.is_waiting_for_room() => Interest::WRITE,
            Then::Busy => Interest::NONE,
            // It waits for its turn, not for its socket.
            Then::Write => return Ok(()),
            _ => Interest::READ,
        };
        if interest != self.watched {
            epoll.modify(&self.socket, interest, token)?;
            self.watched = interest;
        }
        Ok(())
    }
}

fn no_room_is_zero(result: io::Result<usize>) -> io::Result<usize> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(0),
        result => result,
    }
}
