//! One raw row: a trial, measured once.

use crate::load::Figures;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;

/// What a row was measured for: windows and connections differ between them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// Servers over connection counts.
    #[default]
    Ladder,
    /// Servers over workloads.
    Matrix,
    /// Servers over silent connections.
    Idle,
    /// Servers at the same constant rate.
    Rate,
    /// Servers over offered load, beside a closed loop.
    Sweep,
    /// A server over its number of threads.
    Scale,
    /// The stages under users who think.
    Users,
    /// Small programs over silent connections, and over active ones.
    Waits,
    /// Stage 1 over connection counts, with the article's server's cost of a request.
    Plateau,
    /// Well-behaved clients beside hostile ones, with limits and without.
    GuardRails,
    /// The same users with a stage that keeps connections otherwise, or has other threads.
    Controls,
    /// The steps of io_uring beside epoll.
    Uring,
}

/// A trial, measured once. Times are microseconds; a percentile that too few samples speak for is null.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Sample {
    /// The server's name, or its URL.
    pub target: String,
    /// What it was measured for.
    pub part: Part,
    /// `hello`, `work`, `sleep`, `idle`, `users`, `waits`.
    pub workload: String,
    /// `close` or `keep-alive`.
    pub connection: String,
    /// Clients that send requests all the time.
    pub connections: usize,
    /// Clients beside them that sent one request and are silent.
    pub idle: usize,
    /// Clients beside them that send a byte a second: of rows that an older bench wrote.
    pub slow: usize,
    /// What a stage was told of keeping connections in this trial: `fair`, `always`, `never`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep_alive: Option<String>,
    /// Threads that the server was told to serve with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threads: Option<usize>,
    /// Offered load, in per cent of what the server reached in a closed loop.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offered: Option<usize>,
    /// Which repeat it is, from 0.
    pub repeat: usize,
    /// How often its level (this trial, with every server) had been measured before in this repeat. Those
    /// measurements were disturbed, and are not among the rows.
    pub repeated: usize,
    /// Whether other programs or the host disturbed the level in its last measurement too: its rows are in no median, ratio
    /// or claim.
    pub doubtful: bool,
    /// What the clients saw.
    #[serde(flatten)]
    pub load: Figures,
    /// CPU of the server per correct response, where it is a process of ours.
    pub server_cpu_us: Option<f64>,
    /// CPU of the generator per correct response.
    pub client_cpu_us: Option<f64>,
    /// Where the percentiles are, relative to the folder.
    pub hgrm: String,
    /// What else was observed, by name: the kernel's figures, the verdict, what an experiment adds.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub evidence: BTreeMap<String, Value>,
}

impl Part {
    /// Whether the book claims something of it: of what servers do as they are, and not at a rate or with other threads.
    pub fn is_claimed(self) -> bool {
        use Part::{Controls, GuardRails, Plateau, Rate, Scale, Sweep, Uring};
        !matches!(self, Rate | Sweep | Scale | Controls | Plateau | GuardRails | Uring)
    }
}

/// As files and tables name it: `guard-rails`.
impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

impl Sample {
    /// A figure by its name, as claims and evidence name it; `None` when this row has none.
    pub fn figure(&self, name: &str) -> Option<f64> {
        match name {
            "connections" => Some(self.connections as f64),
            "cpu" => self.server_cpu_us,
            other => match other.strip_prefix("evidence.") {
                Some(path) => self.noted(path),
                None => self.load.figure(other),
            },
        }
    }

    /// What was observed, by a path of names and places: `server.kernel.0`.
    pub fn observed(&self, path: &str) -> Option<&Value> {
        let mut steps = path.split('.');
        let first = self.evidence.get(steps.next()?);
        steps.fold(first, |value, step| match value? {
            Value::Array(list) => list.get(step.parse::<usize>().ok()?),
            other => other.get(step),
        })
    }

    /// The figure at such a path.
    pub fn noted(&self, path: &str) -> Option<f64> {
        self.observed(path)?.as_f64()
    }

    /// The text at such a path.
    pub fn told(&self, path: &str) -> Option<&str> {
        self.observed(path)?.as_str()
    }

    /// The verdict in two words; `unknown` where no rule spoke.
    pub fn cause(&self) -> &str {
        self.told("cause").unwrap_or("unknown")
    }

    /// Cores that the server kept busy.
    pub fn busy_cores(&self) -> Option<f64> {
        let seconds = self.noted("seconds").filter(|seconds| *seconds > 0.0)?;
        Some(self.noted("server.cpu")? / seconds)
    }

    /// Cores that the generator kept busy.
    pub fn client_cores(&self) -> f64 {
        self.load.client_threads_cpu_seconds.iter().sum::<f64>() / self.load.seconds
    }

    /// What speaks against trusting its figures.
    pub fn doubts(&self) -> Vec<&str> {
        let list = self.observed("doubts").and_then(Value::as_array);
        list.into_iter().flatten().filter_map(Value::as_str).collect()
    }

    /// Whether nearly all clients were served. Else the latencies are those of the few that were.
    pub fn serves_all(&self) -> bool {
        self.load.served as f64 >= 0.95 * self.connections as f64
    }
}
