//! One connection served by a thread that waits for it: what stages 1 and 2 have in common.
//!
//! A plain read(2) on a blocking socket would wait as well, but it has no deadline of its own:
//! SO_RCVTIMEO starts anew with every byte, so one byte now and then holds the thread for ever. So the
//! thread waits in poll(2) until the moment that the connection names, and then reads.

mod sending;

use crate::args::KeepAlive;
use crate::clock::Clock;
use crate::drain::Drain;
use crate::http::{Connection, Next, Turn};
use crate::limits::SILENCE;
use crate::meter::Meter;
use crate::service::Service;
use crate::start::Common;
use crate::sys::poll::{self, Wait};
use crate::sys::{Listener, Socket, memory};
use crate::trace::{Moment, Slice};
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Connections that wait for a thread.
pub trait PendingConnections {
    /// Of a thread that would leave the silent client that it waits for: readable when a connection is there for it.
    type Offer<'a>: AsFd
    where
        Self: 'a;

    /// Whether more wait than threads are free.
    fn has_backlog(&self) -> io::Result<bool>;

    /// This thread would leave its client, until the offer is dropped.
    fn offer(&self) -> io::Result<Self::Offer<'_>>;
}

/// The accept queue itself, where one thread does all.
impl PendingConnections for Listener {
    type Offer<'a> = BorrowedFd<'a>;

    fn has_backlog(&self) -> io::Result<bool> {
        poll::wait(&mut [Wait::readable(self.as_fd())], Some(Instant::now()))
    }

    fn offer(&self) -> io::Result<BorrowedFd<'_>> {
        Ok(self.as_fd())
    }
}

/// A thread's means of serving one connection after the other.
pub struct Server<'a, P> {
    service: &'a Arc<Service>,
    drain: &'a Drain,
    keep_alive: KeepAlive,
    pending: &'a P,
    input: Box<[u8]>,
    output: Vec<u8>,
    clock: Clock,
    meter: Meter,
    /// How many connections it has served.
    connections: u64,
}

/// Bytes of its output buffer that a thread keeps. A long pipeline of responses needs half a MiB, and with as many for each
/// thread of a pool for ever, one client after the other would make them a leak.
const KEPT: usize = 4 << 10;

/// Why a waiting thread goes on.
enum Woken {
    Readable,
    /// The connection's deadline has passed.
    Late,
    /// The client has been silent for long enough, and its thread is wanted, or the server is to end.
    Unwanted,
}

impl<'a, P: PendingConnections> Server<'a, P> {
    /// `pending` matters to `--keep-alive fair`.
    pub fn new(common: &'a Common, pending: &'a P) -> Self {
        let Common { service, drain, keep_alive, .. } = common;
        let keep_alive = *keep_alive;
        let input = vec![0; 16 << 10].into_boxed_slice();
        let (clock, meter, output) = (Clock::new(), common.meter(), Vec::new());
        Self { service, drain, keep_alive, pending, input, output, clock, meter, connections: 0 }
    }

    /// Serves one connection to its end. An error is the end of this connection and of nothing else.
    pub fn serve(&mut self, socket: &Socket) -> io::Result<()> {
        self.meter.counters.accepted.add(1);
        self.meter.attend(self.connections);
        self.connections += 1;
        self.meter.moment(Moment::Accepted);
        if self.meter.is_logging() {
            self.meter.set_peer(socket.peer_addr().ok());
        }
        // The last connection may have failed before it took all of its answers: they are nobody's now.
        self.output.clear();
        let mut connection = Connection::new(self.service, self.clock.read());
        let result = self.converse(socket, &mut connection);
        memory::shrink(&mut self.output, KEPT);
        connection.finish(&mut self.meter, &self.clock);
        self.meter.moment(Moment::Closed);
        self.meter.counters.closed.add(1);
        result
    }

    fn converse(&mut self, socket: &Socket, connection: &mut Connection) -> io::Result<()> {
        loop {
            let idle = connection.is_between_requests().into();
            self.meter.counters.idle.add(idle);
            let woken = self.within(Slice::Wait, |server| server.wait(socket, connection));
            self.meter.counters.idle.subtract(idle);
            let woken = woken?;
            let now = self.clock.read();
            self.meter.begin_tick(now);
            let next = match woken {
                Woken::Readable => {
                    self.meter.moment(Moment::Received);
                    self.within(Slice::Request, |server| server.receive(socket, connection))?
                }
                Woken::Late => {
                    let is_planned = connection.is_delayed() || connection.is_lingering();
                    self.meter.counters.timed_out.add(u64::from(!is_planned));
                    connection.expire(&mut self.turn(false))
                }
                Woken::Unwanted => connection.expire(&mut self.turn(false)),
            };
            if !self.answer(socket, connection, next)? {
                return Ok(());
            }
        }
    }

