//! The listener of an event loop: open, shut for a while, or closed for good.

use super::Clients;
use crate::accept::{Failure, PAUSE};
use crate::drain::Drain;
use crate::sys::{Epoll, Interest, Listener};
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

/// Connections that are taken in one round. The others are told of again.
const PER_ROUND: usize = 64;

/// A listener that is watched while there is room for more clients. Shut, it lets newcomers wait in the
/// kernel's accept queue: they are not refused, and those who are inside are served.
pub struct Door {
    listener: Option<Listener>,
    epoll: Rc<Epoll>,
    drain: Arc<Drain>,
    token: u64,
    /// Clients that there may be at once.
    room: usize,
    is_open: bool,
    /// After running out of descriptors or memory: not before this.
    pause: Option<Instant>,
}

impl Door {
    /// Opens. Its events will carry `token`.
    pub fn open(
        listener: Listener,
        epoll: &Rc<Epoll>,
        token: u64,
        room: usize,
        drain: &Arc<Drain>,
    ) -> io::Result<Self> {
        epoll.add(&listener, Interest::READ, token)?;
        let (epoll, drain) = (Rc::clone(epoll), Arc::clone(drain));
        Ok(Self { listener: Some(listener), epoll, drain, token, room, is_open: true, pause: None })
    }

    /// Takes in those who wait, as far as there is room.
    pub fn admit(&mut self, clients: &mut Clients, now: Instant) {
        let Some(listener) = &self.listener else {
            return;
        };
        for _ in 0..PER_ROUND {
            if clients.len() >= self.room {
                return self.shut();
            }
            match listener.accept().map_err(|error| Failure::of(&error)) {
                Ok(socket) => clients.insert(socket),
                Err(Failure::Connection) => {}
                Err(Failure::Empty) => return,
                Err(Failure::Exhausted) => {
                    self.pause = Some(now + PAUSE);
                    return self.shut();
                }
            }
        }
    }

    /// At the end of a round: opens again when there is room, closes for good when the drain says so.
    pub fn tend(&mut self, clients: &Clients, now: Instant) {
        if self.drain.stop_accepting().is_some_and(|moment| now >= moment) {
            self.listener = None;
        }
        let Some(listener) = &self.listener else {
            return;
        };
        let paused = self.pause.is_some_and(|pause| now < pause);
        if !self.is_open && !paused && clients.len() < self.room {
            self.is_open = self.epoll.add(listener, Interest::READ, self.token).is_ok();
            self.pause = None;
        }
    }

    fn shut(&mut self) {
        if let Some(listener) = &self.listener {
            self.is_open = self.epoll.remove(listener).is_err();
        }
    }

    /// Whether nobody will come any more.
    pub fn is_closed(&self) -> bool {
        self.listener.is_none()
    }

    /// When it is to be tended even if nothing happens.
    pub fn next_change(&self) -> Option<Instant> {
        match &self.listener {
            Some(_) => [self.pause, self.drain.stop_accepting()].into_iter().flatten().min(),
            None => None,
        }
    }
}
