//! The load generator: clients that send the next request as soon as the response is complete (a closed loop), or at a
//! constant rate.
//!
//! `plan` says what is asked for and what is right, [`head`] and [`response`] find where a response ends, `client` is
//! one client slot, `worker` the event loop that drives a thread's share of them, [`samples`] what is counted. All
//! connections are opened and warmed up before one shared `window` opens, and only responses that are completed in it
//! count.

mod bars;
mod client;
pub mod command;
pub mod condition;
mod connect;
mod counts;
mod digest;
mod dispatch;
mod errors;
pub mod head;
mod idle;
mod outcome;
pub mod output;
mod pace;
mod parts;
mod plan;
mod request;
pub mod response;
pub mod samples;
mod series;
mod think;
mod url;
mod window;
mod worker;

pub use counts::{IdleCounts, Latency, Pacing, Waits};
pub use digest::Digest;
pub use errors::Errors;
pub use outcome::{Figures, Outcome};
pub use plan::{Arrivals, Expect, Options};
pub use samples::Tally;
pub use series::{Second, Series};
pub use think::Think;
pub use url::Url;

use crate::interrupt::Interrupt;
use anyhow::{Context, Result, anyhow, bail, ensure};
use client::Ended;
use idle::IdleClients;
use shared::sys::rlimit;
use std::sync::Arc;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::mpsc::{self, Receiver};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use window::Shared;
use worker::Worker;

/// How often the caller is told the counts so far.
const TELL: Duration = Duration::from_millis(500);
/// How often it is looked whether all requests have come to an end.
const LOOK: Duration = Duration::from_millis(5);
/// How long before the window opens its moment is published: all threads have looked by then.
const LEAD: u64 = 2 * worker::TICK;
/// How long a thread may take to tell what it has counted.
const PART: Duration = Duration::from_millis(200);

/// A load that is being put on a server. Dropping it ends it.
pub struct Load {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<Result<Ended>>>,
    parts: Receiver<Tally>,
    idle: Option<JoinHandle<Result<IdleClients>>>,
}

impl Load {
    /// Starts the threads, which open all connections and begin to send requests.
    ///
    /// # Errors
    /// Too few open files allowed, or a thread that cannot be started.
    pub fn start(options: &Options, interrupt: &Interrupt) -> Result<Self> {
        check_descriptors(options)?;
        let threads = options.threads.clamp(1, options.connections);
        let (tell, parts) = mpsc::channel();
        let shared = Arc::new(Shared::new(options, threads, tell));
        let idle = (options.silent + options.slow > 0)
            .then(|| IdleClients::start(&shared, interrupt))
            .transpose()
            .context("cannot start the thread of the silent clients")?;
        let start = |index| {
            let shared = Arc::clone(&shared);
            thread::Builder::new()
                .name(format!("load-{index}"))
                .spawn(move || {
                    let counted = Worker::new(&shared, threads, index).and_then(Worker::run);
                    shared.running.fetch_sub(1, Release);
                    counted
                })
                .context("cannot start a thread of the generator")
        };
        let threads = (0..threads).map(start).collect::<Result<_>>()?;
        Ok(Self { shared, threads, parts, idle })
    }

    fn options(&self) -> &Options {
        &self.shared.plan.options
    }

    /// Waits for every client's first response, within bounds: clients that a server leaves waiting are what a run is
    /// to show.
    ///
    /// # Errors
    /// When no connection came about at all.
    pub fn warm_up(&self, interrupt: &Interrupt) -> Result<()> {
        let deadline = Instant::now() + self.options().warm_up;
        let is_warm = || self.shared.warm.load(Relaxed) >= self.options().connections;
        while (self.options().whole_warm_up || !is_warm())
            && Instant::now() < deadline
            && !interrupt.wait(Duration::from_millis(2))
        {}
        // The last clients that were served are not warm yet: caches, and the server's own start.
        interrupt.wait(self.options().warm_up / 10);
        self.check_connected()
    }

    fn check_connected(&self) -> Result<()> {
        let Some(why) = self.shared.refused() else { return Ok(()) };
        bail!(
            "no connection to {}: {why}; is a server listening there?",
            self.options().url.address
        )
    }

    /// Opens the window, if it is not open, and returns when it closes: after the duration, when all requests that were asked
    /// for have come to an end, or at an interrupt. Connections stay open until [`Load::finish`].
    pub fn measure(&self, interrupt: &Interrupt) {
        self.measure_and_tell(interrupt, &mut |_, _| {});
    }

