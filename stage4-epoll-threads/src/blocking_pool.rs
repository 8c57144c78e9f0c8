//! Threads for handlers that block, so that no loop ever does.

use shared::http::{Done, Job, Response, Status};
use shared::meter::Meter;
use shared::start::Common;
use shared::sys::EventFd;
use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

/// As many as stage 2 has workers by default, so that the two compare.
const THREADS: usize = 64;

/// Jobs that may wait for a thread. Beyond that an honest "not now" is better than a long wait.
const MAX_WAITING: usize = 1024;

/// The pool. Its threads live as long as the process.
pub(crate) struct BlockingPool {
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
        let pool = Arc::new(Self { waiting: Mutex::default(), filled: Condvar::new() });
        for number in 0..THREADS {
            let (pool, common) = (Arc::clone(&pool), common.clone());
            let work = move || {
                let meter = common.meter();
                // These threads never end: what they held would never be given up, nor the log's last lines written.
                drop(common);
                pool.work(meter);
            };
            thread::Builder::new().name(format!("blocking-{number}")).spawn(work)?;
        }
        Ok(pool)
    }

    /// Runs `job` on some thread, whose answer then lies in `mailbox`; or returns the answer for a pool that is full.
    pub(crate) fn submit(
        &self,
        token: u64,
        job: Box<Job>,
        mailbox: &Arc<Mailbox>,
    ) -> Result<(), Done> {
        let mut waiting = lock(&self.waiting);
        if waiting.len() >= MAX_WAITING {
            let full = "503: too many requests wait for a thread\n";
            let response = Response::new(Status::SERVICE_UNAVAILABLE, full);
            return Err(job.decline(response.with("Retry-After", "1")));
        }
        waiting.push_back(Order { job, token, mailbox: Arc::clone(mailbox) });
        self.filled.notify_one();
        Ok(())
    }

    fn work(&self, mut meter: Meter) {
        loop {
            let nothing = |waiting: &mut VecDeque<Order>| waiting.is_empty();
            let waiting = self.filled.wait_while(lock(&self.waiting), nothing);
            let order = waiting.unwrap_or_else(PoisonError::into_inner).pop_front();
            // The lock is free again here: the handler runs without it.
            if let Some(Order { job, token, mailbox }) = order {
                let done = job.run(&mut meter);
                meter.hand_over();
                mailbox.deliver(token, done);
            }
        }
    }
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
