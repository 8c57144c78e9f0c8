//! Threads for what blocks, so that no loop ever does.

use anyhow::Result;
use shared::http::{BlocksOn, Response, Status};
use shared::server::context::ServerContext;
use shared::server::task::{BlockingTask, TaskResult};
use shared::sys::EventFd;
use shared::sys::sync::lock;
use shared::telemetry::ThreadStats;
use std::collections::VecDeque;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

/// Threads for handlers: as many as stage 2 has workers by default, so that the two compare.
const HANDLERS: usize = 64;

/// Threads that open and read files. A disk serves a few at once; and a file must not wait for a handler that sleeps.
const FILES: usize = 4;

/// Handlers, and files, that may wait for a thread: about as long, since a file takes a thousandth of the time that a
/// handler may. Beyond that an honest 503 is better than a long wait; a client that may have left has it first.
const MAX_HANDLERS: usize = 1024;
const MAX_FILES: usize = 64 << 10;

/// The pool. Its threads live as long as the process.
pub(crate) struct BlockingPool {
    handlers: Queue,
    files: Queue,
}

/// The tasks that wait for the threads of one kind.
struct Queue {
    waiting: Mutex<VecDeque<QueuedTask>>,
    /// How many may wait.
    limit: usize,
    filled: Condvar,
}

/// A task, and where its result goes.
struct QueuedTask {
    task: BlockingTask,
    token: u64,
    mailbox: Arc<Mailbox>,
}

impl BlockingPool {
    /// A pool without threads.
    fn new() -> Self {
        Self { handlers: Queue::new(MAX_HANDLERS), files: Queue::new(MAX_FILES) }
    }

    /// Starts the threads.
    ///
    /// # Errors
    /// There are too many threads, or there is too little memory.
    pub(crate) fn start(context: &ServerContext) -> Result<Arc<Self>> {
        let pool = Arc::new(Self::new());
        for (blocks_on, name, count) in
            [(BlocksOn::Handler, "blocking", HANDLERS), (BlocksOn::Disk, "file", FILES)]
        {
            for number in 0..count {
                let (pool, telemetry) = (Arc::clone(&pool), Arc::clone(&context.telemetry));
                let work = move || pool.queue_for(blocks_on).work(telemetry.thread_stats());
                context.spawn(format!("{name}-{number}"), work)?;
            }
        }
        Ok(pool)
    }

    fn queue_for(&self, blocks_on: BlocksOn) -> &Queue {
        match blocks_on {
            BlocksOn::Handler => &self.handlers,
            BlocksOn::Disk => &self.files,
        }
    }

    /// Runs `task` on some thread, whose result then lies in `mailbox`; or returns the result for a pool that is full.
    pub(crate) fn submit(
        &self,
        token: u64,
        task: BlockingTask,
        mailbox: &Arc<Mailbox>,
    ) -> Result<(), TaskResult> {
        let mailbox = Arc::clone(mailbox);
        self.queue_for(task.blocks_on()).push(QueuedTask { task, token, mailbox })
    }
}

impl Queue {
    fn new(limit: usize) -> Self {
        Self { waiting: Mutex::default(), limit, filled: Condvar::new() }
    }

    fn push(&self, queued: QueuedTask) -> Result<(), TaskResult> {
        let mut waiting = lock(&self.waiting);
        if waiting.len() >= self.limit {
            let Some(other) = BlockingTask::take_doubtful(&mut waiting, |other| &other.task) else {
                return Err(queued.task.decline(full()));
            };
            other.mailbox.deliver(other.token, other.task.decline(full()));
        }
        waiting.push_back(queued);
        // A thread that wakes up and finds the lock held goes to sleep again.
        drop(waiting);
        self.filled.notify_one();
        Ok(())
    }

    fn work(&self, mut stats: ThreadStats) -> ! {
        loop {
            let nothing = |waiting: &mut VecDeque<QueuedTask>| waiting.is_empty();
            let waiting = self.filled.wait_while(lock(&self.waiting), nothing);
            let mut waiting = waiting.unwrap_or_else(PoisonError::into_inner);
            let queued = BlockingTask::take_next(&mut waiting, |queued| &queued.task);
            // The handler runs without the lock.
            drop(waiting);
            if let Some(QueuedTask { task, token, mailbox }) = queued {
                // Unwind safe: a handler's own panic is caught further in; of another panic only the response is lost.
                let run = AssertUnwindSafe(|| task.run(&mut stats));
                let result = catch_unwind(run).unwrap_or_else(|_| failed());
                stats.hand_over();
                mailbox.deliver(token, result);
            }
        }
    }
}

fn full() -> Response {
    let full = "503: too many requests wait for a thread\n";
    Response::new(Status::SERVICE_UNAVAILABLE, full).with("Retry-After", "1")
}

fn failed() -> TaskResult {
    TaskResult::Response(Response::new(Status::INTERNAL_SERVER_ERROR, "500: this request failed\n"))
}

/// Where results lie until their loop fetches them; the descriptor wakes the loop up.
pub(crate) struct Mailbox {
    results: Mutex<Vec<(u64, TaskResult)>>,
    pub(crate) wake: EventFd,
}

impl Mailbox {
    pub(crate) fn new() -> io::Result<Arc<Self>> {
        Ok(Arc::new(Self { results: Mutex::default(), wake: EventFd::new()? }))
    }

    fn deliver(&self, token: u64, result: TaskResult) {
        let mut results = lock(&self.results);
        results.push((token, result));
        // The first wakes the loop, which will find those that come after it.
        if results.len() == 1 {
            self.wake.notify();
        }
    }

    /// All results that have come.
    pub(crate) fn empty(&self) -> Vec<(u64, TaskResult)> {
        let mut results = lock(&self.results);
        self.wake.clear();
        std::mem::take(&mut results)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::telemetry::trace::ConnectionId;

    impl BlockingPool {
        /// A pool that has no threads, and whose queue for handlers is full.
        pub(crate) fn full() -> Arc<Self> {
            let pool = Self::new();
            let mailbox = Mailbox::new().unwrap();
            (0..MAX_HANDLERS).for_each(|_| assert!(push(&pool.handlers, &mailbox).is_ok()));
            Arc::new(pool)
        }
    }

    fn push(queue: &Queue, mailbox: &Arc<Mailbox>) -> Result<(), TaskResult> {
        let task = BlockingTask::read_ahead(Box::new(|| {}), ConnectionId::default());
        queue.push(QueuedTask { task, token: 0, mailbox: Arc::clone(mailbox) })
    }

    /// A thread opens some ten thousand files a second, so that a task behind a thousand others waits for a moment.
    #[test]
    fn many_clients_at_once_may_ask_for_files() {
        let (pool, mailbox) = (BlockingPool::new(), Mailbox::new().unwrap());
        for number in 0..10_000 {
            assert!(push(&pool.files, &mailbox).is_ok(), "{number} wait");
        }
    }

    #[test]
    fn a_client_that_may_have_left_makes_place_for_one_that_is_there() {
        let (pool, mailbox) = (BlockingPool::full(), Mailbox::new().unwrap());
        assert!(push(&pool.handlers, &mailbox).is_err());
        lock(&pool.handlers.waiting)[7].task.presence().set_half_closed();
        assert!(push(&pool.handlers, &mailbox).is_ok());
        assert!(push(&pool.handlers, &mailbox).is_err());
        assert_eq!(lock(&pool.handlers.waiting).len(), MAX_HANDLERS);
    }
}
