//! One connection served by a thread that waits for it: what stages 1 and 2 have in common.
//!
//! A plain read(2) on a blocking socket would wait as well, but it has no deadline of its own:
//! SO_RCVTIMEO starts anew with every byte, so one byte now and then holds the thread for ever. So the
//! thread waits in poll(2) until the moment that the connection names, and then reads.

mod acceptor;
mod sending;
mod waiting;

pub use acceptor::Acceptor;

use super::config::KeepAlive;
use super::connection::Connection;
use super::context::{ServerContext, ThreadContext};
use crate::http::{Action, Protocol, Service, StepCx};
use crate::sys::poll::{self, Wait};
use crate::sys::{Listener, Socket};
use crate::telemetry::trace::{InstantEvent, Span};
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::Instant;

/// Connections that wait for a thread.
pub trait PendingConnections {
    /// Of a thread that would leave the silent client that it waits for: readable when a connection is there for it.
    type Offer<'a>: AsFd
    where
        Self: 'a;

    /// Whether more wait than threads are free.
    fn has_backlog(&self) -> bool;

    /// This thread would leave its client, until the offer is dropped. A client that never asked is left before one that
    /// `has_asked`.
    fn offer(&self, has_asked: bool) -> io::Result<Self::Offer<'_>>;

    /// It leaves its client, as it was asked to, and will soon be free.
    fn leave(&self, _: Self::Offer<'_>) {}
}

/// The accept queue itself, where one thread does all.
impl PendingConnections for Listener {
    type Offer<'a> = BorrowedFd<'a>;

    fn has_backlog(&self) -> bool {
        poll::wait(&mut [Wait::readable(self.as_fd())], Some(Instant::now())).unwrap_or(false)
    }

    fn offer(&self, _: bool) -> io::Result<BorrowedFd<'_>> {
        Ok(self.as_fd())
    }
}

/// A thread's means of serving one connection after the other.
pub struct Server<'a, P> {
    thread: ThreadContext,
    pending: &'a P,
    input: Box<[u8]>,
    output: Vec<u8>,
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
    pub fn new(context: &ServerContext, pending: &'a P) -> Self {
        let input = vec![0; 16 << 10].into_boxed_slice();
        let thread = ThreadContext::new(context);
        Self { thread, pending, input, output: Vec::new(), connections: 0 }
    }

    /// Serves one connection to its end, and closes it.
    ///
    /// # Errors
    /// Reading, writing or waiting failed: the end of this connection and of nothing else.
    ///
    /// # Panics
    /// As the connection did; by then the connection is closed as any other, and its response is noted.
    pub fn serve(&mut self, socket: Socket) -> io::Result<()> {
        self.thread.clock.read();
        let mut connection = Connection::new(socket, &self.thread);
        let stats = &mut self.thread.stats;
        stats.counters.accepted.add(1);
        stats.set_current(self.connections);
        self.connections += 1;
        stats.instant(InstantEvent::Accepted);
        stats.set_peer(connection.peer());
        // The last connection may have failed before it took all of its responses.
        self.output.clear();
        // Unwind safe: after a panic the connection is closed, and nothing else of it is looked at.
        let result = catch_unwind(AssertUnwindSafe(|| self.converse(&mut connection)));
        self.output.shrink_to(KEPT);
        connection.protocol.finish(&mut self.thread.service());
        // The thread may now wait for long: what was noted of a response that failed is written down.
        self.thread.record_latencies();
        self.thread.stats.instant(InstantEvent::Closed);
        self.thread.stats.counters.closed.add(1);
        result.unwrap_or_else(|panic| resume_unwind(panic))
    }

    fn converse(&mut self, connection: &mut Connection) -> io::Result<()> {
        loop {
            let idle = connection.protocol.is_between_requests().into();
            self.thread.stats.counters.idle.add(idle);
            let woken = self.within(Span::Wait, |server| server.wait(connection));
            self.thread.stats.counters.idle.subtract(idle);
            let woken = woken?;
            self.thread.resume_tick();
            let protocol = &mut connection.protocol;
            let action = match woken {
                Woken::Readable => {
                    self.thread.stats.instant(InstantEvent::Received);
                    self.within(Span::Request, |server| server.receive(connection))?
                }
                Woken::Late => {
                    let is_planned = protocol.is_delayed() || protocol.is_lingering();
                    self.thread.stats.counters.timed_out.add(u64::from(!is_planned));
                    protocol.on_deadline(&mut self.step())
                }
                Woken::Unwanted => protocol.on_deadline(&mut self.step()),
            };
            if !self.perform(connection, action)? {
                return Ok(());
            }
        }
    }

    /// Writes what there is to write and does the `action`, in as many rounds as it takes: a long response
    /// has several, and so has a handler that blocks. Tells whether the connection goes on.
    fn perform(&mut self, connection: &mut Connection, mut action: Action) -> io::Result<bool> {
        loop {
            self.within(Span::Write, |server| server.write(connection))?;
            self.thread.record_latencies();
            let protocol = &mut connection.protocol;
            match action {
                Action::Read | Action::Wait => return Ok(true),
                Action::Write => self.send_file(connection)?,
                // What was made is written; the next step looks whether others wait.
                Action::Yield => {}
                Action::Run => {
                    action = self.run_blocking(protocol);
                    continue;
                }
                Action::Close => return Ok(false),
                Action::Linger => {
                    connection.socket.shutdown_write()?;
                    let (now, server) = (self.thread.clock.read(), &self.thread.server);
                    protocol.linger(&server.args.limits, now, server.drain.end_of_linger());
                    return Ok(true);
                }
            }
            self.thread.resume_tick();
            action = connection.protocol.resume(&mut self.step());
        }
    }

    /// Here a handler may block: this thread has nothing else to do.
    fn run_blocking(&mut self, protocol: &mut Protocol) -> Action {
        let Some(request) = protocol.take_blocking() else { return Action::Wait };
        let result = self.thread.respond_task(request).run(&mut self.thread.stats);
        self.thread.resume_tick();
        result.complete(protocol, &mut self.step())
    }

    /// Does something of which a trace tells when it began and when it ended.
    fn within<T>(&mut self, span: Span, work: impl FnOnce(&mut Self) -> T) -> T {
        self.thread.stats.begin(span);
        let result = work(self);
        self.thread.stats.end(span);
        result
    }

    fn receive(&mut self, connection: &mut Connection) -> io::Result<Action> {
        let length = match connection.socket.read(&mut self.input) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(Action::Read),
            result => result?,
        };
        self.thread.stats.counters.received.add(length as u64);
        let (mut cx, input) = self.step_with_input();
        Ok(match length {
            0 => connection.protocol.end_of_input(&mut cx),
            _ => connection.protocol.receive(&input[..length], &mut cx),
        })
    }

    fn step(&mut self) -> StepCx<'_, impl Service> {
        self.step_with_input().0
    }

    /// Each step looks anew whether others wait, and none takes long: a pipeline of slow requests has its responses one by
    /// one, and ends where others wait or the server drains.
    fn step_with_input(&mut self) -> (StepCx<'_, impl Service>, &[u8]) {
        let is_fair = self.thread.server.args.keep_alive == KeepAlive::Fair;
        let mut cx = self.thread.step(&mut self.output);
        cx.has_backlog = is_fair && self.pending.has_backlog();
        (cx, &self.input)
    }
}
