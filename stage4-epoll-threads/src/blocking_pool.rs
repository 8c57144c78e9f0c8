//! Threads for what blocks, so that no loop ever does.

use shared::http::{Done, Job, Lane, Response, Status};
use shared::meter::Meter;
use shared::start::Common;
use shared::sys::EventFd;
use std::collections::VecDeque;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

/// Threads for handlers: as many as stage 2 has workers by default, so that the two compare.
const HANDLERS: usize = 64;

/// Threads that open and read files. A disk serves a few at once; and a file must not wait for a handler that sleeps.
const FILES: usize = 4;

/// Jobs that may wait for a thread. Beyond that an honest "not now" is better than a long wait.
const MAX_WAITING: usize = 1024;

/// The pool. Its threads live as long as the process.
pub(crate) struct BlockingPool {
    handlers: Queue,
    files: Queue,
}

/// What waits for the threads of one lane.
#[derive(Default)]
struct Queue {
    waiting: Mutex<VecDeque<Order>>,
    filled: Condvar,
}

/// A job, and where its answer goes.
struct Order {
    job: Box<Job>,
    token: u64,
    mailbox: Arc<Mailbox>,
}

impl BlockingPool {
    pub(crate) fn start(common: &Common) -> io::Result<Arc<Self>> {
        let pool = Arc::new(Self { handlers: Queue::default(), files: Queue::default() });
        for (lane, name, count) in
            [(Lane::Handler, "blocking", HANDLERS), (Lane::File, "file", FILES)]
        {
            for number in 0..count {
                let (pool, common) = (Arc::clone(&pool), common.clone());
                let work = move || {
                    let meter = common.meter();
                    // These threads never end: what they held would never be given up, nor the log's last lines written.
                    drop(common);
                    pool.lane(lane).work(meter);
                };
                thread::Builder::new().name(format!("{name}-{number}")).spawn(work)?;
            }
        }
        Ok(pool)
    }

    fn lane(&self, lane: Lane) -> &Queue {
        match lane {
            Lane::Handler => &self.handlers,
            Lane::File => &self.files,
        }
    }

    /// Runs `job` on some thread, whose answer then lies in `mailbox`; or returns the answer for a pool that is full.
    pub(crate) fn submit(
        &self,
        token: u64,
        job: Box<Job>,
        mailbox: &Arc<Mailbox>,
    ) -> Result<(), Done> {
        let mailbox = Arc::clone(mailbox);
        self.lane(job.lane()).push(Order { job, token, mailbox })
    }
}

impl Queue {
    fn push(&self, order: Order) -> Result<(), Done> {
        let mut waiting = lock(&self.waiting);
        if waiting.len() >= MAX_WAITING {
            Job::drop_abandoned(&mut waiting, |order| &order.job);
        }
        if waiting.len() >= MAX_WAITING {
            let full = "503: too many requests wait for a thread\n";
            let response = Response::new(Status::SERVICE_UNAVAILABLE, full);
            return Err(order.job.decline(response.with("Retry-After", "1")));
        }
        waiting.push_back(order);
        self.filled.notify_one();
        Ok(())
    }

    fn work(&self, mut meter: Meter) {
        loop {
            let nothing = |waiting: &mut VecDeque<Order>| waiting.is_empty();
            let waiting = self.filled.wait_while(lock(&self.waiting), nothing);
            let mut waiting = waiting.unwrap_or_else(PoisonError::into_inner);
            let order = Job::take_next(&mut waiting, |order| &order.job);
            // The handler runs without the lock.
            drop(waiting);
            if let Some(Order { job, token, mailbox }) = order {
                // Unwind safe: a handler's own panic is caught further in; of another one only the answer is lost.
                let run = AssertUnwindSafe(|| job.run(&mut meter));
                let done = catch_unwind(run).unwrap_or_else(|_| failed());
                meter.hand_over();
                mailbox.deliver(token, done);
            }
        }
    }
}

fn failed() -> Done {
    Done::Answer(Response::new(Status::INTERNAL_SERVER_ERROR, "500: this request failed\n"))
}

/// Where answers lie until their loop fetches them; the descriptor wakes the loop up.
pub(crate) struct Mailbox {
    answers: Mutex<Vec<(u64, Done)>>,
    pub(crate) wake: EventFd,
}

impl Mailbox {
    pub(crate) fn new() -> io::Result<Arc<Self>> {
        Ok(Arc::new(Self { answers: Mutex::default(), wake: EventFd::new()? }))
    }

    fn deliver(&self, token: u64, done: Done) {
        let mut answers = lock(&self.answers);
        answers.push((token, done));
        // Whoever comes after the first need not wake the loop again.
        if answers.len() == 1 {
            self.wake.notify();
        }
    }

    /// All answers that have come.
    pub(crate) fn empty(&self) -> Vec<(u64, Done)> {
        let mut answers = lock(&self.answers);
        self.wake.clear();
        std::mem::take(&mut answers)
    }
}

/// No code that can panic runs under these locks, so a poisoned one is as good as any.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
