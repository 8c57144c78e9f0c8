//! One thread of the generator: an epoll loop over its share of the clients.
//!
//! A request costs one read, one write and its share of one epoll_wait: the next request is written as
//! soon as the response is read, so epoll never has to be told to watch for anything else.

use super::client::{Client, Ended, Known, Reading, Step};
use super::errors::Failure;
use super::pace::Pace;
use super::plan::share;
use super::samples::Tally;
use super::think::Thinkers;
use super::window::Shared;
use crate::numbers;
use anyhow::{Context, Result};
use shared::sys::{Epoll, Events, Interest, client, clock, sched};
use std::io::ErrorKind;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

/// How often time-outs are enforced and failed connects repeated, in nanoseconds. It also bounds how
/// late a thread with nothing to do learns of the window's opening.
pub(super) const TICK: u64 = 10_000_000;
/// Events of one wait. Each call costs the same for one event and for many.
const EVENTS: usize = 1024;
/// One read takes a whole response of any usual size.
const SCRATCH: usize = 64 * 1024;

pub(super) struct Worker<'a> {
    pub(super) shared: &'a Shared,
    pub(super) epoll: Epoll,
    pub(super) clients: Vec<Client>,
    /// At a constant rate: when which request is due.
    pub(super) pace: Option<Pace>,
    /// With think time: when which client will have thought.
    pub(super) thinkers: Option<Thinkers>,
    /// How many requests this thread has yet to send in the window, if not as many as it can.
    pub(super) tickets: Option<usize>,
    /// How long a response may take, in nanoseconds.
    pub(super) timeout: u64,
    scratch: Vec<u8>,
    known: Known,
    /// Slots whose connections are to be replaced at the end of this tick.
    leaving: Vec<usize>,
    pub(super) tally: Tally,
    /// Whether the window has opened, and when it opens and closes, as of the last look.
    pub(super) counting: bool,
    pub(super) open: u64,
    pub(super) close: u64,
    /// The time of the last look at the clock, if one was taken since the last wait.
    pub(super) looked: Option<u64>,
    /// This thread's CPU time when the window opened, or when it last told what it had counted.
    pub(super) cpu_before: Duration,
    /// How often it has told.
    pub(super) told: u64,
}

impl<'a> Worker<'a> {
    /// The thread with number `index` of `threads`.
    pub(super) fn new(shared: &'a Shared, threads: usize, index: usize) -> Result<Self> {
        let (options, bodiless) = (&shared.plan.options, shared.plan.bodiless);
        let clients = share(options.connections, threads, index);
        Ok(Self {
            shared,
            epoll: Epoll::new().context("cannot create an epoll")?,
            clients: (0..clients).map(|_| Client::new(bodiless)).collect(),
            timeout: options.timeout.as_nanos() as u64,
            scratch: vec![0; SCRATCH],
            known: Known::new(),
            leaving: Vec::new(),
            pace: options.rate.map(|rate| Pace::new(rate, options.arrivals, index, threads)),
            thinkers: options.think.map(|think| Thinkers::new(think, numbers::seed())),
            tickets: options.requests.map(|all| share(all as usize, threads, index)),
            tally: Tally::default(),
            counting: false,
            open: u64::MAX,
            close: u64::MAX,
            looked: None,
            cpu_before: Duration::ZERO,
            told: 0,
        })
    }

    /// Runs until the window closes, and returns what it counted, with its connections still open.
    pub(super) fn run(mut self) -> Result<Ended> {
        let mut events = Events::with_capacity(EVENTS);
        let mut next_tick = 0;
        self.choose_schedule();
        loop {
            // The last response came just now: at one connection every other look at the clock is saved.
            let now = self.looked.take().unwrap_or_else(|| self.shared.now());
            if now >= self.close || self.is_done() {
                return self.finish(now);
            }
            if !self.counting && now >= self.open {
                self.count_from_now();
            }
            if now >= next_tick {
                // Without a warm-up clients connect when the window opens.
                if self.counting || !self.shared.plan.options.warm_up.is_zero() {
                    self.tick(now);
                }
                self.tell(now);
                // On time for the next turn of the window: it is published earlier than that.
                let turn = if self.counting { self.close } else { self.open };
                next_tick = turn.min(now + TICK);
            }
            match self.dispatch() {
                Some(due) => {
                    let patience = due.min(next_tick).saturating_sub(self.shared.now());
                    self.epoll.wait_exact(&mut events, Duration::from_nanos(patience))
                }
                None => self.epoll.wait(&mut events, Some(Duration::from_nanos(next_tick - now))),
            }
            .context("epoll_wait")?;
            // Asked after the wait: a response that comes in the window belongs to it, however long this thread was kept from
            // a core since the window was published.
            (self.open, self.close) = self.shared.window();
            self.handle(&events);
        }
    }

    /// The window has opened. What was late before it is forgotten.
    fn count_from_now(&mut self) {
        self.counting = true;
        self.cpu_before = clock::thread_cpu_time();
        if let Some(pace) = &mut self.pace {
            pace.restart(self.open);
        }
    }

    /// Whether there is a number of requests, and this thread's part of them is sent.
    pub(super) fn all_sent(&self) -> bool {
        self.tickets == Some(0)
    }

    /// Whether this thread's part of the requests is sent and has come to an end.
    fn is_done(&self) -> bool {
        self.counting && self.all_sent() && !self.clients.iter().any(Client::is_under_way)
    }

