//! One raw row: a cell, measured once.

use crate::experiments::trial::Row;
use crate::experiments::workload::{Route, Workload};
use crate::load::{Errors, Tally};
use crate::targets::Target;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

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
}

/// A cell measured once. Times are microseconds; a percentile that too few samples speak for is null.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Sample {
    /// The server's name, or its URL.
    pub target: String,
    /// What it was measured for.
    pub part: Part,
    /// `hello`, `work`, `sleep`, `idle`.
    pub workload: String,
    /// `close` or `keep-alive`.
    pub connection: String,
    /// Clients that ask.
    pub connections: usize,
    /// Clients beside them that asked once and are silent.
    pub idle: usize,
    /// Clients beside them that send a byte a second.
    pub slow: usize,
    /// Which repeat it is, from 0.
    pub repeat: usize,
    /// How long the window was open.
    pub seconds: f64,
    /// Correct answers completed in it.
    pub requests: u64,
    /// The same per second.
    pub rps: f64,
    /// Clients that were answered at least once in the window.
    pub served: u64,
    /// Clients that had a connection at least once.
    pub opened: u64,
    /// Of correct answers, from the request's first byte to the answer's last.
    pub latency_us: Latency,
    /// What went wrong, by kind.
    pub errors: Errors,
    /// Connections that had to be opened again.
    pub reconnects: u64,
    /// Bytes received.
    pub bytes: u64,
    /// Requests under way when the window closed.
    pub in_flight_at_end: u64,
    /// How long they had waited on average.
    pub mean_in_flight_us: f64,
    /// How long the oldest of them had waited.
    pub oldest_in_flight_us: f64,
    /// How long requests had waited, on average, that were given up: `errors.timeout` of them.
    pub mean_timed_out_us: f64,
    /// The longest of those waits.
    pub longest_timed_out_us: f64,
    /// CPU of the server per correct answer, where it is a process of ours.
    pub server_cpu_us: Option<f64>,
    /// CPU of the generator per correct answer.
    pub client_cpu_us: Option<f64>,
    /// CPU of each thread of the generator, seconds.
    pub client_threads_cpu_seconds: Vec<f64>,
    /// Where the percentiles are, relative to the folder.
    pub hgrm: String,
    /// What else was observed, by name: figures and texts of whoever observed them.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub evidence: BTreeMap<String, serde_json::Value>,
}

/// Microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs)] // Their names say it.
pub struct Latency {
    pub mean: f64,
    pub p50: Option<f64>,
    pub p90: Option<f64>,
    pub p99: Option<f64>,
    pub p999: Option<f64>,
    pub max: f64,
}

impl Part {
    /// As files and tables name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ladder => "ladder",
            Self::Matrix => "matrix",
            Self::Idle => "idle",
            Self::Rate => "rate",
        }
    }
}

impl Latency {
    fn of(tally: &Tally) -> Self {
        let percentile = |quantile| tally.percentile(quantile).map(micros);
        Self {
            mean: micros(tally.mean()),
            p50: percentile(0.5),
            p90: percentile(0.9),
            p99: percentile(0.99),
            p999: percentile(0.999),
            max: micros(tally.max()),
        }
    }
}

impl Sample {
    /// The recorded form of `row`.
    pub fn of(target: &Target, row: &Row, part: Part, repeat: usize) -> Self {
        let (outcome, tally) = (&row.outcome, &row.outcome.tally);
        let mut sample = Self {
            target: target.name().to_owned(),
            part,
            workload: workload(row.cell.workload, part).to_owned(),
            connection: row.cell.connection.name().to_owned(),
            connections: row.cell.connections,
            idle: row.cell.workload.idle,
            slow: row.cell.workload.slow,
            repeat,
            seconds: outcome.window.as_secs_f64(),
            requests: tally.requests,
            rps: outcome.rps(),
            served: tally.served,
            opened: tally.opened,
            latency_us: Latency::of(tally),
            errors: tally.errors,
            reconnects: tally.reconnects,
            bytes: tally.bytes,
            in_flight_at_end: tally.unanswered.count,
            mean_in_flight_us: micros(tally.unanswered.mean()),
            oldest_in_flight_us: micros(tally.unanswered.longest),
            mean_timed_out_us: micros(tally.timed_out.mean()),
            longest_timed_out_us: micros(tally.timed_out.longest),
            server_cpu_us: row.server_cpu.map(micros),
            client_cpu_us: outcome.client_cpu().map(micros),
            client_threads_cpu_seconds: tally.cpu.iter().map(Duration::as_secs_f64).collect(),
            hgrm: String::new(),
            evidence: observed(row),
        };
        sample.hgrm = sample.file();
        sample
    }

