//! The listener of an event loop: open, shut for a while, or closed for good.

use super::Clients;
use crate::accept::{Failure, PAUSE, Room};
use crate::args::Accept;
use crate::drain::{Drain, LAST_CALL};
use crate::start::Common;
use crate::sys::{Epoll, Interest, Listener};
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

/// Connections that are taken in one round however few clients are ready: a crowd at the door must not keep those
/// waiting who are inside. The others are told of again.
const AT_LEAST: usize = 16;

/// Silent connections that are being closed at once when there is no room for a newcomer.
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
    /// When to close, if the last call was made: nobody joins the queue any more.
    stop: Option<Instant>,
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
        let (listener, state, stop) = (Some(listener), State::Open, None);
        Ok(Self { listener, epoll, drain, token, interest, room, state, stop })
    }

    /// Takes in those who wait, as far as there is room; as many as clients are `ready` in this round, for a round that
    /// serves a thousand takes long, and sixteen newcomers in each would leave the others outside for seconds. Tells
    /// whether nobody waits any more.
    pub fn admit(&mut self, clients: &mut Clients, ready: usize, now: Instant) -> bool {
        let Some(listener) = &self.listener else { return true };
        for number in 0..ready.max(AT_LEAST) {
            // The first was announced. Of others it is not known that they are there: nobody is closed for them
            // before epoll says so.
            if number > 0 && !self.room.is_free() {
                return false;
            }
            if !self.room.enter() {
                // Their places are free when they have taken notice.
                clients.evict_silent(EVICTED_AT_ONCE);
                clients.note_full();
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
                Failure::Empty => return true,
                Failure::Exhausted => {
                    clients.note_exhaustion();
                    clients.evict_silent(EVICTED_AT_ONCE);
                    return self.shut(State::Exhausted(now + PAUSE));
                }
            }
        }
        false
    }

    /// At the end of a round: opens again when there is room, closes for good when the drain says so.
    pub fn tend(&mut self, clients: &mut Clients, now: Instant) {
        self.reopen(now);
        let Some(listener) = &self.listener else { return };
        let has_come = |moment: Option<Instant>| moment.is_some_and(|moment| now >= moment);
        if self.stop.is_none() && has_come(self.drain.last_call()) {
            // Without it somebody may be reset who comes at the very last moment: no reason not to end.
            let _ = listener.turn_away();
            self.stop = Some(Instant::now() + LAST_CALL);
        }
        if self.is_open() && has_come(self.stop) && self.admit(clients, 0, now) {
            self.listener = None;
        }
    }

    fn reopen(&mut self, now: Instant) {
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

    /// Somebody waits, and has to go on waiting.
    fn shut(&mut self, state: State) -> bool {
        if let Some(listener) = &self.listener
            && self.epoll.remove(listener).is_ok()
        {
            self.state = state;
        }
        false
    }

    fn is_open(&self) -> bool {
        self.state == State::Open
    }

    /// Whether nobody will come any more.
    pub fn is_closed(&self) -> bool {
        self.listener.is_none()
    }

    /// When it is to be tended even if nothing happens.
    pub fn next_change(&self) -> Option<Instant> {
        self.listener.as_ref()?;
        let last_call = self.drain.last_call().filter(|_| self.stop.is_none());
        match self.state {
            State::Open => last_call.or(self.stop),
            State::Full(at) | State::Exhausted(at) => {
                Some(last_call.map_or(at, |last| last.min(at)))
            }
        }
    }
}
