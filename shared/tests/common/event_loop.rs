//! An event loop, without what no test of it needs.

use anyhow::Result;
use shared::server::context::ServerContext;
use shared::server::events::{Acceptor, ConnectionSet};
use shared::sys::{Epoll, Events, Listener};
use std::rc::Rc;
use std::time::{Duration, Instant};

const LISTENER: u64 = u64::MAX;

/// One of the loops of a server.
pub(crate) struct Loop {
    epoll: Rc<Epoll>,
    events: Events,
    pub(crate) acceptor: Acceptor,
    pub(crate) connections: ConnectionSet,
}

impl Loop {
    pub(crate) fn new(server: &ServerContext, listener: Listener) -> Self {
        let epoll = Rc::new(Epoll::new().unwrap());
        let acceptor = Acceptor::new(listener, &epoll, LISTENER, server).unwrap();
        let connections = ConnectionSet::new(Rc::clone(&epoll), server);
        Self { epoll, events: Events::with_capacity(1024), acceptor, connections }
    }

    /// Waits, `timeout` at most, and serves what is ready then, all of it at `now`. Leaves the write queue to the test.
    /// Returns how many connections it accepted.
    ///
    /// # Errors
    /// The listener is broken.
    pub(crate) fn tick(&mut self, now: Instant, timeout: Option<Duration>) -> Result<usize> {
        self.epoll.wait(&mut self.events, timeout)?;
        self.connections.begin_tick(now);
        let mut accepted = 0;
        for event in self.events.iter() {
            match event.token {
                LISTENER => {
                    let before = self.connections.len();
                    self.acceptor.accept_batch(&mut self.connections, self.events.len(), now)?;
                    accepted += self.connections.len().saturating_sub(before);
                }
                _ => self.connections.on_event(event),
            }
        }
        self.connections.process_requests();
        self.connections.flush();
        self.acceptor.update(now);
        Ok(accepted)
    }
}
