//! All clients of one event loop, and the four steps of its round.

mod writing;

use super::client::{Client, Then};
use super::table::{Table, Token};
use crate::accept::Room;
use crate::args::KeepAlive;
use crate::drain::Drain;
use crate::http::{Connection, DateLine, Job, Next, Response, Turn};
use crate::meter::Meter;
use crate::service::Service;
use crate::start::Common;
use crate::sys::{Epoll, Event, Interest, Socket};
use crate::trace::{Moment, Slice};
use std::io;
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Output of one round that may pile up before it is written.
const MAX_ROUND: usize = 1 << 20;

/// A client that asked less than this ago is not closed to make room.
const MIN_IDLE: Duration = Duration::from_secs(1);

/// Bytes of long answers that are made and sent in one round, all clients together. Whoever comes too
/// short is told of again in the next round, after those who only want a small answer.
const MAX_LONG: usize = 1 << 20;

/// The clients of one loop. No two loops share any.
pub struct Clients {
    epoll: Rc<Epoll>,
    service: Arc<Service>,
    room: Arc<Room>,
    table: Table<Client>,
    drain: Arc<Drain>,
    keep_alive: bool,
    /// The moment of this round: one look at the clock for all that are ready.
    now: Instant,
    date: DateLine,
    meter: Meter,
    /// What is read, from whomever: a client with nothing unfinished needs no buffer of its own.
    input: Box<[u8]>,
    /// The answers of this round, one behind the other, and whose they are.
    output: Vec<u8>,
    answers: Vec<(Token, Range<usize>, Next)>,
    jobs: Vec<(Token, Box<Job>)>,
    /// What is left of [`MAX_LONG`] in this round.
    long: usize,
    /// No client is late before this.
    earliest: Option<Instant>,
}

