//! The load generator: so many clients, each asking again as soon as it is answered (a closed loop).
//!
//! [`head`] and [`response`] find where an answer ends, [`client`] is one client slot, [`worker`] the epoll
//! loop that drives a thread's share of them, [`samples`] what is counted. All connections are opened and
//! warmed up before one shared window opens, and only answers that are completed in it count.

mod client;
pub mod head;
pub mod output;
pub mod response;
pub mod samples;
mod url;
mod worker;

pub use samples::{Errors, Tally};
pub use url::Url;

use crate::interrupt::Interrupt;
use anyhow::{Context, Result, anyhow, bail, ensure};
use response::{Answer, Digest};
use samples::Trouble;
use shared::sys::rlimit;
use std::net::SocketAddr;
use std::sync::atomic::Ordering::{Relaxed, Release};
use std::sync::atomic::{AtomicU64, AtomicUsize};
use std::sync::{Arc, OnceLock};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use worker::Worker;

/// What a correct answer's body is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expect {
    /// Exactly these bytes.
    Body(Vec<u8>),
    /// The same as the first one that comes.
    Same,
    /// Anything that is framed correctly: pages that change from one request to the next.
    Any,
}

/// A load to be put on a server.
#[derive(Clone, Debug)]
pub struct Options {
    /// What is asked for.
    pub url: Url,
    /// Clients, each with one connection at a time.
    pub connections: usize,
    /// Threads of the generator; no more than there are clients are used.
    pub threads: usize,
    /// The window's length.
    pub duration: Duration,
    /// How long the window waits, at most, for every client's first answer.
    pub warm_up: Duration,
    /// How long an answer may take before the client gives up.
    pub timeout: Duration,
    /// One request per connection (`Connection: close`).
    pub close: bool,
    /// Requests sent in one write; the next ones follow when all are answered.
    pub pipeline: usize,
    /// The request's method.
    pub method: String,
    /// Further header fields.
    pub headers: Vec<(String, String)>,
    /// The request's body.
    pub body: Option<String>,
    /// What the answer's body must be.
    pub expect: Expect,
}

impl Options {
    /// `GET url` by so many clients, with the defaults of the command line.
    pub fn get(url: Url, connections: usize, duration: Duration) -> Self {
        Self {
            url,
            connections,
            threads: default_threads(),
            duration,
            warm_up: Duration::from_secs(1),
            timeout: Duration::from_secs(5),
            close: false,
            pipeline: 1,
            method: "GET".to_owned(),
            headers: Vec::new(),
            body: None,
            expect: Expect::Same,
        }
    }

    fn request(&self) -> String {
        let mut request = format!(
            "{} {} HTTP/1.1\r\nHost: {}\r\n",
            self.method, self.url.target, self.url.host
        );
        for (name, value) in &self.headers {
            request += &format!("{name}: {value}\r\n");
        }
        if self.close {
            request += "Connection: close\r\n";
        }
        if let Some(body) = &self.body {
            request += &format!("Content-Length: {}\r\n", body.len());
        }
        request + "\r\n" + self.body.as_deref().unwrap_or_default()
    }
}

/// One thread per core: the server under test needs them too, but so it does on every machine.
pub fn default_threads() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// What a finished load has shown.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The counts of all threads.
    pub tally: Tally,
    /// How long the window was open.
    pub window: Duration,
    /// Whether it was closed early, by a signal.
    pub interrupted: bool,
}

impl Outcome {
    /// Correct answers per second.
    pub fn rps(&self) -> f64 {
        self.tally.requests as f64 / self.window.as_secs_f64().max(f64::MIN_POSITIVE)
    }

    /// CPU of the generator per correct answer.
    pub fn client_cpu(&self) -> Option<Duration> {
        let total: Duration = self.tally.cpu.iter().sum();
        let requests = u32::try_from(self.tally.requests).ok()?;
        total.checked_div(requests)
    }
}

/// What the threads read: the requests, ready to be sent, and what answers must be.
pub(crate) struct Plan {
    address: SocketAddr,
    /// `pipeline` requests, one behind the other.
    requests: Vec<u8>,
    pipeline: usize,
    close: bool,
    bodiless: bool,
    timeout: Duration,
    /// `None`: any body will do.
    expected: Option<OnceLock<Digest>>,
}

impl Plan {
    fn new(options: &Options) -> Self {
        let expected = match &options.expect {
            Expect::Body(body) => Some(OnceLock::from(Digest::of(body))),
            Expect::Same => Some(OnceLock::new()),
            Expect::Any => None,
        };
        Self {
            address: options.url.address,
            requests: options.request().repeat(options.pipeline).into_bytes(),
            pipeline: options.pipeline,
            close: options.close,
            bodiless: options.method == "HEAD",
            timeout: options.timeout,
            expected,
        }
    }

    /// What is wrong with an answer, if anything is. `hashed`: its bytes are known, not only how many.
    fn wrong(&self, answer: &Answer, hashed: bool) -> Option<Trouble> {
        if !(200..300).contains(&answer.status) {
            return Some(Trouble::Status);
        }
        let expected = self.expected.as_ref()?;
        let matches = match (hashed && !self.bodiless, self.bodiless) {
            (true, _) => *expected.get_or_init(|| answer.body) == answer.body,
            (_, true) => true,
            _ => expected
                .get()
                .is_none_or(|body| body.length == answer.body.length),
        };
        (!matches).then_some(Trouble::Body)
    }
}

