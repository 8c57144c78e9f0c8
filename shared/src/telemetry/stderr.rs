//! Messages to the operator: lines on standard error. A first reading may skip it.
//!
//! No function here waits or fails, even if standard error is a closed pipe, a full pipe or a full disk. `eprintln!`
//! panics at a closed pipe and waits for ever at a full pipe.

use crate::sys::poll::{self, Wait};
use std::backtrace::{Backtrace, BacktraceStatus};
use std::fmt::Display;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::panic::PanicHookInfo;
use std::time::Instant;

/// Bytes: PIPE_BUF in pipe(7). A pipe that is writable takes as many at once.
const PIECE: usize = 4096;

/// Writes `message` and a line end, as far as standard error takes them now.
pub fn line(message: impl Display) {
    let text = format!("{message}\n");
    for piece in text.as_bytes().chunks(PIECE) {
        if !is_writable() || io::stderr().write_all(piece).is_err() {
            return;
        }
    }
}

fn is_writable() -> bool {
    poll::wait(&mut [Wait::writable(io::stderr().as_fd())], Some(Instant::now())).unwrap_or(false)
}

/// A panic hook: the message of the standard one, by way of [`line()`].
pub fn panicked(panic: &PanicHookInfo<'_>) {
    let thread = std::thread::current();
    let name = thread.name().unwrap_or("?");
    let backtrace = Backtrace::capture();
    if backtrace.status() == BacktraceStatus::Captured {
        line(format_args!("thread '{name}' {panic}\n{backtrace}"));
    } else {
        line(format_args!("thread '{name}' {panic}"));
    }
}
