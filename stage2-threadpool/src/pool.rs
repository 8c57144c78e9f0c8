//! The workers: each waits for one client at a time.

use crate::queue::Queue;
use anyhow::Result;
use shared::server::blocking::Server;
use shared::server::context::ServerContext;
use shared::sys::{Listener, Socket};
use shared::telemetry::metrics::Counters;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::JoinHandle;

/// The threads, and the acceptor's end of their queue.
pub(crate) struct Pool {
    queue: Arc<Queue>,
    workers: Vec<JoinHandle<()>>,
    /// The acceptor's.
    counters: Arc<Counters>,
}

impl Pool {
    /// Starts `threads` workers.
    pub(crate) fn start(threads: usize, context: &ServerContext) -> Result<Self> {
        let queue = Arc::new(Queue::new(threads, context.connections.limit));
        let worker = |number| {
            let (queue, own) = (Arc::clone(&queue), context.clone());
            let work = move || {
                work(&queue, &own);
                Ok(())
            };
            context.spawn(format!("worker-{number}"), work)
        };
        let workers = (0..threads).map(worker).collect::<Result<_>>()?;
        Ok(Self { queue, workers, counters: context.telemetry.metrics().register() })
    }

    /// Gives a connection to the workers, as soon as the queue can take it.
    pub(crate) fn submit(&self, socket: Socket, listener: &Listener) {
        self.queue.push(socket, || listener.waiting().unwrap_or(0), &self.counters);
    }

    /// There are no descriptors for more connections.
    pub(crate) fn evict_one(&self) {
        self.queue.evict_one();
    }

    /// Waits until the queue is empty and every worker has ended.
    pub(crate) fn finish(self) {
        self.queue.close();
        for worker in self.workers {
            // One that panicked has ended the process.
            let _ = worker.join();
        }
    }
}

/// A worker's life: it ends when the queue is closed and empty, and not by a panic, which costs one connection.
fn work(queue: &Queue, context: &ServerContext) {
    let serve_all = || {
        let mut server = Server::new(context, queue);
        while let Some((socket, _place)) = queue.pop() {
            // An error is the end of this connection; the next client knows nothing of it.
            let _ = server.serve(socket);
        }
    };
    // Unwind safe: a new server is made after a panic, and the queue's lock is never held while a client is served.
    while catch_unwind(AssertUnwindSafe(serve_all)).is_err() {}
}