/// What the threads and the one that watches them share.
pub(crate) struct Shared {
    plan: Plan,
    epoch: Instant,
    /// When the window opens and closes, nanoseconds after `epoch`.
    open: AtomicU64,
    close: AtomicU64,
    /// Client slots that were answered at least once.
    warm: AtomicUsize,
    /// Why the first connect failed that did.
    refusal: OnceLock<String>,
}

impl Shared {
    fn now(&self) -> u64 {
        self.epoch.elapsed().as_nanos() as u64
    }
}

/// A load that is being put on a server. Dropping it ends it.
pub struct Load {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<Result<Tally>>>,
    options: Options,
}

impl Load {
    /// Starts the threads, which open all connections and begin to ask.
    pub fn start(options: &Options) -> Result<Self> {
        check_descriptors(options.connections)?;
        let shared = Arc::new(Shared {
            plan: Plan::new(options),
            epoch: Instant::now(),
            open: AtomicU64::new(u64::MAX),
            close: AtomicU64::new(u64::MAX),
            warm: AtomicUsize::new(0),
            refusal: OnceLock::new(),
        });
        let threads = options.threads.clamp(1, options.connections);
        let start = |index| {
            let (shared, clients) = (
                Arc::clone(&shared),
                share(options.connections, threads, index),
            );
            thread::Builder::new()
                .name(format!("load-{index}"))
                .spawn(move || Worker::new(&shared, clients)?.run())
                .context("cannot start a thread of the generator")
        };
        let threads = (0..threads).map(start).collect::<Result<_>>()?;
        Ok(Self {
            shared,
            threads,
            options: options.clone(),
        })
    }

    /// Waits for every client's first answer, within bounds: clients that a server leaves waiting are
    /// what a run is to show. It is an error when no connection came about at all.
    pub fn warm_up(&self, interrupt: &Interrupt) -> Result<()> {
        let deadline = Instant::now() + self.options.warm_up;
        while self.shared.warm.load(Relaxed) < self.options.connections
            && Instant::now() < deadline
            && !interrupt.wait(Duration::from_millis(2))
        {}
        // The last to be answered are not warm yet: caches, and the server's own start.
        interrupt.wait(self.options.warm_up / 10);
        match self.shared.refusal.get() {
            Some(why) if self.shared.warm.load(Relaxed) == 0 => bail!(
                "no connection to {}: {why}; is a server listening there?",
                self.options.url.address
            ),
            _ => Ok(()),
        }
    }

    /// Opens the window and returns when it closes: after the duration, or at an interrupt.
    pub fn measure(&self, interrupt: &Interrupt) {
        let open = self.shared.now();
        let close = open + self.options.duration.as_nanos() as u64;
        self.shared.close.store(close, Release);
        self.shared.open.store(open, Release);
        if interrupt.wait(self.options.duration) {
            let now = self.shared.now();
            self.shared.close.fetch_min(now.max(open + 1), Release);
        }
    }

    /// Ends the load and adds up what its threads counted.
    pub fn finish(mut self, interrupt: &Interrupt) -> Result<Outcome> {
        let (open, close) = (
            self.shared.open.load(Relaxed),
            self.shared.close.load(Relaxed),
        );
        let mut tally = Tally::new();
        for thread in std::mem::take(&mut self.threads) {
            let counted = thread
                .join()
                .map_err(|_| anyhow!("a thread of the generator panicked"))??;
            tally.merge(&counted);
        }
        Ok(Outcome {
            tally,
            window: Duration::from_nanos(close.saturating_sub(open)),
            interrupted: interrupt.raised(),
        })
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.shared.close.store(0, Release);
    }
}

/// The whole of it: start, warm up, measure, finish.
pub fn run(options: &Options, interrupt: &Interrupt) -> Result<Outcome> {
    let load = Load::start(options)?;
    load.warm_up(interrupt)?;
    load.measure(interrupt);
    load.finish(interrupt)
}

/// How many of `connections` the thread with number `index` drives: the remainder goes to the first ones.
fn share(connections: usize, threads: usize, index: usize) -> usize {
    connections / threads + usize::from(index < connections % threads)
}

/// Every connection takes a descriptor here, and some are open for other purposes.
fn check_descriptors(connections: usize) -> Result<()> {
    let limit = rlimit::raise_open_files().context("cannot read the limit of open files")?;
    ensure!(
        connections as u64 + 64 <= limit,
        "{connections} connections need {} open files and this process may have {limit}; raise the hard limit \
         (ulimit -Hn, as root) or lower -c",
        connections + 64
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_remainder_is_handed_out() {
        for (connections, threads) in [(1, 1), (50, 4), (7, 7), (800, 3), (5, 2)] {
            let shares: Vec<_> = (0..threads)
                .map(|index| share(connections, threads, index))
                .collect();
            assert_eq!(shares.iter().sum::<usize>(), connections);
            assert!(shares.iter().max().unwrap() - shares.iter().min().unwrap() <= 1);
        }
    }

    #[test]
    fn the_request_is_built_once() {
        let url = Url::parse("http://127.0.0.1:1/x?y").unwrap();
        let mut options = Options::get(url, 1, Duration::from_secs(1));
        options.headers.push(("A".to_owned(), "b".to_owned()));
        options.body = Some("hi".to_owned());
        options.close = true;
        options.pipeline = 2;
        let one = "GET /x?y HTTP/1.1\r\nHost: 127.0.0.1:1\r\nA: b\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi";
        assert_eq!(Plan::new(&options).requests, one.repeat(2).as_bytes());
    }
}