    /// The same; about twice a second `tell` is told how long the window has been open, and the counts so far.
    pub fn measure_and_tell(&self, interrupt: &Interrupt, tell: &mut dyn FnMut(Duration, Second)) {
        if self.shared.window().0 == u64::MAX {
            self.open();
        }
        let (open, close) = self.shared.window();
        // Threads that have their requests end by themselves.
        let look = if self.options().requests.is_some() { LOOK } else { TELL };
        let mut told = open;
        loop {
            let now = self.shared.now();
            if now >= close {
                return;
            }
            let is_over = interrupt.wait(look.min(Duration::from_nanos(close - now)));
            if is_over || self.shared.refused().is_some() {
                self.shared.close.fetch_min(self.shared.now().max(open + 1), Release);
                return;
            }
            if self.shared.running.load(Acquire) == 0 {
                self.shared.close.fetch_min(self.shared.last.load(Relaxed).max(open + 1), Release);
                return;
            }
            let now = self.shared.now();
            if now - told >= TELL.as_nanos() as u64 {
                told = now;
                tell(Duration::from_nanos(now - open), self.shared.add(Second::default()));
            }
        }
    }

    /// Opens the window, and returns when it is open: all threads know the moment before it comes.
    pub fn open(&self) {
        let open = self.shared.now() + LEAD;
        let close = open + self.options().duration.as_nanos() as u64;
        self.shared.close.store(close, Release);
        self.shared.open.store(open, Release);
        thread::sleep(Duration::from_nanos(open.saturating_sub(self.shared.now())));
    }

    /// What was counted in the last `window`, which began when the last part was taken, or the window opened. The load
    /// goes on. Threads look every 10 ms whether they are asked; one that does not answer is left out.
    pub fn part(&self, window: Duration) -> Outcome {
        self.shared.asked.fetch_add(1, Release);
        let mut tally = Tally::default();
        for _ in &self.threads {
            if let Ok(part) = self.parts.recv_timeout(PART) {
                tally.merge(&part);
            }
        }
        self.outcome(tally, window, false)
    }

    fn outcome(&self, tally: Tally, window: Duration, interrupted: bool) -> Outcome {
        let think = self.options().think.map(|think| think.mean);
        Outcome { tally, window, think, rate: self.options().rate, interrupted }
    }

    /// Ends the load and adds up what its threads counted.
    ///
    /// # Errors
    /// When a thread of the load failed, or no connection came about at all.
    pub fn finish(mut self, interrupt: &Interrupt) -> Result<Outcome> {
        let (open, close) = self.shared.window();
        let mut tally = Tally::default();
        let threads = std::mem::take(&mut self.threads).into_iter();
        let ended = threads.map(|thread| {
            thread.join().map_err(|_| anyhow!("a thread of the generator panicked"))?
        });
        // A connection that is closed while a thread still runs may set a server free to serve that thread's.
        let ended: Vec<Ended> = ended.collect::<Result<_>>()?;
        ended.iter().for_each(|(counted, _)| tally.merge(counted));
        if let Some(idle) = self.idle.take() {
            let ended =
                idle.join().map_err(|_| anyhow!("the silent clients' thread panicked"))??;
            tally.idle = ended.counts;
        }
        self.check_connected()?;
        let window = Duration::from_nanos(close.saturating_sub(open));
        Ok(self.outcome(tally, window, interrupt.raised()))
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.shared.close.store(0, Release);
    }
}

/// The whole of it: start, warm up, measure, finish.
///
/// # Errors
/// As [`Load::start`], [`Load::warm_up`] and [`Load::finish`].
pub fn run(options: &Options, interrupt: &Interrupt) -> Result<Outcome> {
    let load = Load::start(options, interrupt)?;
    load.warm_up(interrupt)?;
    load.measure(interrupt);
    load.finish(interrupt)
}

/// Every connection takes a descriptor here, and some are open for other purposes.
fn check_descriptors(options: &Options) -> Result<()> {
    let limit = rlimit::raise_open_files().context("cannot read the limit of open files")?;
    let beside = options.silent.saturating_add(options.slow);
    let connections = options.connections.saturating_add(beside) as u64;
    let needed = connections.saturating_add(64);
    ensure!(
        needed <= limit,
        "{connections} connections need {needed} open files and this process may have {limit}; raise the hard limit \
         (ulimit -Hn, as root) or lower -c"
    );
    Ok(())
}
