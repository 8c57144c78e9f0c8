//! The loop of stage 3, for one of several threads: blocking handlers run elsewhere, and their answers come back.

use crate::blocking_pool::{BlockingPool, Mailbox};
use anyhow::{Context, Result};
use shared::drain::Drain;
use shared::reactor::{Clients, Door};
use shared::start::Common;
use shared::sys::{Epoll, Events, Interest, Listener};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Tokens of what is not a client.
const LISTENER: u64 = u64::MAX;
const DRAIN: u64 = u64::MAX - 1;
const MAILBOX: u64 = u64::MAX - 2;

/// All that the thread waits for.
pub(crate) struct EventLoop {
    epoll: Rc<Epoll>,
    door: Door,
    clients: Clients,
    drain: Arc<Drain>,
    pool: Arc<BlockingPool>,
    mailbox: Arc<Mailbox>,
}

impl EventLoop {
    pub(crate) fn new(
        listener: Listener,
        common: &Common,
        pool: &Arc<BlockingPool>,
    ) -> Result<Self> {
        let epoll = Rc::new(Epoll::new().context("creating an epoll instance")?);
        epoll.add(&common.drain, Interest::READ, DRAIN).context("watching for signals")?;
        let mailbox = Mailbox::new().context("creating a mailbox")?;
        epoll.add(&mailbox.wake, Interest::READ, MAILBOX).context("watching the mailbox")?;
        let door =
            Door::open(listener, &epoll, LISTENER, common).context("watching the listener")?;
        let clients = Clients::new(Rc::clone(&epoll), common);
        Ok(Self {
            epoll,
            door,
            clients,
            drain: Arc::clone(&common.drain),
            pool: Arc::clone(pool),
            mailbox,
        })
    }

    /// Runs until the server has drained.
    pub(crate) fn run(mut self) -> Result<()> {
        let (mut events, mut now) = (Events::with_capacity(1024), Instant::now());
        while !(self.door.is_closed() && self.clients.is_empty()) {
            self.epoll.wait(&mut events, self.patience(now)).context("epoll_wait")?;
            now = self.round(&events, Instant::now());
        }
        Ok(())
    }

    /// Serves those who are ready at `now`, and tells what time it is afterwards.
    fn round(&mut self, events: &Events, now: Instant) -> Instant {
        self.clients.begin_round(now);
        for event in events.iter() {
            match event.token {
                LISTENER => drop(self.door.admit(&mut self.clients, events.len(), now)),
                // The descriptor stays readable for ever; it has told what it had to tell.
                DRAIN => {
                    let _ = self.epoll.remove(&self.drain);
                    self.clients.begin_drain();
                }
                MAILBOX => self.fetch(),
                _ => self.clients.ready(event),
            }
        }
        self.clients.answer();
        while let Some((token, job)) = self.clients.take_job() {
            // It blocks, so it runs elsewhere: this loop goes on, and hears of it by its mailbox.
            if let Err(full) = self.pool.submit(token, job, &self.mailbox) {
                self.clients.complete(token, full);
            }
        }
        self.clients.expire();
        self.door.tend(&mut self.clients, now);
        self.clients.end_round()
    }

    fn fetch(&mut self) {
        for (token, response) in self.mailbox.empty() {
            self.clients.complete(token, response);
        }
    }

    /// How long to sleep if nothing happens: until somebody is late, or the door has to be tended.
    fn patience(&self, now: Instant) -> Option<Duration> {
        let moments = [self.door.next_change(), self.clients.next_deadline()];
        moments.into_iter().flatten().min().map(|moment| moment.saturating_duration_since(now))
    }
}
