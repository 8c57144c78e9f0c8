//! Waiting for a client: until it sends, until it is late, or until its thread is wanted elsewhere.

use super::super::config::KeepAlive;
use super::super::connection::Connection;
use super::super::deadlines::{SILENCE, earlier, may_leave};
use super::{PendingConnections, Server, Woken};
use crate::http::limits::{SHORT_LINGER, SILENT_LINGER};
use crate::sys::poll::{self, Wait};
use std::io;
use std::os::fd::AsFd;
use std::time::Instant;

impl<P: PendingConnections> Server<'_, P> {
    pub(super) fn wait(&self, connection: &Connection) -> io::Result<Woken> {
        let Connection { socket, protocol, .. } = connection;
        if protocol.is_silent() {
            let woken = self.wait_in_silence(connection)?;
            let is_evicted =
                matches!(woken, Woken::Unwanted) && !self.thread.server.drain.has_begun();
            self.thread.stats.counters.evicted.add(is_evicted.into());
            return Ok(woken);
        }
        if protocol.is_lingering() {
            return self.wait_in_linger(connection);
        }
        // Inside a request its own deadline is all that counts. A response that is held back waits for nothing else, unless
        // the connection has failed.
        let client = match protocol.is_delayed() {
            true => Wait::failure(socket.as_fd()),
            false => Wait::readable(socket.as_fd()),
        };
        let mut waits = [client];
        let is_ready = poll::wait(&mut waits, protocol.deadline())?;
        if is_ready { readable(&waits[0]) } else { Ok(Woken::Late) }
    }

    /// Waits for a client that has nothing to say. poll(2) says that the socket is readable if it is, however much time
    /// has passed: a client that has spoken after all is served.
    fn wait_in_silence(&self, connection: &Connection) -> io::Result<Woken> {
        let Connection { socket, protocol, .. } = connection;
        let (deadline, server, mut offer) = (protocol.deadline(), &self.thread.server, None);
        let mut is_to_offer = server.args.keep_alive == KeepAlive::Fair;
        loop {
            let drained = self.end_of_silence(connection);
            let end = earlier(deadline, drained);
            let silent = connection.silent_since(&server.args.limits).filter(|_| is_to_offer);
            let until = earlier(end, silent.map(|since| since + SILENCE));
            let mut waits = [
                Wait::readable(socket.as_fd()),
                Wait::readable(server.drain.as_fd()),
                Wait::none(),
            ];
            if let Some(offer) = &offer {
                waits[2] = Wait::readable(P::Offer::as_fd(offer));
            }
            // Once the drain has begun its descriptor is always ready, and no connection waits for a thread for long.
            let count = if drained.is_some() { 1 } else { waits.len() };
            let is_ready = poll::wait(&mut waits[..count], until)?;
            if waits[0].is_ready() {
                return readable(&waits[0]);
            }
            match is_ready {
                true if waits[2].is_ready() => {
                    offer.into_iter().for_each(|offer| self.pending.leave(offer));
                    return Ok(Woken::Unwanted);
                }
                true => {}
                false if until == deadline => return Ok(Woken::Late),
                false if until == end => return Ok(Woken::Unwanted),
                false => match self.pending.offer(protocol.is_between_requests()) {
                    Ok(made) => (offer, is_to_offer) = (Some(made), false),
                    // Where there is no descriptor for it, there is none for a new connection either.
                    Err(_) => return Ok(Woken::Unwanted),
                },
            }
        }
    }

    /// Waits for a client that is about to read the end. One that keeps its own side open holds up no other.
    fn wait_in_linger(&self, connection: &Connection) -> io::Result<Woken> {
        let Connection { socket, protocol, .. } = connection;
        let (deadline, server) = (protocol.deadline(), &self.thread.server);
        loop {
            let is_urgent = server.drain.has_begun() && self.pending.has_backlog();
            let silence = if is_urgent { SHORT_LINGER } else { SILENT_LINGER };
            let until = earlier(deadline, Some(Instant::now() + silence));
            let mut waits = [Wait::readable(socket.as_fd())];
            if poll::wait(&mut waits, until)? {
                return readable(&waits[0]);
            }
            if until == deadline {
                return Ok(Woken::Late);
            }
            let is_wanted = server.drain.has_begun() || self.pending.has_backlog();
            if is_wanted && may_leave(protocol, socket, silence, Instant::now()) {
                return Ok(Woken::Unwanted);
            }
        }
    }

    /// When a silent client is closed because the server is to end. Of one that has waited for this thread until now,
    /// only the kernel knows for how long it has been silent.
    fn end_of_silence(&self, connection: &Connection) -> Option<Instant> {
        let (Connection { socket, protocol, .. }, server) = (connection, &self.thread.server);
        server.drain.final_accept()?;
        let since = connection.silent_since(&server.args.limits)?;
        let waited = socket.silent_for().ok().filter(|_| !protocol.is_between_requests());
        let before = waited.and_then(|time| Instant::now().checked_sub(time));
        server.drain.end_of_silence(before.map_or(since, |before| before.min(since)))
    }
}

/// The client has sent something. If it has reset the connection since, what it asked for is done for no one.
fn readable(client: &Wait<'_>) -> io::Result<Woken> {
    if client.has_failed() {
        return Err(io::ErrorKind::ConnectionReset.into());
    }
    Ok(Woken::Readable)
}
