//! All clients of one event loop, and the four steps of its round.

mod leaving;
mod reading;
mod writing;

use super::client::Client;
use super::table::{Table, Token};
use crate::accept::Room;
use crate::args::KeepAlive;
use crate::clock::Clock;
use crate::drain::Drain;
use crate::http::{Connection, Done, Job, Next, Turn};
use crate::limits::SLICE;
use crate::meter::Meter;
use crate::service::Service;
use crate::start::Common;
use crate::sys::{Epoll, Interest, Socket};
use crate::trace::{Moment, Slice};
use std::collections::VecDeque;
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

/// What is read from one client in one round; the rest is told of again.
const MAX_READ: usize = 64 << 10;

/// Input of one round that may pile up before it is looked at: small, so that it stays in the core's cache.
const MAX_INPUT: usize = 2 * MAX_READ;

/// Output of one round that may pile up before it is written.
const MAX_ROUND: usize = 1 << 20;

/// Bytes of long answers that are made and sent in one round, all clients together: the time that a small
/// answer may have to wait for them. Whoever comes too short goes on in the next round.
const MAX_LONG: usize = 64 << 10;

/// So many bytes of a file take about as long as one that is made: the kernel sends them from where they
/// are, and nobody touches them on the way.
const FILE_BYTES: usize = 16;

/// The clients of one loop. No two loops share any.
pub struct Clients {
    epoll: Rc<Epoll>,
    service: Arc<Service>,
    room: Arc<Room>,
    table: Table<Client>,
    /// How many there have been since memory was given back.
    most: usize,
    drain: Arc<Drain>,
    keep_alive: bool,
    /// One look at the clock for all that are ready.
    clock: Clock,
    meter: Meter,
    /// What was read in this round, one behind the other, and from whom: a client with nothing unfinished
    /// needs no buffer of its own.
    input: Box<[u8]>,
    filled: usize,
    inputs: Vec<(Token, Range<usize>)>,
    /// The answers of this round, one behind the other, and whose they are.
    output: Vec<u8>,
    answers: Vec<(Token, Range<usize>, Next)>,
    /// Jobs that nobody has taken yet.
    jobs: VecDeque<(Token, Box<Job>)>,
    /// Clients whose next requests are here already, and had to leave the loop to others.
    yielded: Vec<Token>,
    /// Clients whose long answers go on when it is their turn again; their sockets have room.
    queue: VecDeque<Token>,
    /// What is left of [`MAX_LONG`] in this round.
    long: usize,
    /// No client is late before this.
    earliest: Option<Instant>,
}

impl Clients {
    /// No clients yet.
    pub fn new(epoll: Rc<Epoll>, common: &Common) -> Self {
        let Common { service, drain, room, keep_alive, .. } = common;
        let mut meter = common.meter();
        meter.begin(Slice::Wait);
        Self {
            epoll,
            service: Arc::clone(service),
            room: Arc::clone(room),
            table: Table::new(),
            most: 0,
            drain: Arc::clone(drain),
            keep_alive: *keep_alive != KeepAlive::Never,
            clock: Clock::new(),
            meter,
            input: vec![0; MAX_INPUT].into_boxed_slice(),
            filled: 0,
            inputs: Vec::new(),
            output: Vec::new(),
            answers: Vec::new(),
            jobs: VecDeque::new(),
            yielded: Vec::new(),
            queue: VecDeque::new(),
            long: MAX_LONG,
            earliest: None,
        }
    }