    /// A name for its percentile file. Those of servers whose names differ only in what a file's name should
    /// not hold are alike.
    fn file(&self) -> String {
        let idle = if self.idle > 0 { format!("-idle{}", self.idle) } else { String::new() };
        // A URL may be longer than a file's name.
        let name: String = self.target.chars().map(plain).take(100).collect();
        format!(
            "hgrm/{}-{name}-{}-{}-{}{idle}-{}.hgrm",
            self.part.name(),
            self.workload,
            self.connection,
            self.connections,
            self.repeat
        )
    }

    /// A figure by its name, as claims and evidence name it; `None` when this row has none.
    pub fn figure(&self, name: &str) -> Option<f64> {
        match name {
            "rps" => Some(self.rps),
            "served" => Some(self.served as f64),
            "connections" => Some(self.connections as f64),
            "errors" => Some(self.errors.total() as f64),
            "mean" => Some(self.latency_us.mean),
            "p50" => self.latency_us.p50,
            "p90" => self.latency_us.p90,
            "p99" => self.latency_us.p99,
            "p999" => self.latency_us.p999,
            "max" => Some(self.latency_us.max),
            "cpu" => self.server_cpu_us,
            other => self.observed(other.strip_prefix("evidence.")?)?.as_f64(),
        }
    }

    /// What was observed, by a path of names and places: `server.kernel.0`.
    pub fn observed(&self, path: &str) -> Option<&serde_json::Value> {
        let mut steps = path.split('.');
        let first = self.evidence.get(steps.next()?);
        steps.fold(first, |value, step| match value? {
            serde_json::Value::Array(list) => list.get(step.parse::<usize>().ok()?),
            other => other.get(step),
        })
    }

    /// What speaks against trusting its figures.
    pub fn doubts(&self) -> Vec<&str> {
        let doubts = self.observed("doubts").and_then(|doubts| doubts.as_array());
        doubts.into_iter().flatten().filter_map(|doubt| doubt.as_str()).collect()
    }

    /// Whether nearly all who wanted an answer got one. Else its latencies are those of the few who did.
    pub fn serves_all(&self) -> bool {
        self.served as f64 >= 0.95 * self.connections as f64
    }
}

/// The chapter's word for it.
fn workload(workload: Workload, part: Part) -> &'static str {
    match workload.route {
        Route::Work => "work",
        Route::Sleep => "sleep",
        // The curve begins with nobody silent, and that is its beginning.
        Route::Hello if workload.idle + workload.slow > 0 || part == Part::Idle => "idle",
        Route::Hello => "hello",
    }
}

/// What the kernel said, by name, and what became of the clients that only sat there.
fn observed(row: &Row) -> BTreeMap<String, serde_json::Value> {
    let object = |value| match value {
        Ok(serde_json::Value::Object(fields)) => fields.into_iter().collect(),
        // What cannot be written is not known: a figure that is no number, say.
        _ => BTreeMap::new(),
    };
    let mut evidence: BTreeMap<_, _> = object(serde_json::to_value(&row.evidence));
    if row.cell.workload.idle + row.cell.workload.slow > 0 {
        evidence.extend(
            serde_json::to_value(row.outcome.tally.crowd).map(|crowd| ("crowd".to_owned(), crowd)),
        );
    }
    evidence
}

fn micros(duration: Duration) -> f64 {
    duration.as_nanos() as f64 / 1000.0
}

/// A character that is safe in a file's name.
fn plain(character: char) -> char {
    if character.is_ascii_alphanumeric() || character == '-' { character } else { '_' }
}
