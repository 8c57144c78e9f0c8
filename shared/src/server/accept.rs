//! Taking connections: what an error of accept(2) means, and how the blocking stages wait for the next one.

use super::shutdown::{Drain, FINAL_ACCEPT};
use crate::sys::sync::lock;
use crate::sys::{Epoll, EventFd, Interest, Listener, Socket, poll};
use crate::telemetry::metrics::Counters;
use std::io;
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// How long to leave the accept queue alone when the process or the machine has run out of something.
/// Without a pause the loop would spin: the queue stays readable.
pub const PAUSE: Duration = Duration::from_millis(50);

/// What to do after a failed accept(2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AcceptError {
    /// The queue is empty.
    Empty,
    /// That one connection is gone; the next may be fine. accept(2) also reports errors of the network here.
    Connection,
    /// No descriptors or no memory: connections wait in the queue until some are freed.
    Exhausted,
}

impl AcceptError {
    /// Which of the three an error is. None of them ends a server.
    pub fn of(error: &io::Error) -> Self {
        match error.raw_os_error() {
            Some(libc::EAGAIN) => Self::Empty,
            Some(libc::EMFILE | libc::ENFILE | libc::ENOBUFS | libc::ENOMEM) => Self::Exhausted,
            _ => Self::Connection,
        }
    }
}

/// How many connections there may be, and how many there are: one number for all threads of a
/// server, touched when a connection comes or goes and never in between.
#[derive(Debug)]
pub struct ConnectionLimit {
    limit: usize,
    taken: AtomicUsize,
    eviction: Mutex<Eviction>,
    /// Tells the event loops that places are wanted.
    call: EventFd,
}

/// Silent connections that are closed for new ones.
#[derive(Debug, Default)]
struct Eviction {
    /// How many are still to be closed.
    wanted: usize,
    /// How many are being closed, and have their places until their clients have read the end.
    begun: usize,
}

impl ConnectionLimit {
    /// A limit of `limit` connections, at least one.
    ///
    /// # Errors
    /// There is no descriptor left.
    pub fn new(limit: usize) -> io::Result<Arc<Self>> {
        let (limit, taken, eviction) = (limit.max(1), AtomicUsize::new(0), Mutex::default());
        Ok(Arc::new(Self { limit, taken, eviction, call: EventFd::new()? }))
    }

    /// Takes a place, if there is one.
    pub fn acquire(&self) -> bool {
        let next = |taken| (taken < self.limit).then_some(taken + 1);
        self.taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).is_ok()
    }

    /// Gives a place back.
    pub fn release(&self) {
        self.taken.fetch_sub(1, Ordering::Relaxed);
    }

    /// Whether there is a place just now.
    pub fn is_free(&self) -> bool {
        self.taken.load(Ordering::Relaxed) < self.limit
    }

    /// So many new connections wait for places, if there is none: a silent connection is to be closed for each, less those
    /// that are being closed already.
    pub fn want(&self, waiting: usize) {
        let mut eviction = lock(&self.eviction);
        let waiting = if self.is_free() { 0 } else { waiting };
        eviction.wanted = waiting.saturating_sub(eviction.begun);
    }

    /// Whether a silent connection is still to be closed.
    pub fn is_wanted(&self) -> bool {
        lock(&self.eviction).wanted > 0
    }

    /// Takes it on to close one, of whichever loop it is: of two loops that see one new connection, only one closes.
    pub fn begin_eviction(&self) -> bool {
        let mut eviction = lock(&self.eviction);
        let is_wanted = eviction.wanted > 0;
        eviction.wanted -= usize::from(is_wanted);
        eviction.begun += usize::from(is_wanted);
        is_wanted
    }

    /// The client has spoken after all: another connection is to be closed.
    pub fn cancel_eviction(&self) {
        let mut eviction = lock(&self.eviction);
        eviction.wanted += 1;
        eviction.begun -= 1;
    }

    /// The connection has ended. Its place is released before this: a thread that no longer counts it as being closed finds
    /// the place free.
    pub fn end_eviction(&self) {
        lock(&self.eviction).begun -= 1;
    }

    /// The loop that waits in `epoll` is told under `token` when another loop finds no silent connection of its own.
    ///
    /// # Errors
    /// That of epoll_ctl(2).
    pub fn watch(&self, epoll: &Epoll, token: u64) -> io::Result<()> {
        epoll.add(&self.call, Interest::READ.once_each(), token)
    }

    /// Calls all loops that watch.
    pub fn call(&self) {
        self.call.notify();
    }

    /// How many places there are.
    pub fn limit(&self) -> usize {
        self.limit
    }
}

/// The next connection for a thread that served another one until now: a client that has connected meanwhile had to wait.
///
/// # Errors
/// As [`next`].
pub fn next_in_line(
    listener: &Listener,
    drain: &Drain,
    counters: &Counters,
) -> io::Result<Option<Socket>> {
    if !drain.has_begun()
        && let Ok(socket) = listener.accept()
    {
        counters.full.add(1);
        return Ok(Some(socket));
    }
    // An error, if it stays, is met again there.
    next(listener, drain, counters, || {})
}

/// From now on no connection joins the queue of `listener`, but for those that have begun. Tells when these have come.
pub fn begin_final_accept(listener: &Listener) -> Instant {
    // Without it a client may be reset that comes at the very last moment: no reason not to end.
    let _ = listener.drop_syns();
    // Connections that the kernel keeps back are reset when the listener closes: they are handed over before.
    Instant::now() + FINAL_ACCEPT + listener.deferral()
}

/// Sleeps until a connection comes and takes it. `None`: the server is to end, and no connection waits any more. `evict_one` is
/// called when there are no descriptors or there is no memory for it.
///
/// # Errors
/// That of poll(2). An error of accept(2) ends no server: it is waited for or passed over.
pub fn next(
    listener: &Listener,
    drain: &Drain,
    counters: &Counters,
    evict_one: impl Fn(),
) -> io::Result<Option<Socket>> {
    let mut stop = None;
    loop {
        let final_accept = drain.final_accept();
        if stop.is_none() && final_accept.is_some_and(|final_accept| Instant::now() >= final_accept)
        {
            stop = Some(begin_final_accept(listener));
        }
        let mut waits =
            [poll::Wait::readable(listener.as_fd()), poll::Wait::readable(drain.as_fd())];
        // Once the drain has begun its descriptor is always ready: from then on, wait for the listener alone.
        let count = if final_accept.is_some() { 1 } else { 2 };
        poll::wait(&mut waits[..count], stop.or(final_accept))?;
        if !waits[0].is_ready() {
            if stop.is_some_and(|stop| Instant::now() >= stop) {
                return Ok(None);
            }
            continue;
        }
        match listener.accept() {
            Ok(socket) => return Ok(Some(socket)),
            Err(error) if AcceptError::of(&error) == AcceptError::Exhausted => {
                counters.exhausted.add(1);
                evict_one();
                thread::sleep(PAUSE);
            }
            Err(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_loops_that_see_one_new_connection_close_one() {
        let limit = ConnectionLimit::new(1).unwrap();
        assert!(limit.acquire());
        limit.want(1);
        assert!(limit.begin_eviction());
        limit.want(1);
        assert!(!limit.begin_eviction(), "one is being closed");
        limit.cancel_eviction();
        assert!(limit.begin_eviction(), "its client has spoken");
        limit.release();
        limit.end_eviction();
        limit.want(1);
        assert!(!limit.is_wanted(), "a place is free");
    }
}
