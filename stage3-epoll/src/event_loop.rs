//! The loop: wait for whoever is ready, serve them, wait again.

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

/// All that the thread waits for.
pub(crate) struct EventLoop {
    epoll: Rc<Epoll>,
    door: Door,
    clients: Clients,
    drain: Arc<Drain>,
}

impl EventLoop {
    pub(crate) fn new(listener: Listener, common: &Common) -> Result<Self> {
        let epoll = Rc::new(Epoll::new().context("creating an epoll instance")?);
        epoll.add(&common.drain, Interest::READ, DRAIN).context("watching for signals")?;
        let door =
            Door::open(listener, &epoll, LISTENER, common).context("watching the listener")?;
        let clients = Clients::new(Rc::clone(&epoll), common);
        Ok(Self { epoll, door, clients, drain: Arc::clone(&common.drain) })
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
                _ => self.clients.ready(event),
            }
        }
        self.clients.answer();
        if let Some((token, job)) = self.clients.take_job() {
            // It blocks, and with it everything: there is no other thread. The next one waits for its turn, or those
            // who want no more than a word would wait for all of them.
            let response = job.run(self.clients.meter());
            self.clients.resume_clock();
            self.clients.complete(token, response);
        }
        self.clients.expire();
        self.door.tend(&mut self.clients, now);
        self.clients.end_round()
    }

    /// How long to sleep if nothing happens: until somebody is late, or the door has to be tended.
    fn patience(&self, now: Instant) -> Option<Duration> {
        let moments = [self.door.next_change(), self.clients.next_deadline()];
        moments.into_iter().flatten().min().map(|moment| moment.saturating_duration_since(now))
    }
}
