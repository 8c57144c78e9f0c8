//! One connection served by a thread that waits for it: what stages 1 and 2 have in common.
//!
//! A plain read(2) on a blocking socket would wait as well, but it has no deadline of its own:
//! SO_RCVTIMEO starts anew with every byte, so one byte now and then holds the thread for ever. So the
//! thread waits in poll(2) until the moment that the connection names, and then reads.

mod sending;

use crate::args::KeepAlive;
use crate::drain::Drain;
use crate::http::{Connection, DateLine, Next, Turn};
use crate::meter::Meter;
use crate::service::Service;
use crate::start::Common;
use crate::sys::poll::{self, Wait};
use crate::sys::{EventFd, Listener, Socket};
use crate::trace::{Moment, Slice};
use std::io;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::Instant;

/// Connections that wait for a thread.
pub trait Newcomers: AsFd {
    /// Takes one of them upon itself: of several threads that saw the descriptor ready, one gets `true`.
    fn claim(&self) -> bool;
}

/// The accept queue itself, where one thread does all.
impl Newcomers for Listener {
    fn claim(&self) -> bool {
        true
    }
}

/// A sign that a queue of the server's own has more connections than free threads.
impl Newcomers for EventFd {
    fn claim(&self) -> bool {
        self.clear()
    }
}

/// A thread's means of serving one connection after the other.
pub struct Server<'a, N> {
    service: &'a Arc<Service>,
    drain: &'a Drain,
    keep_alive: KeepAlive,
    newcomers: &'a N,
    input: Box<[u8]>,
    output: Vec<u8>,
    date: DateLine,
    meter: Meter,
    /// How many connections it has served.
    connections: u64,
    /// When what is being answered was read.
    round: Instant,
}

impl<'a, N: Newcomers> Server<'a, N> {
    /// `newcomers` matters to `--keep-alive fair`.
    pub fn new(common: &'a Common, newcomers: &'a N) -> Self {
        let Common { service, drain, keep_alive, .. } = common;
        let keep_alive = *keep_alive;
        let input = vec![0; 16 << 10].into_boxed_slice();
        let (date, meter) = (DateLine::new(Instant::now()), common.meter());
        Self {
            service,
            drain,
            keep_alive,
            newcomers,
            input,
            output: Vec::new(),
            date,
            meter,
            connections: 0,
            round: Instant::now(),
        }
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
        let result = self.converse(socket);
        self.meter.moment(Moment::Closed);
        self.meter.counters.closed.add(1);
        result
    }

    fn converse(&mut self, socket: &Socket) -> io::Result<()> {
        // The last connection may have failed before it took all of its answers: they are nobody's now.
        self.output.clear();
        let mut connection = Connection::new(self.service, Instant::now());
        loop {
            let idle = connection.is_between_requests().into();
            self.meter.counters.idle.add(idle);
            let woken = self.within(Slice::Wait, |server| server.wait(socket, &connection));
            self.meter.counters.idle.subtract(idle);
            let next = match woken? {
                Woken::Readable => {
                    self.meter.moment(Moment::Received);
                    self.within(Slice::Request, |server| server.receive(socket, &mut connection))?
                }
                Woken::Late => {
                    self.meter.counters.timed_out.add(u64::from(!connection.is_delayed()));
                    connection.expire(&mut self.turn())
                }
                Woken::Newcomer => return Ok(()),
            };
            if !self.answer(socket, &mut connection, next)? {
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
            self.meter.end_round(self.round);
            next = match next {
                Next::Read | Next::Wait => return Ok(true),
                Next::Write => {
                    self.send_file(socket, connection)?;
                    connection.resume(&mut self.turn())
                }
                // Here it may block: this thread has nothing else to do.
                Next::Run(job) => {
                    let response = job.run(&mut self.meter);
                    connection.complete(response, &mut self.turn())
                }
                Next::Close => return Ok(false),
                Next::Linger => {
                    socket.shutdown_write()?;
                    connection.linger(Instant::now());
                    return Ok(true);
                }
            };
        }
    }

    /// Does something of which a trace tells when it began and when it ended.
    fn within<T>(&mut self, slice: Slice, work: impl FnOnce(&mut Self) -> T) -> T {
        self.meter.begin(slice);
        let result = work(self);
        self.meter.end(slice);
        result
    }

    fn wait(&self, socket: &Socket, connection: &Connection) -> io::Result<Woken> {
        let mut waits = [Wait::readable(socket.as_fd()), Wait::readable(self.newcomers.as_fd())];
        let gives_way = self.keep_alive == KeepAlive::Fair && connection.is_between_requests();
        let count = match (connection.is_delayed(), gives_way) {
            (true, _) => 0,
            (_, false) => 1,
            (_, true) => 2,
        };
        loop {
            if !poll::wait(&mut waits[..count], connection.deadline())? {
                return Ok(Woken::Late);
            }
            if waits[0].is_ready() {
                return Ok(Woken::Readable);
            }
            if self.newcomers.claim() {
                return Ok(Woken::Newcomer);
            }
        }
    }

    fn receive(&mut self, socket: &Socket, connection: &mut Connection) -> io::Result<Next> {
        let keep_alive = self.may_keep_alive()?;
        let Self { service, drain, input, output, date, meter, round, .. } = self;
        let length = match socket.read(input) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(Next::Read),
            result => result?,
        };
        let now = Instant::now();
        *round = now;
        date.refresh(now);
        meter.counters.received.add(length as u64);
        let mut turn = Turn {
            service,
            now,
            date,
            keep_alive,
            draining: drain.has_begun(),
            out: output,
            pending: 0,
            meter,
        };
        Ok(match length {
            0 => connection.end_of_input(&mut turn),
            _ => connection.receive(&input[..length], &mut turn),
        })
    }

    /// The turn for everything but received bytes.
    fn turn(&mut self) -> Turn<'_> {
        let now = Instant::now();
        self.round = now;
        self.date.refresh(now);
        let keep_alive = self.keep_alive != KeepAlive::Never;
        let draining = self.drain.has_begun();
        Turn {
            service: self.service,
            now,
            date: &self.date,
            keep_alive,
            draining,
            out: &mut self.output,
            pending: 0,
            meter: &mut self.meter,
        }
    }

    fn may_keep_alive(&self) -> io::Result<bool> {
        Ok(match self.keep_alive {
            KeepAlive::Always => true,
            KeepAlive::Never => false,
            KeepAlive::Fair => {
                let mut newcomers = [Wait::readable(self.newcomers.as_fd())];
                !poll::wait(&mut newcomers, Some(Instant::now()))?
            }
        })
    }
}

/// Why a waiting thread goes on.
enum Woken {
    Readable,
    Late,
    Newcomer,
}
