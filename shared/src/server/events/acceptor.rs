//! The listener of an event loop: watched, paused for a while, or closed for good.

use super::super::accept::{AcceptError, BROKEN, FinalAccept, PAUSE};
use super::super::config::Accept;
use super::super::context::ServerContext;
use super::super::deadlines::earlier;
use super::connection_set::{ConnectionSet, PLACES};
use crate::sys::{Epoll, Interest, Listener};
use anyhow::{Context, Result};
use std::io;
use std::rc::Rc;
use std::time::Instant;

/// Connections that are accepted in one tick at least, however few connections are ready.
const MIN_BATCH: usize = 16;

/// Silent connections that are closed at once, at most, when new ones find no place: one for each.
const EVICTED_AT_ONCE: usize = 16;

/// A listener that epoll watches while there is a place for more connections. Paused, it leaves new connections in the
/// kernel's accept queue: they are not refused, and those that are open are served.
///
/// Invariants:
/// - The listener is watched exactly while the state is `Accepting`.
/// - Every connection that is accepted has acquired a place under the limit before.
/// - Once closed it stays closed, and every connection that the kernel let into the accept queue was accepted before.
///
/// See [`ConnectionSet`] for an example with both.
pub struct Acceptor {
    listener: Option<Listener>,
    epoll: Rc<Epoll>,
    token: u64,
    interest: Interest,
    context: ServerContext,
    state: State,
    final_accept: FinalAccept,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Accepting,
    /// No place. Another thread may free one without this loop hearing of it, and a client
    /// may have been silent for long enough by then, so the acceptor looks again at that moment.
    Full(Instant),
    /// No descriptors, no memory, or no permission: not before that moment.
    Exhausted(Instant),
}

impl Acceptor {
    /// Has epoll watch the listener under `token`.
    ///
    /// # Errors
    /// That of epoll_ctl(2).
    pub fn new(
        listener: Listener,
        epoll: &Rc<Epoll>,
        token: u64,
        context: &ServerContext,
    ) -> io::Result<Self> {
        let interest = match context.args.accept {
            Accept::Exclusive => Interest::READ.exclusive(),
            Accept::Reuseport | Accept::Deferred => Interest::READ,
        };
        epoll.add(&listener, interest, token)?;
        epoll.add(&context.connections.call, Interest::READ.once_each(), PLACES)?;
        Ok(Self {
            listener: Some(listener),
            epoll: Rc::clone(epoll),
            token,
            interest,
            context: context.clone(),
            state: State::Accepting,
            final_accept: FinalAccept::default(),
        })
    }

    /// Accepts as many connections as others are `ready` or resumed in this tick, 16 at least, if there are places: a tick
    /// that serves a thousand takes long, and 16 new ones in each would leave the others in the queue for seconds.
    ///
    /// # Errors
    /// The listener is broken. Any other error of accept(2) is waited for or passed over.
    pub fn accept_batch(
        &mut self,
        connections: &mut ConnectionSet,
        ready: usize,
        now: Instant,
    ) -> Result<()> {
        let (Some(listener), limit) = (&self.listener, &self.context.connections) else {
            return Ok(());
        };
        for number in 0..(ready + connections.resumed).max(MIN_BATCH) {
            if !limit.acquire() {
                // The first was announced. Of others it is not known that they are there: no connection is closed for them
                // before epoll says so.
                if number == 0 {
                    self.wait_for_places(State::Full(now + PAUSE), connections);
                }
                return Ok(());
            }
            let error = match listener.accept() {
                Ok(socket) => {
                    self.final_accept.on_accepted(&socket);
                    connections.insert(socket);
                    continue;
                }
                Err(error) => error,
            };
            limit.release();
            match AcceptError::of(&error) {
                AcceptError::Connection => continue,
                AcceptError::Empty => {}
                AcceptError::Exhausted => {
                    self.wait_for_places(State::Exhausted(now + PAUSE), connections);
                }
                AcceptError::Forbidden => self.pause(State::Exhausted(now + PAUSE)),
                AcceptError::Broken => return Err(error).context(BROKEN),
            }
            return Ok(());
        }
        Ok(())
    }

    /// Pauses, and has a silent connection closed for each connection that waits. Their places, and their descriptors, are
    /// free when their clients have read the end.
    fn wait_for_places(&mut self, state: State, connections: &mut ConnectionSet) {
        let (Some(listener), limit) = (&self.listener, &self.context.connections) else { return };
        let counters = &connections.stats().counters;
        let is_full = matches!(state, State::Full(_));
        if is_full { &counters.full } else { &counters.exhausted }.add(1);
        limit.want(listener.waiting().unwrap_or(1).clamp(1, EVICTED_AT_ONCE), is_full);
        connections.evict_silent();
        if limit.is_wanted() {
            // Places are counted over all loops: another may have the silent connections.
            limit.call.notify();
        }
        self.pause(state);
    }

    /// Leaves those that wait in the queue.
    fn pause(&mut self, state: State) {
        if let Some(listener) = &self.listener
            && self.epoll.remove(listener).is_ok()
        {
            self.state = state;
        }
    }

    /// At the end of a tick: resumes when there is a place, and closes for good when the drain says so.
    pub fn update(&mut self, now: Instant) {
        self.resume(now);
        let ServerContext { args, drain, .. } = &self.context;
        if drain.has_begun()
            && let Some(listener) = &self.listener
            && self.final_accept.is_over(listener, args.accept, drain, now)
        {
            self.listener = None;
        }
    }

    fn resume(&mut self, now: Instant) {
        let Some(listener) = &self.listener else { return };
        let may_resume = match self.state {
            State::Accepting => return,
            State::Full(at) => self.context.connections.is_free() || now >= at,
            State::Exhausted(until) => now >= until,
        };
        if may_resume && self.epoll.add(listener, self.interest, self.token).is_ok() {
            self.state = State::Accepting;
        }
    }

    /// Whether no connection will come any more.
    pub fn is_closed(&self) -> bool {
        self.listener.is_none()
    }

    /// When to call [`Acceptor::update`] even if nothing happens.
    pub fn next_change(&self) -> Option<Instant> {
        self.listener.as_ref()?;
        let change = self.final_accept.next_change(&self.context.drain);
        match self.state {
            State::Accepting => change,
            // Once the final accept has begun, its end has to wait for a place too.
            State::Full(at) | State::Exhausted(at) => {
                earlier(change.filter(|_| !self.final_accept.has_begun()), Some(at))
            }
        }
    }
}
