//! The event loop of stage 3, for one of several threads: blocking tasks run elsewhere, and their results come back.
//! What is the same stands here again, so that `diff` with stage 3's file shows the pool and the mailbox, and nothing else.

#[cfg(test)]
mod tests;

use crate::blocking_pool::{BlockingPool, Mailbox};
use anyhow::{Context, Result};
use shared::server::context::ServerContext;
use shared::server::deadlines::earlier;
use shared::server::events::{Acceptor, ConnectionSet};
use shared::sys::{Epoll, Events, Interest, Listener};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Tokens of what is not a connection.
const LISTENER: u64 = u64::MAX;
const DRAIN: u64 = u64::MAX - 1;
const MAILBOX: u64 = u64::MAX - 2;

/// All that the thread waits for.
pub(crate) struct EventLoop {
    epoll: Rc<Epoll>,
    acceptor: Acceptor,
    connections: ConnectionSet,
    pool: Arc<BlockingPool>,
    mailbox: Arc<Mailbox>,
}

impl EventLoop {
    pub(crate) fn new(
        listener: Listener,
        context: &ServerContext,
        pool: &Arc<BlockingPool>,
    ) -> Result<Self> {
        let epoll = Rc::new(Epoll::new().context("creating an epoll instance")?);
        epoll.add(&context.drain, Interest::READ, DRAIN).context("watching for signals")?;
        let mailbox = Mailbox::new().context("creating a mailbox")?;
        epoll.add(&mailbox.wake, Interest::READ, MAILBOX).context("watching the mailbox")?;
        let acceptor =
            Acceptor::new(listener, &epoll, LISTENER, context).context("watching the listener")?;
        let connections = ConnectionSet::new(Rc::clone(&epoll), context);
        Ok(Self { epoll, acceptor, connections, pool: Arc::clone(pool), mailbox })
    }

    /// Runs until the server has drained.
    pub(crate) fn run(mut self) -> Result<()> {
        let (mut events, mut now) = (Events::with_capacity(1024), Instant::now());
        while !(self.acceptor.is_closed() && self.connections.is_empty()) {
            self.epoll.wait(&mut events, self.poll_timeout(now)).context("epoll_wait")?;
            now = self.tick(&mut events, Instant::now())?;
        }
        Ok(())
    }

    /// Serves the connections that are ready at `now`, and tells what time it is afterwards.
    fn tick(&mut self, events: &mut Events, now: Instant) -> Result<Instant> {
        self.connections.begin_tick(now);
        if events.len() > 1 && events.iter().any(|event| event.token == LISTENER) {
            // New connections first: a request that has arrived on one of them belongs to this tick, and its time
            // begins now, however long the handlers of the others take.
            self.acceptor.accept_batch(&mut self.connections, events.len(), now)?;
            self.epoll.wait(events, Some(Duration::ZERO)).context("epoll_wait")?;
        }
        for event in events.iter() {
            match event.token {
                LISTENER => self.acceptor.accept_batch(&mut self.connections, events.len(), now)?,
                DRAIN => self.connections.begin_drain(),
                MAILBOX => {
                    for (token, result) in self.mailbox.empty() {
                        self.connections.complete(token, result);
                    }
                }
                // Reads once, or goes on with a write that was short.
                _ => self.connections.on_event(event),
            }
        }
        self.connections.process_requests();
        self.connections.flush();
        self.connections.run_write_queue();
        for (token, task) in self.connections.take_tasks() {
            // It blocks, so it runs elsewhere: this loop goes on, and finds the result in its mailbox.
            if let Err(declined) = self.pool.submit(token, task, &self.mailbox) {
                self.connections.complete(token, declined);
            }
        }
        self.connections.close_late();
        self.acceptor.update(now);
        Ok(self.connections.end_tick())
    }

    /// How long to sleep if no descriptor becomes ready: until a client is late, or the acceptor has something to do.
    fn poll_timeout(&self, now: Instant) -> Option<Duration> {
        earlier(self.acceptor.next_change(), self.connections.next_deadline())
            .map(|moment| moment.saturating_duration_since(now))
    }
}
