//! The listener of an event loop: open, shut for a while, or closed for good.

use super::Clients;
use crate::accept::{Failure, PAUSE, Room};
use crate::args::Accept;
use crate::drain::Drain;
use crate::start::Common;
use crate::sys::{Epoll, Interest, Listener};
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

/// Connections that are taken in one round. The others are told of again.
const PER_ROUND: usize = 64;

/// Idle connections that are closed when there is no room for a newcomer.
const EVICTED_AT_ONCE: usize = 16;

/// A listener that is watched while there is room for more clients. Shut, it lets newcomers wait in the
/// kernel's accept queue: they are not refused, and those who are inside are served.
pub struct Door {
    listener: Option<Listener>,
    epoll: Rc<Epoll>,
    drain: Arc<Drain>,
    token: u64,
    interest: Interest,
    room: Arc<Room>,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    /// No room. Another thread's client may make some without this loop hearing of it, or somebody
    /// may have been idle for long enough by then, so it looks again at that moment.
    Full(Instant),
    /// No descriptors or no memory: not before that moment.
    Exhausted(Instant),
}

impl Door {
    /// Opens. Its events will carry `token`.
    pub fn open(
        listener: Listener,
        epoll: &Rc<Epoll>,
        token: u64,
        common: &Common,
    ) -> io::Result<Self> {
        let interest = match common.accept {
            Accept::Reuseport => Interest::READ,
            Accept::Exclusive => Interest::READ.exclusive(),
        };
        epoll.add(&listener, interest, token)?;
        let (epoll, drain, room) =
            (Rc::clone(epoll), Arc::clone(&common.drain), Arc::clone(&common.room));
        Ok(Self {
            listener: Some(listener),
            epoll,
            drain,
            token,
            interest,
            room,
            state: State::Open,
        })
    }

    /// Takes in those who wait, as far as there is room.
    pub fn admit(&mut self, clients: &mut Clients, now: Instant) {
        let Some(listener) = &self.listener else { return };
        for _ in 0..PER_ROUND {
            if !self.enter(clients) {
                return self.shut(State::Full(now + PAUSE));
            }
            let failure = match listener.accept().map_err(|error| Failure::of(&error)) {
                Ok(socket) => {
                    clients.insert(socket);
                    continue;
                }
                Err(failure) => failure,
            };
            self.room.leave();
            match failure {
                Failure::Connection => {}
                Failure::Empty => return,
                Failure::Exhausted => {
                    clients.note_exhaustion();
                    clients.evict_idle(EVICTED_AT_ONCE);
                    return self.shut(State::Exhausted(now + PAUSE));
                }
            }
        }
    }

    /// At the end of a round: opens again when there is room, closes for good when the drain says so.
    pub fn tend(&mut self, clients: &mut Clients, now: Instant) {
        if self.drain.stop_accepting().is_some_and(|moment| now >= moment) {
            // Closing resets the connections that wait in the queue, so those are taken in first.
            self.admit(clients, now);
            self.listener = None;
        }
        let Some(listener) = &self.listener else { return };
        let reopen = match self.state {
            State::Open => return,
            State::Full(at) => self.room.is_free() || now >= at,
            State::Exhausted(until) => now >= until,
        };
        if reopen && self.epoll.add(listener, self.interest, self.token).is_ok() {
            self.state = State::Open;
        }
    }

    /// Takes a place for a newcomer, if need be that of somebody who has long been idle.
    fn enter(&self, clients: &mut Clients) -> bool {
        self.room.enter() || (clients.evict_idle(EVICTED_AT_ONCE) > 0 && self.room.enter())
    }

    fn shut(&mut self, state: State) {
        if let Some(listener) = &self.listener
            && self.epoll.remove(listener).is_ok()
        {
            self.state = state;
        }
    }

    /// Whether nobody will come any more.
    pub fn is_closed(&self) -> bool {
        self.listener.is_none()
    }

    /// When it is to be tended even if nothing happens.
    pub fn next_change(&self) -> Option<Instant> {
        self.listener.as_ref()?;
        let look_again = match self.state {
            State::Open => None,
            State::Full(at) | State::Exhausted(at) => Some(at),
        };
        [look_again, self.drain.stop_accepting()].into_iter().flatten().min()
    }
}
