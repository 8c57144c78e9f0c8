//! What a person reads: on a terminal [`table`] and [`ladder`], of a recorded run [`blocks`] and a [`page`].

use anyhow::{Context, Result};
use std::io::{self, ErrorKind, Write};

pub mod blocks;
pub mod chart;
pub mod html;
pub mod ladder;
pub mod page;
pub mod rate;
pub mod table;
pub mod tables;
pub mod tabular;
pub mod text;
pub mod why;

/// The columns of a server's table, on the terminal and in a document alike.
const COLUMNS: [&str; 12] = [
    "Connection",
    "Connections",
    "Req/s",
    "Avg",
    "p50",
    "p90",
    "p99",
    "Max",
    "Served",
    "Errors",
    "CPU/req",
    "Kernel",
];

/// Writes results to standard output, at once. A reader that has seen enough (`| head`) is no error: what is
/// under way goes on to its end, and the exit status still tells how that was.
///
/// # Errors
/// When standard output takes no more, such as on a full disk.
pub fn print(text: &str) -> Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        result => result.context("cannot write to standard output"),
    }
}

/// Writes a line of progress, or an error, to standard error. Where that fails, nothing is left to tell it with.
pub fn note(line: &str) {
    let _ = io::stderr().lock().write_all(format!("{line}\n").as_bytes());
}
