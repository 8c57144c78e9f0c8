//! The listener of a blocking stage: its thread waits for the next connection, and for nothing else.

use super::super::accept::{AcceptError, BROKEN, FinalAccept, PAUSE};
use super::super::context::ServerContext;
use crate::sys::{Listener, Socket, poll};
use crate::telemetry::metrics::Counters;
use anyhow::{Context, Result};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::thread;
use std::time::Instant;

/// Takes one connection after the other, until the server is to end and none waits any more.
pub struct Acceptor<'a> {
    listener: &'a Listener,
    context: &'a ServerContext,
    counters: Arc<Counters>,
    final_accept: FinalAccept,
}

impl<'a> Acceptor<'a> {
    /// Nothing is accepted yet.
    pub fn new(listener: &'a Listener, context: &'a ServerContext) -> Self {
        let counters = context.telemetry.metrics().register();
        Self { listener, context, counters, final_accept: FinalAccept::default() }
    }

    /// The next connection for a thread that served another one until now: a client that has connected meanwhile had to wait.
    ///
    /// # Errors
    /// As [`Acceptor::next`].
    pub fn next_in_line(&mut self) -> Result<Option<Socket>> {
        if !self.context.drain.has_begun()
            && let Ok(socket) = self.listener.accept()
        {
            self.counters.full.add(1);
            return Ok(Some(socket));
        }
        // An error, if it stays, is met again there.
        self.next(|| {})
    }

    /// Sleeps until a connection comes and takes it. `None`: the server is to end, and no connection waits any more.
    /// `evict_one` is called when there are no descriptors or there is no memory for it.
    ///
    /// # Errors
    /// That of poll(2), or the listener is broken. Any other error of accept(2) is waited for or passed over.
    pub fn next(&mut self, evict_one: impl Fn()) -> Result<Option<Socket>> {
        loop {
            if self.is_over() {
                return Ok(None);
            }
            if !self.wait()? {
                continue;
            }
            match self.listener.accept() {
                Ok(socket) => {
                    self.final_accept.on_accepted(&socket);
                    return Ok(Some(socket));
                }
                Err(error) => match AcceptError::of(&error) {
                    AcceptError::Empty | AcceptError::Connection => {}
                    AcceptError::Exhausted => {
                        self.counters.exhausted.add(1);
                        evict_one();
                        thread::sleep(PAUSE);
                    }
                    AcceptError::Forbidden => thread::sleep(PAUSE),
                    AcceptError::Broken => return Err(error).context(BROKEN),
                },
            }
        }
    }

    /// Whether the final accept has begun, and ended.
    fn is_over(&mut self) -> bool {
        let ServerContext { args, drain, .. } = self.context;
        let mut is_over = |now| self.final_accept.is_over(self.listener, args.accept, drain, now);
        drain.has_begun() && is_over(Instant::now())
    }

    /// Whether a connection waits. The drain, and the moments that it has named, end the wait too.
    fn wait(&self) -> Result<bool> {
        let drain = &self.context.drain;
        let mut waits =
            [poll::Wait::readable(self.listener.as_fd()), poll::Wait::readable(drain.as_fd())];
        // Once the drain has begun its descriptor is always ready: from then on, wait for the listener alone.
        let change = self.final_accept.next_change(drain);
        let count = if change.is_some() { 1 } else { 2 };
        poll::wait(&mut waits[..count], change).context("poll")?;
        Ok(waits[0].is_ready())
    }
}
