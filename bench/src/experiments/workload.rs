//! What the clients ask for, and which idle clients are beside them: four ways to find out what a server is made for.

use anyhow::{Result, ensure};
use clap::{Args, ValueEnum};

/// One kind of work for a server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Workload {
    /// What is asked for.
    pub kind: Kind,
    /// Clients beside the others that send one request and then stay silent.
    pub idle: usize,
    /// Clients beside the others that send one byte each second.
    pub slow: usize,
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
    /// Silent connections beside 32 busy ones
    Idle,
}

/// Clients that send requests all the time, beside those that are silent.
pub const BUSY: usize = 32;
/// Silent clients, unless told otherwise: more than any pool here has threads.
pub const IDLE: usize = 200;

/// The flags.
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct WorkloadArgs {
    /// One request per connection, and nothing else
    #[arg(long)]
    pub close: bool,
    /// What is asked for
    #[arg(long, value_enum, default_value = "hello")]
    pub workload: Kind,
    /// Silent clients beside the busy ones: they send one request [default: 200 with --workload idle]
    #[arg(long, value_name = "N")]
    pub idle: Option<usize>,
    /// Slow clients beside the busy ones: they send one byte a second
    #[arg(long, value_name = "N")]
    pub slow: Option<usize>,
}

impl WorkloadArgs {
    /// What they stand for.
    ///
    /// # Errors
    /// Idle clients on connections that are not kept.
    pub fn workload(&self) -> Result<Workload> {
        let kind = self.workload;
        let idle = self.idle.unwrap_or(if kind == Kind::Idle { IDLE } else { 0 });
        let workload = Workload { kind, idle, slow: self.slow.unwrap_or(0) };
        ensure!(
            !(self.close && workload.beside() > 0),
            "silent clients need connections that are kept: leave --close away"
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
        }
    }
}

impl Workload {
    /// `work` or `sleep` or `idle 200`; `hello` for the plain one.
    pub fn name(self) -> String {
        let mut parts = Vec::new();
        match self.kind {
            Kind::Hello | Kind::Idle if self.beside() > 0 => {}
            Kind::Hello | Kind::Idle => parts.push("hello".to_owned()),
            Kind::Work => parts.push("work".to_owned()),
            Kind::Sleep => parts.push("sleep".to_owned()),
        }
        parts.extend((self.idle > 0).then(|| format!("idle {}", self.idle)));
        parts.extend((self.slow > 0).then(|| format!("slow {}", self.slow)));
        parts.join(", ")
    }

    /// Clients beside the busy ones.
    pub fn beside(self) -> usize {
        self.idle + self.slow
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_what_they_stand_for() {
        let of = |workload, idle, slow| {
            WorkloadArgs { close: false, workload, idle, slow }.workload().unwrap()
        };
        assert_eq!(of(Kind::Hello, None, None), Workload::default());
        assert_eq!(of(Kind::Hello, None, None).name(), "hello");
        assert_eq!(of(Kind::Idle, None, None).name(), "idle 200");
        assert_eq!(of(Kind::Idle, Some(5), Some(3)).name(), "idle 5, slow 3");
        assert_eq!(of(Kind::Work, None, Some(2)).name(), "work, slow 2");
        let closing = WorkloadArgs { close: true, slow: Some(1), ..WorkloadArgs::default() };
        assert!(closing.workload().is_err());
    }
}