    /// The same with a clock of the caller's own.
    pub fn with_clock(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A round begins: the loop has woken up at `now`. Pipelines that had to leave it to others go on.
    #[inline]
    pub fn begin_round(&mut self, now: Instant) {
        self.meter.end(Slice::Wait);
        self.begin_tick(now);
        self.long = MAX_LONG;
        if !self.yielded.is_empty() {
            self.resume_yielded();
        }
    }

    fn resume_yielded(&mut self) {
        for token in std::mem::take(&mut self.yielded) {
            self.act(token, |connection, _, turn| connection.resume(turn));
        }
    }

    fn begin_tick(&mut self, now: Instant) {
        self.clock.set(now);
        self.meter.begin_tick(now);
    }

    /// A round ends: the loop goes to sleep. Tells what time it is by now.
    #[inline]
    pub fn end_round(&mut self) -> Instant {
        self.meter.end_tick(&mut self.clock);
        self.meter.begin(Slice::Wait);
        self.clock.now()
    }

    /// Takes in a new connection, for which a place in the room was taken.
    pub fn insert(&mut self, socket: Socket) {
        self.meter.counters.accepted.add(1);
        let connection = Connection::new(&self.service, self.clock.now());
        let client = Client::new(socket, connection);
        self.note(leaving::deadline(&client, &self.service.limits, &self.drain));
        let token = self.table.insert(client);
        self.most = self.most.max(self.len());
        self.meter.attend(token);
        self.meter.moment(Moment::Accepted);
        let Some(client) = self.table.get_mut(token) else {
            return;
        };
        if self.epoll.add(&client.socket, Interest::READ, token).is_err() {
            self.remove(token);
        }
    }

    /// Somebody could not be taken in: there is no place.
    pub fn note_full(&mut self) {
        self.meter.counters.full.add(1);
    }

    /// Somebody could not be taken in for want of descriptors or memory.
    pub fn note_exhaustion(&mut self) {
        self.meter.counters.exhausted.add(1);
    }

    /// For what the stage itself does that takes time.
    pub fn meter(&mut self) -> &mut Meter {
        &mut self.meter
    }

    /// Second and third step: makes the answers to all that was read, then writes them.
    pub fn answer(&mut self) {
        self.understand();
        self.write();
        self.take_turns();
        self.meter.end_tick(&mut self.clock);
    }

    fn write(&mut self) {
        let mut answers = std::mem::take(&mut self.answers);
        for (token, range, next) in answers.drain(..) {
            self.proceed(token, range, next);
        }
        self.answers = answers;
        self.output.clear();
    }

    /// Something that may have to wait, for a client that is still there: run it wherever seems best, and
    /// [`Clients::complete`] it. What a client asks for next is for another round, or one that pipelines would keep all
    /// others out.
    #[inline]
    pub fn take_job(&mut self) -> Option<(u64, Box<Job>)> {
        if self.jobs.is_empty() { None } else { Job::take_next(&mut self.jobs, |(_, job)| job) }
    }

    /// A job is done. The client that it was for may be gone.
    pub fn complete(&mut self, token: u64, done: Done) {
        self.act(token, |connection, _, turn| connection.complete(done, turn));
    }

    /// A handler has held the loop up: looks at the clock before anybody else is said to be late.
    pub fn resume_clock(&mut self) {
        self.meter.end_tick(&mut self.clock);
        let now = self.clock.read();
        self.begin_tick(now);
    }

    fn note_peer(&mut self, token: Token) {
        if self.meter.is_logging()
            && let Some(client) = self.table.get_mut(token)
        {
            self.meter.set_peer(client.socket.peer_addr().ok());
        }
    }

    /// Lets the connection do one thing, its output appended to that of the round.
    fn step(
        &mut self,
        token: Token,
        action: impl FnOnce(&mut Connection, &[u8], &mut Turn<'_>) -> Next,
    ) -> Option<Next> {
        self.note_peer(token);
        let client = self.table.get_mut(token)?;
        let mut turn = Turn {
            service: &self.service,
            since: self.meter.since(),
            clock: &mut self.clock,
            slice: SLICE,
            keep_alive: self.keep_alive,
            has_backlog: false,
            // A handler that ran in this round may have taken so long that a signal has come meanwhile.
            draining: self.drain.has_begun(),
            out: &mut self.output,
            pending: client.pending(),
            meter: &mut self.meter,
        };
        Some(action(&mut client.connection, &self.input, &mut turn))
    }

    /// Lets the connection do one thing, and writes what comes of it at once.
    fn act(
        &mut self,
        token: Token,
        action: impl FnOnce(&mut Connection, &[u8], &mut Turn<'_>) -> Next,
    ) {
        let start = self.output.len();
        if let Some(next) = self.step(token, action) {
            self.proceed(token, start..self.output.len(), next);
        }
        self.output.truncate(start);
    }
}
