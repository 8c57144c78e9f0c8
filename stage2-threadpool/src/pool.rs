//! A bounded queue of connections, and the workers that take them from it.

use anyhow::Result;
use shared::blocking::Server;
use shared::metrics::Counters;
use shared::start::Common;
use shared::sys::{EventFd, Socket};
use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

/// The workers, and the acceptor's end of the queue.
pub(crate) struct Pool {
    queue: Arc<Queue>,
    workers: Vec<JoinHandle<()>>,
}

impl Pool {
    /// Starts `threads` workers. The queue holds as many connections as there are workers: a longer
    /// one would only make its last connection wait longer. The others wait in the kernel.
    pub(crate) fn start(threads: usize, common: &Common) -> Result<Self> {
        let queue = Arc::new(Queue::new(threads, common.room.limit())?);
        let worker = |number| {
            let (queue, own) = (Arc::clone(&queue), common.clone());
            let work = move || {
                work(&queue, &own);
                Ok(())
            };
            common.spawn(format!("worker-{number}"), work)
        };
        let workers = (0..threads).map(worker).collect::<Result<_>>()?;
        Ok(Self { queue, workers })
    }

    /// Gives a connection to the workers, and returns when there is room for another.
    pub(crate) fn submit(&self, socket: Socket, counters: &Counters) {
        self.queue.push(socket, counters);
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

/// A worker's life: it ends when the queue is closed and empty.
fn work(queue: &Queue, common: &Common) {
    let mut server = Server::new(common, &queue.crowded);
    while let Some(socket) = queue.pop() {
        // An error is the end of this connection; the next client knows nothing of it.
        let _ = server.serve(&socket);
        drop(socket);
        queue.done();
    }
}

struct Queue {
    state: Mutex<State>,
    capacity: usize,
    /// Connections that may be queued and served at once.
    room: usize,
    filled: Condvar,
    emptied: Condvar,
    /// Readable while connections wait for which no worker is free: a worker that only keeps an idle
    /// connection company can then leave it (`--keep-alive fair`).
    crowded: EventFd,
}

struct State {
    sockets: VecDeque<Socket>,
    /// Connections queued or served.
    open: usize,
    free_workers: usize,
    closed: bool,
}

impl Queue {
    fn new(capacity: usize, room: usize) -> io::Result<Self> {
        let sockets = VecDeque::with_capacity(capacity);
        let state = Mutex::new(State { sockets, open: 0, free_workers: 0, closed: false });
        let (filled, emptied) = (Condvar::new(), Condvar::new());
        Ok(Self { state, capacity, room, filled, emptied, crowded: EventFd::new()? })
    }

    /// No code that can panic runs under this lock, so a poisoned one is as good as any.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, socket: Socket, counters: &Counters) {
        let mut state = self.lock();
        state.sockets.push_back(socket);
        state.open += 1;
        self.tell_whether_crowded(&state);
        self.filled.notify_one();
        let full =
            |state: &mut State| state.sockets.len() >= self.capacity || state.open >= self.room;
        counters.full.add(full(&mut state).into());
        drop(self.emptied.wait_while(state, full));
    }

    fn done(&self) {
        self.lock().open -= 1;
        self.emptied.notify_one();
    }

    fn pop(&self) -> Option<Socket> {
        let mut state = self.lock();
        state.free_workers += 1;
        let nothing = |state: &mut State| state.sockets.is_empty() && !state.closed;
        let mut state =
            self.filled.wait_while(state, nothing).unwrap_or_else(PoisonError::into_inner);
        state.free_workers -= 1;
        let socket = state.sockets.pop_front();
        self.tell_whether_crowded(&state);
        self.emptied.notify_one();
        socket
    }

    fn close(&self) {
        self.lock().closed = true;
        self.filled.notify_all();
    }

    fn tell_whether_crowded(&self, state: &State) {
        if state.sockets.len() > state.free_workers {
            self.crowded.notify();
        } else {
            self.crowded.clear();
        }
    }
}
