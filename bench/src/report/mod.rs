//! What a person reads: on a terminal [`table`] and [`ladder`], of a recorded run [`blocks`] and a [`page`].

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

/// Writes to standard output. A reader that has seen enough (`| head`) is no error.
pub fn print(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}
