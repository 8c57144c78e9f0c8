//! Taking connections: what an error of accept(2) means, how many there may be, and which is the last.

use super::config::Accept;
use super::shutdown::{Drain, FINAL_ACCEPT};
use crate::sys::sync::lock;
use crate::sys::{EventFd, Listener, Socket};
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// How long to leave the accept queue alone when the process or the machine has run out of something.
/// Without a pause the loop would spin: the queue stays readable.
pub const PAUSE: Duration = Duration::from_millis(50);

/// What a server says that ends because of [`AcceptError::Broken`].
pub const BROKEN: &str = "the listener is broken";

/// How long a client may be silent before its connection is accepted nevertheless, where that is deferred.
pub const DEFERRED: Duration = Duration::from_secs(1);

/// What to do after a failed accept(2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AcceptError {
    /// The queue is empty.
    Empty,
    /// That one connection is gone; the next may be fine. accept(2) also reports errors of the network here.
    Connection,
    /// No descriptors or no memory: connections wait in the queue until some are freed.
    Exhausted,
    /// A security module or a filter of system calls forbids it, perhaps for long: the queue stays ready meanwhile.
    Forbidden,
    /// It is no listener any more: it is always ready, and every call fails. The server has to end.
    Broken,
}

impl AcceptError {
    /// Which of these an error is.
    pub fn of(error: &io::Error) -> Self {
        match error.raw_os_error() {
            Some(libc::EAGAIN) => Self::Empty,
            Some(libc::EMFILE | libc::ENFILE | libc::ENOBUFS | libc::ENOMEM) => Self::Exhausted,
            // EINVAL: shutdown(2) was called, or an operator ended its listening with `ss -K`.
            Some(libc::EBADF | libc::EINVAL | libc::ENOTSOCK) => Self::Broken,
            Some(libc::EPERM | libc::EACCES | libc::ENOSYS) => Self::Forbidden,
            _ => Self::Connection,
        }
    }
}

/// How many connections there may be, and how many there are: one number for all threads of a
/// server, touched when a connection comes or goes and never in between.
#[derive(Debug)]
pub struct ConnectionLimit {
    /// How many places there are.
    pub limit: usize,
    taken: AtomicUsize,
    eviction: Mutex<Eviction>,
    /// Tells the event loops that places are wanted: one that has no silent connection of its own calls the others.
    pub call: EventFd,
}

/// Silent connections that are closed for new ones.
#[derive(Debug, Default)]
struct Eviction {
    /// How many are still to be closed.
    wanted: usize,
    /// How many are being closed, and have their places until their clients have read the end.
    begun: usize,
    /// Of each event loop, by its number: before this moment it has no client that never asked and may be closed.
    loops: Vec<Instant>,
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

    /// So many new connections wait: a silent connection is to be closed for each, less those that are being closed already.
    /// If they wait for a place (`is_full`, and no want of descriptors), only where none has become free meanwhile.
    pub fn want(&self, waiting: usize, is_full: bool) {
        let mut eviction = lock(&self.eviction);
        let waiting = if is_full && self.is_free() { 0 } else { waiting };
        eviction.wanted = waiting.saturating_sub(eviction.begun);
    }

    /// Whether a silent connection is still to be closed.
    pub fn is_wanted(&self) -> bool {
        lock(&self.eviction).wanted > 0
    }

    /// Takes it on to close one, of whichever loop it is: of two loops that see one new connection, only one closes.
    pub fn begin_eviction(&self) -> bool {
        lock(&self.eviction).begin()
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

    /// An event loop that has no connections yet takes part in closing silent ones, from `now` on. Returns its number.
    pub fn add_loop(&self, now: Instant) -> usize {
        let mut eviction = lock(&self.eviction);
        eviction.loops.push(now);
        eviction.loops.len() - 1
    }

    /// The event loop of this `number` has no client that never asked and may be closed before `until`.
    pub fn has_none_before(&self, number: usize, until: Instant) {
        lock(&self.eviction).loops[number] = until;
    }

    /// Takes it on to close the connection of a client that has asked, if at `now` no loop has one that never asked.
    pub fn begin_idle_eviction(&self, now: Instant) -> bool {
        let mut eviction = lock(&self.eviction);
        eviction.loops.iter().all(|until| now < *until) && eviction.begin()
    }
}

impl Eviction {
    fn begin(&mut self) -> bool {
        let is_wanted = self.wanted > 0;
        self.wanted -= usize::from(is_wanted);
        self.begun += usize::from(is_wanted);
        is_wanted
    }
}

/// The end of one listener, which the drain asks for: no connection joins its queue any more, those in it are accepted,
/// and it can close.
#[derive(Debug, Default)]
pub struct FinalAccept {
    /// Since it has begun: when the handshakes that had begun by then have ended, nearly anywhere.
    end: Option<Instant>,
}

impl FinalAccept {
    /// Begins if the drain says so; and then, whether `listener` can close at `now`: none waits, and none will come.
    pub fn is_over(
        &mut self,
        listener: &Listener,
        how: Accept,
        drain: &Drain,
        now: Instant,
    ) -> bool {
        if drain.final_accept().is_none_or(|begins| now < begins) {
            return false;
        }
        let end = *self.end.get_or_insert_with(|| {
            // Without it a client may be reset that comes at the very last moment: no reason not to end.
            let _ = listener.drop_syns();
            // Connections that the kernel keeps back are reset when the listener closes: they are handed over before.
            let deferral = if how == Accept::Deferred { DEFERRED } else { Duration::ZERO };
            Instant::now() + FINAL_ACCEPT + deferral
        });
        now >= end && listener.waiting().unwrap_or(0) == 0
    }

    /// Whether the listener may let in no connection any more.
    pub fn has_begun(&self) -> bool {
        self.end.is_some()
    }

    /// When to look whether it [`is_over`](FinalAccept::is_over), or has to begin.
    pub fn next_change(&self, drain: &Drain) -> Option<Instant> {
        self.end.or(drain.final_accept())
    }

    /// A connection was accepted, perhaps one of those that had begun.
    pub fn on_accepted(&self, socket: &Socket) {
        if self.has_begun() {
            // A connection that has ended already need not hear its client.
            let _ = socket.accept_any_ttl();
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
        limit.want(1, true);
        assert!(limit.begin_eviction());
        limit.want(1, true);
        assert!(!limit.begin_eviction(), "one is being closed");
        limit.cancel_eviction();
        assert!(limit.begin_eviction(), "its client has spoken");
        limit.release();
        limit.end_eviction();
        limit.want(1, true);
        assert!(!limit.is_wanted(), "a place is free");
    }

    #[test]
    fn a_client_that_has_asked_is_closed_when_no_loop_has_one_that_never_asked() {
        let (limit, now) = (ConnectionLimit::new(1).unwrap(), Instant::now());
        let [one, other] = [(); 2].map(|()| limit.add_loop(now));
        assert!(limit.acquire());
        limit.want(1, true);
        limit.has_none_before(one, now + PAUSE);
        assert!(!limit.begin_idle_eviction(now), "the other has not looked");
        limit.has_none_before(other, now + 2 * PAUSE);
        assert!(!limit.begin_idle_eviction(now + PAUSE), "its own may be closed by now");
        limit.has_none_before(one, now + 2 * PAUSE);
        assert!(limit.begin_idle_eviction(now + PAUSE));
    }
}