    /// Writes what there is to write and does what is `next`, in as many rounds as it takes: a long answer
    /// has several, and so has a handler that blocks. Tells whether the connection goes on.
    fn answer(
        &mut self,
        socket: &Socket,
        connection: &mut Connection,
        mut next: Next,
    ) -> io::Result<bool> {
        loop {
            let file_follows = connection.file().is_some();
            self.within(Slice::Write, |server| server.write(socket, file_follows))?;
            self.meter.end_tick(&mut self.clock);
            next = match next {
                Next::Read | Next::Wait => return Ok(true),
                Next::Write => {
                    self.send_file(socket, connection)?;
                    self.go_on(|connection, turn| connection.resume(turn), connection)
                }
                // No others are kept waiting by this thread.
                Next::Yield => self.go_on(|connection, turn| connection.resume(turn), connection),
                // Here it may block: this thread has nothing else to do.
                Next::Run(job) => {
                    let done = job.run(&mut self.meter);
                    self.go_on(|connection, turn| connection.complete(done, turn), connection)
                }
                Next::Close => return Ok(false),
                Next::Linger => {
                    socket.shutdown_write()?;
                    connection.linger(self.clock.read(), self.drain.end_of_linger());
                    return Ok(true);
                }
            };
        }
    }

    /// Goes on with a connection after something that has taken time.
    fn go_on(
        &mut self,
        step: impl FnOnce(&mut Connection, &mut Turn<'_>) -> Next,
        connection: &mut Connection,
    ) -> Next {
        let now = self.clock.read();
        self.meter.begin_tick(now);
        step(connection, &mut self.turn(false))
    }

    /// Does something of which a trace tells when it began and when it ended.
    fn within<T>(&mut self, slice: Slice, work: impl FnOnce(&mut Self) -> T) -> T {
        self.meter.begin(slice);
        let result = work(self);
        self.meter.end(slice);
        result
    }

    fn wait(&self, socket: &Socket, connection: &Connection) -> io::Result<Woken> {
        if connection.is_silent() {
            return self.wait_in_silence(socket, connection);
        }
        // Inside a request its own deadline is all that counts; a response that is held back waits for nothing else.
        let mut client = [Wait::readable(socket.as_fd())];
        let waits = if connection.is_delayed() { &mut [] } else { &mut client[..] };
        let is_ready = poll::wait(waits, connection.deadline())?;
        Ok(if is_ready { Woken::Readable } else { Woken::Late })
    }

    /// Waits for a client that has nothing to say. poll(2) says that the socket is readable if it is, however much time
    /// has passed: a client that has spoken after all is served.
    fn wait_in_silence(&self, socket: &Socket, connection: &Connection) -> io::Result<Woken> {
        let (deadline, mut offer) = (connection.deadline(), None);
        let mut stays = self.keep_alive != KeepAlive::Fair || !connection.is_between_requests();
        loop {
            let drained = self.end_of_silence(socket, connection);
            let end = earlier(deadline, drained);
            let until = match stays {
                true => end,
                false => earlier(end, self.silent_since(connection).map(|since| since + SILENCE)),
            };
            let mut waits =
                [Wait::readable(socket.as_fd()), Wait::readable(self.drain.as_fd()), Wait::none()];
            if let Some(offer) = &offer {
                waits[2] = Wait::readable(P::Offer::as_fd(offer));
            }
            // Once the drain has begun its descriptor is always ready, and no connection waits for a thread for long.
            let count = if drained.is_some() { 1 } else { waits.len() };
            let is_ready = poll::wait(&mut waits[..count], until)?;
            if waits[0].is_ready() {
                return Ok(Woken::Readable);
            }
            match is_ready {
                true if waits[2].is_ready() => return Ok(Woken::Unwanted),
                true => {}
                false if until == deadline => return Ok(Woken::Late),
                false if until == end => return Ok(Woken::Unwanted),
                false => {
                    // Without a descriptor for it no offer can be made: then the client has all its time.
                    (offer, stays) = (self.pending.offer().ok(), true);
                }
            }
        }
    }

    fn silent_since(&self, connection: &Connection) -> Option<Instant> {
        connection.silent_since(&self.service.limits)
    }

    /// When a silent client is closed because the server is to end. Of one that has waited for this thread until now,
    /// only the kernel knows for how long it has been silent.
    fn end_of_silence(&self, socket: &Socket, connection: &Connection) -> Option<Instant> {
        self.drain.last_call()?;
        let since = self.silent_since(connection)?;
        let waited = socket.silent_for().ok().filter(|_| !connection.is_between_requests());
        let before = waited.and_then(|time| Instant::now().checked_sub(time));
        self.drain.end_of_silence(before.map_or(since, |before| before.min(since)))
    }

    fn receive(&mut self, socket: &Socket, connection: &mut Connection) -> io::Result<Next> {
        let has_backlog = self.keep_alive == KeepAlive::Fair && self.pending.has_backlog()?;
        let mut input = std::mem::take(&mut self.input);
        let next = match socket.read(&mut input) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(Next::Read),
            Err(error) => Err(error),
            Ok(0) => Ok(connection.end_of_input(&mut self.turn(has_backlog))),
            Ok(length) => {
                self.meter.counters.received.add(length as u64);
                Ok(connection.receive(&input[..length], &mut self.turn(has_backlog)))
            }
        };
        self.input = input;
        next
    }

    fn turn(&mut self, has_backlog: bool) -> Turn<'_> {
        Turn {
            service: self.service,
            since: self.meter.since(),
            clock: &mut self.clock,
            slice: Duration::MAX,
            keep_alive: self.keep_alive != KeepAlive::Never,
            has_backlog,
            draining: self.drain.has_begun(),
            out: &mut self.output,
            pending: 0,
            meter: &mut self.meter,
        }
    }
}

fn earlier(one: Option<Instant>, other: Option<Instant>) -> Option<Instant> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}
