//! What a server promises besides its speed, tried on the running program: HTTP to the letter, nothing
//! lost when it ends, nobody hurt by another client, and everything given back afterwards.
//!
//! Each stage's `tests/suite.rs` calls these with its own program. Nothing here measures: a promise
//! is kept or broken, and never by being slow.

pub mod attack;
pub mod client;
pub mod clients;
pub mod command;
pub mod conformance;
pub mod counters;
pub mod descriptors;
pub mod drain;
pub mod ending;
pub mod fairness;
pub mod good;
pub mod growth;
pub mod handlers;
pub mod hostile;
pub mod keepalive;
pub mod log;
pub mod operator;
pub mod patience;
pub mod random;
pub mod replace;
pub mod rolling_restart;
pub mod siege;
pub mod silence;
pub mod soak;
pub mod tree;
pub mod vitals;

use crate::targets::server::Server;
use crate::terminal;
use anyhow::{Result, anyhow};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

/// How long a promise may take to be kept on a machine that has much else to do. Far beyond what any
/// of them needs: it ends a test that would otherwise hang.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Prints a line of results.
fn say(line: &str) -> Result<()> {
    terminal::print(&format!("{line}\n"))
}

/// Tries each part, `jobs` of them at a time: most of what a promise takes is waiting, which costs no more when many wait
/// together. The first error in the order of the parts is the result.
fn side_by_side<'a, T: Sync>(
    parts: &'a [T],
    jobs: usize,
    attempt: impl Fn(&'a T) -> Result<()> + Sync,
) -> Result<()> {
    let next = AtomicUsize::new(0);
    let work = || {
        let take = || parts.get(next.fetch_add(1, Relaxed));
        std::iter::from_fn(take).try_for_each(&attempt)
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..jobs).map(|_| scope.spawn(work)).collect();
        workers.into_iter().try_for_each(|worker| {
            worker.join().map_err(|_| anyhow!("a part of a promise panicked"))?
        })
    })
}

/// A server program, and how to start it.
#[derive(Clone, Copy, Debug)]
pub struct Stage<'a> {
    program: &'a str,
    flags: &'a [&'a str],
    /// Connections that it serves at once.
    at_once: usize,
}

impl<'a> Stage<'a> {
    /// `flags` are given at every start.
    pub const fn new(program: &'a str, at_once: usize, flags: &'a [&'a str]) -> Self {
        Self { program, flags, at_once }
    }

    /// Starts it on a free port.
    pub fn start(&self, more: &[&str]) -> Result<Server> {
        self.start_on("127.0.0.1:0", more)
    }

    /// Starts it where it is told to.
    pub fn start_on(&self, address: &str, more: &[&str]) -> Result<Server> {
        let listen = ["--listen", address];
        Server::start(Path::new(self.program), &[&listen, self.flags, more].concat())
    }
}
