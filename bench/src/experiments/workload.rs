//! What the clients ask for, and which idle clients are beside them: five ways to find out what a server is made for.

use crate::args::misuse;
use crate::load::Think;
use crate::tools;
use anyhow::{Context, Result, ensure};
use clap::{Args, ValueEnum};
use shared::sys::rlimit;
use std::time::Duration;

/// One kind of work for a server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Workload {
    /// What is asked for.
    pub kind: Kind,
    /// Clients beside the others that send one request and then stay silent.
    pub idle: usize,
}

/// The workloads by the names that the command line has for them.
#[derive(ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// Thirteen bytes: what a request costs at least
    #[default]
    Hello,
    /// /work/200: 200 µs of CPU time in the handler
    Work,
    /// /sleep/5: the handler waits 5 ms for a slow backend
    Sleep,
    /// /work/50 by users who think 20 ms between a response and their next request
    Users,
    /// Silent connections beside 32 busy ones
    Idle,
}

/// Clients that send requests all the time, beside those that are silent.
pub const BUSY: usize = 32;
/// Silent clients, unless told otherwise: more than any pool here has threads.
pub const IDLE: usize = 200;

/// How long users think, on average. What each draws is uniform between half of it and one and a half: with a constant
/// time, users that were answered together would ask together again.
pub const THINK: Duration = Duration::from_millis(20);
/// Users for each core: so many that the servers are the limit, and not how often the users ask.
const USERS_PER_CORE: usize = 500;
/// The most users. Each has a port of its own on this side, and there are 28,000 unless the system says otherwise.
const MOST_USERS: usize = 20_000;
/// Open files that are needed for other purposes.
const OTHER_FILES: usize = 128;

/// The flags.
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct WorkloadArgs {
    /// One request per connection, and nothing else
    #[arg(long)]
    pub close: bool,
    /// What is asked for
    #[arg(long, value_enum, default_value = "hello")]
    pub workload: Kind,
    /// Silent clients beside the busy ones: one request each [default: 200 with --workload idle]
    #[arg(long, value_name = "N")]
    pub idle: Option<usize>,
}

impl WorkloadArgs {
    /// What they stand for.
    ///
    /// # Errors
    /// Idle clients, or users, on connections that are not kept.
    pub fn workload(&self) -> Result<Workload> {
        let kind = self.workload;
        let idle = self.idle.unwrap_or(if kind == Kind::Idle { IDLE } else { 0 });
        let workload = Workload { kind, idle };
        ensure!(
            !(self.close && kind == Kind::Users),
            misuse("users keep their connections: leave --close away")
        );
        ensure!(
            !(self.close && workload.idle > 0),
            misuse("silent clients need connections that are kept: leave --close away")
        );
        Ok(workload)
    }
}

impl Kind {
    /// The path; `None`: whatever the server has at the address that was given.
    pub fn path(self) -> Option<&'static str> {
        match self {
            Self::Hello | Self::Idle => None,
            Self::Work => Some("/work/200"),
            Self::Sleep => Some("/sleep/5"),
            Self::Users => Some("/work/50"),
        }
    }

    /// How long clients think between a response and their next request; `None`: they do not.
    pub fn think(self) -> Option<Think> {
        (self == Self::Users).then_some(Think { mean: THINK, fixed: false })
    }

    /// As files and tables name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hello | Self::Idle => "hello",
            Self::Work => "work",
            Self::Sleep => "sleep",
            Self::Users => "users",
        }
    }

    /// What stages are told: users keep their connections on all of them, whatever a stage does by default.
    pub fn keep_alive(self) -> Option<&'static str> {
        (self == Self::Users).then_some("always")
    }
}

/// How many users there are: 500 for each core, as far as ports and open files go.
///
/// # Errors
/// When the limit of open files cannot be read.
pub fn users() -> Result<usize> {
    let files = rlimit::raise_open_files().context("cannot read the limit of open files")?;
    Ok(users_for(tools::cores(), files))
}

fn users_for(cores: usize, files: u64) -> usize {
    let files = usize::try_from(files).unwrap_or(usize::MAX).saturating_sub(OTHER_FILES);
    (USERS_PER_CORE * cores).min(MOST_USERS).min(files.max(1))
}

impl Workload {
    /// `work` or `sleep` or `idle 200`; `hello` for the plain one.
    pub fn name(self) -> String {
        match (self.kind.name(), self.idle) {
            (asked, 0) => asked.to_owned(),
            ("hello", idle) => format!("idle {idle}"),
            (asked, idle) => format!("{asked}, idle {idle}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_what_they_stand_for() {
        let of = |workload, idle| WorkloadArgs { close: false, workload, idle }.workload().unwrap();
        assert_eq!(of(Kind::Hello, None), Workload::default());
        assert_eq!(of(Kind::Hello, None).name(), "hello");
        assert_eq!(of(Kind::Idle, None).name(), "idle 200");
        assert_eq!(of(Kind::Work, Some(2)).name(), "work, idle 2");
        for (idle, workload) in [(Some(1), Kind::Hello), (None, Kind::Users)] {
            let closing = WorkloadArgs { close: true, idle, workload };
            assert!(closing.workload().is_err());
        }
    }

    #[test]
    fn users_are_as_many_as_cores_ports_and_open_files_allow() {
        assert_eq!((users_for(2, 524_288), users_for(64, 524_288)), (1000, MOST_USERS));
        assert_eq!((users_for(8, 1024), users_for(1, 100)), (1024 - OTHER_FILES, 1));
    }
}
