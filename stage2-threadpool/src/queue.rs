//! The bounded queue between the acceptor and the workers.

#[cfg(test)]
mod tests;

use shared::server::blocking::PendingConnections;
use shared::sys::sync::lock;
use shared::sys::{EventFd, Socket};
use shared::telemetry::metrics::Counters;
use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// Connections that wait for a worker, and what the workers are doing.
pub(crate) struct Queue {
    state: Mutex<State>,
    capacity: usize,
    /// Connections that may be queued and served at once.
    max_open: usize,
    filled: Condvar,
    emptied: Condvar,
    /// Whether more connections wait than workers are free: read at every response, so it takes no lock.
    has_backlog: AtomicBool,
}

struct State {
    sockets: VecDeque<Socket>,
    /// Connections queued or served.
    open: usize,
    free_workers: usize,
    /// A free worker was woken, and has not come yet.
    is_waking: bool,
    /// Calls to workers that would leave their silent clients: clients that never asked, and those that have. The worker
    /// that has offered it first stands in front.
    offers: [VecDeque<Arc<EventFd>>; 2],
    /// Workers that were called from their clients, and have not come yet.
    called: usize,
    /// Connections outside: those in the accept queue, and the one that the acceptor holds while the queue is full.
    waiting: usize,
    closed: bool,
}

/// A worker would leave its silent client, until this is dropped.
pub(crate) struct Offer<'a> {
    queue: &'a Queue,
    call: Arc<EventFd>,
    has_asked: bool,
    is_taken: bool,
}

/// A connection counts as open until this is dropped, however its worker leaves it: by a panic too.
pub(crate) struct Place<'a> {
    queue: &'a Queue,
}

impl Queue {
    /// A queue for so many workers. It holds as many connections as there are workers: a longer one would only make its
    /// last connection wait longer. The others wait in the kernel.
    pub(crate) fn new(workers: usize, max_open: usize) -> Self {
        Self {
            state: Mutex::new(State {
                sockets: VecDeque::with_capacity(workers),
                open: 0,
                free_workers: 0,
                is_waking: false,
                offers: Default::default(),
                called: 0,
                waiting: 0,
                closed: false,
            }),
            capacity: workers,
            max_open,
            filled: Condvar::new(),
            emptied: Condvar::new(),
            has_backlog: AtomicBool::new(false),
        }
    }

    /// Gives a connection to the workers, as soon as the queue can take it. `behind` counts those in the accept queue.
    pub(crate) fn push(&self, socket: Socket, behind: impl Fn() -> usize, counters: &Counters) {
        // Asked before the lock is taken, which the workers need too.
        let mut waiting = behind();
        let mut state = lock(&self.state);
        if self.is_full(&state) {
            state.waiting = 1 + waiting;
            self.update(&mut state);
            let full = |state: &mut State| self.is_full(state);
            state = self.emptied.wait_while(state, full).unwrap_or_else(PoisonError::into_inner);
            waiting = behind();
        }
        state.sockets.push_back(socket);
        state.open += 1;
        // A worker may respond before the next one is accepted: the response must know of those that wait already.
        state.waiting = waiting;
        self.update(&mut state);
        counters.full.add(self.is_full(&state).into());
        self.wake_one(state);
    }

    /// Wakes a free worker if there is a connection for it, unless one is on its way already: that one wakes the next. A
    /// busy worker may be done sooner than a sleeping one can come, and then takes the connection without any sleep. The
    /// lock is given back first: a worker that wakes up and finds it held goes to sleep again.
    fn wake_one(&self, mut state: MutexGuard<'_, State>) {
        let is_needed = !state.sockets.is_empty() && state.free_workers > 0 && !state.is_waking;
        state.is_waking |= is_needed;
        drop(state);
        if is_needed {
            self.filled.notify_one();
        }
    }

    fn is_full(&self, state: &State) -> bool {
        state.sockets.len() >= self.capacity || state.open >= self.max_open
    }

    /// No more connections will come: workers that find none end.
    pub(crate) fn close(&self) {
        lock(&self.state).closed = true;
        self.filled.notify_all();
    }

    /// The next connection; `None` when the queue is closed and empty.
    pub(crate) fn pop(&self) -> Option<(Socket, Place<'_>)> {
        let mut state = lock(&self.state);
        state.free_workers += 1;
        state.called = state.called.saturating_sub(1);
        self.update(&mut state);
        while state.sockets.is_empty() && !state.closed {
            state = self.filled.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.is_waking = false;
        }
        state.free_workers -= 1;
        let was_full = self.is_full(&state);
        let socket = state.sockets.pop_front();
        let is_full = self.is_full(&state);
        self.update(&mut state);
        self.wake_one(state);
        self.notify_acceptor(was_full, is_full);
        socket.map(|socket| (socket, Place { queue: self }))
    }

    /// Wakes the acceptor if a change has made room: it waits only where there was none. The lock is given back before.
    fn notify_acceptor(&self, was_full: bool, is_full: bool) {
        if was_full && !is_full {
            self.emptied.notify_one();
        }
    }

    /// Has a worker leave its silent client, if one would.
    pub(crate) fn evict_one(&self) {
        call_one(&mut lock(&self.state));
    }

    /// After a change: says whether there is a backlog, and if so calls workers from their silent clients, one for each
    /// connection that lacks a thread or a place.
    fn update(&self, state: &mut State) {
        let lack_thread = (state.sockets.len() + state.waiting).saturating_sub(state.free_workers);
        let lack_place = state.waiting.saturating_sub(self.max_open.saturating_sub(state.open));
        let backlog = lack_thread.max(lack_place);
        self.has_backlog.store(backlog > 0, Ordering::Relaxed);
        while state.called < backlog && call_one(state) {}
    }
}

/// Tells whether there was one to call.
fn call_one(state: &mut State) -> bool {
    let Some(call) = state.offers.iter_mut().find_map(VecDeque::pop_front) else { return false };
    call.notify();
    state.called += 1;
    true
}

impl PendingConnections for Queue {
    type Offer<'a> = Offer<'a>;

    fn has_backlog(&self) -> bool {
        self.has_backlog.load(Ordering::Relaxed)
    }

    fn offer(&self, has_asked: bool) -> io::Result<Offer<'_>> {
        let call = Arc::new(EventFd::new()?);
        let mut state = lock(&self.state);
        state.offers[usize::from(has_asked)].push_back(Arc::clone(&call));
        self.update(&mut state);
        Ok(Offer { queue: self, call, has_asked, is_taken: false })
    }

    fn leave(&self, mut offer: Offer<'_>) {
        offer.is_taken = true;
    }
}

impl AsFd for Offer<'_> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.call.as_fd()
    }
}

impl Drop for Offer<'_> {
    fn drop(&mut self) {
        let mut state = lock(&self.queue.state);
        let offers = &mut state.offers[usize::from(self.has_asked)];
        let before = offers.len();
        offers.retain(|call| !Arc::ptr_eq(call, &self.call));
        let is_called = offers.len() == before;
        // Should its client have spoken at the same moment, another one has to go.
        if is_called && !self.is_taken {
            state.called = state.called.saturating_sub(1);
            self.queue.update(&mut state);
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut state = lock(&self.queue.state);
        let was_full = self.queue.is_full(&state);
        state.open -= 1;
        let is_full = self.queue.is_full(&state);
        drop(state);
        self.queue.notify_acceptor(was_full, is_full);
    }
}
