//! The bounded queue between the acceptor and the workers.

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

/// A connection that counts as open until this is dropped, however its worker leaves it: by a panic too.
pub(crate) struct Taken<'a> {
    pub(crate) socket: Socket,
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
    pub(crate) fn pop(&self) -> Option<Taken<'_>> {
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
        self.update(&mut state);
        self.wake_one(state);
        self.notify_acceptor(was_full);
        socket.map(|socket| Taken { socket, queue: self })
    }

    /// There is room again. The acceptor only waits for it where there was none.
    fn notify_acceptor(&self, was_full: bool) {
        if was_full {
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

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        let mut state = lock(&self.queue.state);
        let was_full = self.queue.is_full(&state);
        state.open -= 1;
        drop(state);
        self.queue.notify_acceptor(was_full);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::sys::poll::{self, Wait};
    use shared::telemetry::metrics::Metrics;
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::Barrier;
    use std::time::{Duration, Instant};

    fn socket() -> Socket {
        // Where it leads does not matter: no test reads from it.
        Socket::connect("127.0.0.1:9".parse().unwrap()).unwrap()
    }

    fn is_called(offer: &Offer<'_>) -> bool {
        poll::wait(&mut [Wait::readable(offer.as_fd())], Some(Instant::now())).unwrap()
    }

    #[test]
    fn one_connection_calls_one_worker_from_its_client() {
        let (queue, counters) = (Queue::new(4, 100), Metrics::default().register());
        let offers: Vec<_> = (0..3).map(|_| queue.offer(true).unwrap()).collect();
        let called = |offers: &[Offer<'_>]| offers.iter().filter(|offer| is_called(offer)).count();
        assert_eq!(called(&offers), 0);
        queue.push(socket(), || 0, &counters);
        assert!(queue.has_backlog());
        assert_eq!(called(&offers), 1);
        let later = queue.offer(true).unwrap();
        assert!(!is_called(&later), "the one that was called is enough");
        // Its client has spoken after all, and it stays.
        let (stays, others): (Vec<_>, Vec<_>) = offers.into_iter().partition(is_called);
        drop(stays);
        assert_eq!(called(&others), 1);
        let (leaves, others): (Vec<_>, Vec<_>) = others.into_iter().partition(is_called);
        leaves.into_iter().for_each(|offer| queue.leave(offer));
        assert_eq!(called(&others), 0, "one is on its way");
        assert!(queue.pop().is_some() && !queue.has_backlog());
    }

    #[test]
    fn a_client_that_never_asked_is_left_before_one_that_has() {
        let (queue, counters) = (Queue::new(4, 100), Metrics::default().register());
        let offers = [true, false, true, false].map(|has_asked| queue.offer(has_asked).unwrap());
        let called: Vec<_> = (0..4)
            .map(|_| {
                queue.push(socket(), || 0, &counters);
                offers.each_ref().map(|offer| u8::from(is_called(offer)))
            })
            .collect();
        assert_eq!(called, [[0, 1, 0, 0], [0, 1, 0, 1], [1, 1, 0, 1], [1, 1, 1, 1]]);
    }

    #[test]
    fn connections_behind_the_one_that_takes_the_last_place_are_a_backlog() {
        let (queue, counters) = (&Queue::new(8, 1), &Metrics::default().register());
        queue.push(socket(), || 1, counters);
        let taken = queue.pop();
        assert!(taken.is_some() && queue.has_backlog(), "its response says so");
    }

    /// Whether a worker is called sooner or later.
    fn will_be_called(offer: &Offer<'_>) -> bool {
        let late = Instant::now() + Duration::from_secs(10);
        poll::wait(&mut [Wait::readable(offer.as_fd())], Some(late)).unwrap()
    }

    #[test]
    fn as_many_workers_are_called_as_connections_lack_places() {
        let (queue, counters) = (&Queue::new(8, 4), &Metrics::default().register());
        (0..4).for_each(|_| queue.push(socket(), || 0, counters));
        let mut taken: Vec<_> = (0..4).map(|_| queue.pop().unwrap()).collect();
        let offers: Vec<_> = (0..4).map(|_| queue.offer(true).unwrap()).collect();
        std::thread::scope(|scope| {
            // Two wait in the accept queue behind it.
            scope.spawn(|| queue.push(socket(), || 2, counters));
            let called: Vec<_> = offers.iter().take(3).map(will_be_called).collect();
            // The acceptor needs a place, or it waits for ever.
            taken.pop();
            assert_eq!(called, [true; 3]);
            assert!(!is_called(&offers[3]));
        });
    }

    #[test]
    fn a_connection_that_comes_while_a_worker_is_on_its_way_has_another_called() {
        let (queue, counters) = (&Queue::new(8, 1), &Metrics::default().register());
        queue.push(socket(), || 0, counters);
        let (first, offer) = (queue.pop(), queue.offer(true).unwrap());
        std::thread::scope(|scope| {
            let other = scope.spawn(|| queue.pop());
            while lock(&queue.state).free_workers == 0 {}
            scope.spawn(|| (0..2).for_each(|_| queue.push(socket(), || 0, counters)));
            let is_called = will_be_called(&offer);
            queue.leave(offer);
            drop(first);
            let (second, offer) = (other.join().unwrap(), queue.offer(true).unwrap());
            while lock(&queue.state).waiting == 0 {}
            // The worker that was called comes, and waits.
            let worker = scope.spawn(|| queue.pop().is_some());
            let is_called_again = will_be_called(&offer);
            queue.leave(offer);
            drop(second);
            assert!(worker.join().unwrap() && is_called && is_called_again);
        });
    }

    #[test]
    fn a_worker_that_is_woken_wakes_the_next() {
        let (queue, counters) = (&Queue::new(4, 100), &Metrics::default().register());
        // None of them comes back for another one.
        let all_have_come = &Barrier::new(4);
        let work = || {
            let taken = queue.pop();
            all_have_come.wait();
            taken.is_some()
        };
        std::thread::scope(|scope| {
            let workers: Vec<_> = (0..4).map(|_| scope.spawn(work)).collect();
            while lock(&queue.state).free_workers < 4 {}
            (0..4).for_each(|_| queue.push(socket(), || 0, counters));
            assert!(workers.into_iter().all(|worker| worker.join().unwrap()));
        });
        assert!(!lock(&queue.state).is_waking);
    }

    #[test]
    fn a_worker_that_panics_gives_its_connection_s_place_back() {
        let (queue, counters) = (&Queue::new(4, 1), Metrics::default().register());
        std::thread::scope(|scope| {
            let fails = || {
                let taken = queue.pop();
                assert!(taken.is_none(), "a bug in a worker");
            };
            let worker = scope.spawn(move || {
                for _ in 0..3 {
                    assert!(catch_unwind(AssertUnwindSafe(fails)).is_err());
                }
            });
            // Each push returns when the queue can take another: the limit is one.
            (0..3).for_each(|_| queue.push(socket(), || 0, &counters));
            worker.join().unwrap();
        });
        assert_eq!(lock(&queue.state).open, 0);
    }
}