impl Clients {
    /// No clients yet.
    pub fn new(epoll: Rc<Epoll>, common: &Common) -> Self {
        let Common { service, drain, room, keep_alive, .. } = common;
        let (now, meter) = (Instant::now(), common.meter());
        Self {
            epoll,
            service: Arc::clone(service),
            room: Arc::clone(room),
            table: Table::new(),
            drain: Arc::clone(drain),
            keep_alive: *keep_alive != KeepAlive::Never,
            now,
            date: DateLine::new(now),
            meter,
            input: vec![0; 64 << 10].into_boxed_slice(),
            output: Vec::new(),
            answers: Vec::new(),
            jobs: Vec::new(),
            long: MAX_LONG,
            earliest: None,
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A round begins: looks at the clock.
    pub fn begin_round(&mut self, now: Instant) {
        self.meter.end(Slice::Wait);
        self.now = now;
        self.long = MAX_LONG;
        self.date.refresh(now);
    }

    /// A round ends: the loop goes to sleep.
    pub fn end_round(&mut self) {
        self.meter.begin(Slice::Wait);
    }

    /// Takes in a new connection, for which a place in the room was taken.
    pub fn insert(&mut self, socket: Socket) {
        self.meter.counters.accepted.add(1);
        let connection = Connection::new(&self.service, self.now);
        self.note(connection.deadline());
        let token = self.table.insert(Client::new(socket, connection));
        self.meter.attend(token);
        self.meter.moment(Moment::Accepted);
        let Some(client) = self.table.get_mut(token) else {
            return;
        };
        if self.epoll.add(&client.socket, Interest::READ, token).is_err() {
            self.remove(token);
        }
    }

    /// Somebody could not be taken in for want of descriptors or memory.
    pub fn note_exhaustion(&mut self) {
        self.meter.counters.exhausted.add(1);
    }

    /// Closes up to `count` clients that have been idle longest, and says how many. A newcomer who asks
    /// is worth more than somebody who may never ask again; but one who asked a moment ago probably will.
    pub fn evict_idle(&mut self, count: usize) -> usize {
        let idle_timeout = self.service.limits.idle_timeout;
        // An idle client's deadline tells since when it is idle.
        let newest = self.now + idle_timeout.saturating_sub(MIN_IDLE);
        let candidate = |(token, client): (Token, &Client)| {
            let idle = client.connection.is_between_requests() && !client.is_waiting_for_room();
            client
                .connection
                .deadline()
                .filter(|deadline| idle && *deadline <= newest)
                .map(|deadline| (deadline, token))
        };
        let mut longest: Vec<_> = self.table.iter().filter_map(candidate).collect();
        longest.sort_unstable();
        longest.truncate(count);
        longest.iter().for_each(|(_, token)| self.remove(*token));
        self.meter.counters.evicted.add(longest.len() as u64);
        longest.len()
    }

    /// First step, for each client that is ready: reads once. What is left in the socket makes epoll
    /// tell again, so no read is wasted on finding out that there is nothing more.
    pub fn ready(&mut self, event: Event) {
        let token = event.token;
        let Some(client) = self.table.get_mut(token) else {
            return;
        };
        if client.is_waiting_for_room() {
            return self.go_on_writing(event);
        }
        if client.then == Then::Busy {
            // It waits for its job. Only the end of the whole connection matters now.
            let lost = event.gone() || client.watch(&self.epoll, token).is_err();
            return if lost {
                self.remove(token)
            };
        }
        if self.meter.is_logging() {
            self.meter.set_peer(client.socket.peer_addr().ok());
        }
        self.meter.attend(token);
        self.meter.begin(Slice::Request);
        self.read(token);
        self.meter.end(Slice::Request);
        if self.output.len() >= MAX_ROUND {
            self.answer();
        }
    }

    fn read(&mut self, token: Token) {
        let Some(client) = self.table.get_mut(token) else { return };
        let length = match client.socket.read(&mut self.input) {
            Ok(length) => length,
            // Ready a moment ago, and not any more: epoll tells again.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
            Err(_) => return self.remove(token),
        };
        self.meter.counters.received.add(length as u64);
        let start = self.output.len();
        let next = self.step(token, |connection, input, turn| match length {
            0 => connection.end_of_input(turn),
            _ => connection.receive(&input[..length], turn),
        });
        if let Some(next) = next {
            self.answers.push((token, start..self.output.len(), next));
        }
    }

    /// For what the stage itself does that takes time.
    pub fn meter(&mut self) -> &mut Meter {
        &mut self.meter
    }

    /// Second step: writes the answers of all that were read from.
    pub fn answer(&mut self) {
        let mut answers = std::mem::take(&mut self.answers);
        for (token, range, next) in answers.drain(..) {
            self.proceed(token, range, next);
        }
        self.answers = answers;
        self.output.clear();
        self.meter.end_round(self.now);
    }

    /// A request for a handler that may block, if there is one: run it wherever seems best, and [`Clients::complete`] it.
    pub fn next_job(&mut self) -> Option<(u64, Box<Job>)> {
        self.jobs.pop()
    }

    /// A job is done. The client that it was for may be gone.
    pub fn complete(&mut self, token: u64, response: Response) {
        self.act(token, |connection, _, turn| connection.complete(response, turn));
    }

    /// Third step: deals with those who are late. All clients are looked at, but only when the
    /// earliest deadline has passed: that costs nothing per request, and needs no ordered structure
    /// to be kept up to date at each.
    pub fn expire(&mut self) {
        if self.earliest.is_none_or(|earliest| self.now < earliest) {
            return;
        }
        let mut late = Vec::new();
        self.earliest = None;
        for (token, client) in self.table.iter() {
            match client.deadline(&self.service.limits) {
                Some(deadline) if deadline <= self.now => late.push(token),
                Some(deadline) if self.earliest.is_none_or(|earliest| deadline < earliest) => {
                    self.earliest = Some(deadline);
                }
                _ => {}
            }
        }
        self.meter.counters.timed_out.add(late.len() as u64);
        for token in late {
            match self.table.get_mut(token) {
                Some(client) if client.is_waiting_for_room() => self.remove(token),
                _ => self.act(token, |connection, _, turn| connection.expire(turn)),
            }
        }
    }

    /// When the loop has to wake up again, as far as the clients are concerned.
    pub fn next_deadline(&self) -> Option<Instant> {
        self.earliest
    }

    fn note(&mut self, deadline: Option<Instant>) {
        if let Some(deadline) = deadline
            && self.earliest.is_none_or(|earliest| deadline < earliest)
        {
            self.earliest = Some(deadline);
        }
    }

    /// Lets the connection do one thing, its output appended to that of the round.
    fn step(
        &mut self,
        token: Token,
        action: impl FnOnce(&mut Connection, &[u8], &mut Turn<'_>) -> Next,
    ) -> Option<Next> {
        let client = self.table.get_mut(token)?;
        let mut turn = Turn {
            service: &self.service,
            now: self.now,
            date: &self.date,
            keep_alive: self.keep_alive,
            // A handler that ran in this round may have taken so long that a signal has come meanwhile.
            draining: self.drain.has_begun(),
            out: &mut self.output,
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

    /// Closing the socket takes it out of epoll too.
    fn remove(&mut self, token: Token) {
        if self.table.remove(token).is_some() {
            self.room.leave();
            self.meter.attend(token);
            self.meter.moment(Moment::Closed);
            self.meter.counters.closed.add(1);
        }
    }
}