    fn handle(&mut self, events: &Events) {
        for event in events.iter() {
            // A slot has one descriptor and so at most one event: no stale one can follow.
            let slot = event.token as usize;
            // What came is read first: a server that refuses a request before it has the whole says why, and then resets.
            if event.is_readable() {
                self.receive(slot);
            }
            if event.is_writable() && self.clients[slot].written < self.clients[slot].length {
                self.send(slot);
            }
        }
        // The side that closes first keeps the port in TIME_WAIT for a minute. While the other events were handled
        // a server that closes has done so, and a server that waits for its client to close has not waited long.
        while let Some(slot) = self.leaving.pop() {
            self.reopen(slot);
        }
    }

    /// A generator that is woken by the first response pushes the server aside before it wrote the second.
    /// Where both share the cores, waiting for its turn it finds several: a third of its voluntary
    /// context switches, and the CPU per request falls by 8 %; with think time, where each timer would push
    /// the server aside too, by 60 %. At a constant rate being on time matters more; a user who thinks for a moment
    /// longer is none the worse. A sandbox, or a policy that it was started with, may forbid either: then it does without.
    fn choose_schedule(&self) {
        let _ = if self.pace.is_some() { client::exact_timers() } else { sched::batch() };
    }

    /// Writes what is left of the requests.
    pub(super) fn send(&mut self, slot: usize) {
        let client = &mut self.clients[slot];
        let Some(socket) = &client.socket else { return };
        match socket.write(&self.shared.plan.requests[client.written..client.length]) {
            Ok(count) => {
                client.written += count;
                client.stands(self.shared, &mut self.tally);
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(_) if client.awaiting == 0 => return self.reopen(slot),
            Err(error) => {
                let failure = if client.established { Failure::Write } else { Failure::Connect };
                return self.fail(slot, failure, Some(&error));
            }
        }
        self.watch_writes(slot);
        let client = &self.clients[slot];
        if client.awaiting == 0 && client.written == client.length {
            // Its responses came before the server had the whole request.
            self.step(slot, Step::Again, self.shared.now());
        }
    }

    /// Has epoll tell when the socket takes more, if something is left to be sent.
    fn watch_writes(&mut self, slot: usize) {
        let client = &mut self.clients[slot];
        let unsent = client.written < client.length;
        let Some(socket) = client.socket.as_ref().filter(|_| unsent != client.watches_writes)
        else {
            return;
        };
        client.watches_writes = unsent;
        let interest = if unsent { Interest::READ_WRITE } else { Interest::READ };
        if let Err(error) = self.epoll.modify(socket, interest, slot as u64) {
            self.fail(slot, Failure::Write, Some(&error));
        }
    }

    /// Reads once: epoll is level-triggered, and tells again when more is there than one read took.
    fn receive(&mut self, slot: usize) {
        let client = &mut self.clients[slot];
        let Some(socket) = &client.socket else { return };
        let read = socket.read(&mut self.scratch);
        // One look at the clock ends this request and begins the next, which is written below. It also
        // decides whether the response counts: another thread may close the window's last connections, and
        // set a blocking server free to serve ours, before this thread looks at the window again.
        let now = self.shared.now();
        self.looked = Some(now);
        // Too late, although the last tick came before the time-out.
        if client.awaiting > 0 && now.saturating_sub(client.sent_at) >= self.timeout {
            return self.time_out(slot, now);
        }
        let mut reading = Reading {
            now,
            plan: &self.shared.plan,
            known: &mut self.known,
            tally: (!client.extra && (self.open..self.close).contains(&now))
                .then_some(&mut self.tally),
        };
        match read {
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            // No response was waited for: nothing is lost.
            Ok(0) | Err(_) if client.awaiting == 0 => self.reopen(slot),
            Ok(count) => {
                let step = match count {
                    0 => client.end(&mut reading),
                    _ => client.take(&self.scratch[..count], &mut reading),
                };
                self.step(slot, step, now);
            }
            Err(error) => {
                let failure = if client.established { Failure::Read } else { Failure::Connect };
                self.fail(slot, failure, Some(&error));
            }
        }
    }

    /// Does what the bytes, or the connection's end, asked for. Only [`Step::Again`] is on the way of an ordinary request.
    fn step(&mut self, slot: usize, step: Step, now: u64) {
        match step {
            Step::Wait => return,
            Step::Again => {
                self.burn();
                if !self.release(slot) {
                    self.request(slot, now, now);
                }
            }
            Step::Leave => {
                // What is left of the requests is not sent any more.
                self.clients[slot].written = self.clients[slot].length;
                self.return_tickets(slot);
                self.leaving.push(slot);
            }
            Step::Broken(failure) => return self.fail(slot, failure, None),
        }
        self.warmed(slot);
    }

    /// Sends the requests anew, `now`; they are timed from `since`.
    pub(super) fn request(&mut self, slot: usize, now: u64, since: u64) {
        if self.take_tickets(slot, now) {
            self.clients[slot].since = since;
            self.send(slot);
        }
    }

    /// Burns the CPU time that was asked for.
    fn burn(&self) {
        let burden = self.shared.plan.options.burden.as_nanos() as u64;
        if burden == 0 {
            return;
        }
        let until = self.shared.now() + burden;
        while self.shared.now() < until.min(self.shared.close.load(Relaxed)) {
            std::hint::spin_loop();
        }
    }

    /// Tells the others that this slot had its first response.
    fn warmed(&mut self, slot: usize) {
        let client = &mut self.clients[slot];
        if !client.warm {
            client.warm = true;
            self.shared.warm.fetch_add(1, Relaxed);
        }
    }
}
