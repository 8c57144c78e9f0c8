//! What a person reads: tables, the ladder, numbers.

use std::io::{self, ErrorKind, Write};

pub mod ladder;
pub mod table;
pub mod text;
pub mod why;

/// Writes to standard output. A reader that has seen enough (`| head`) is no error.
pub fn print(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}
