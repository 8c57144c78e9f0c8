//! Messages to the operator: lines on standard error. A first reading may skip it.
//!
//! No function here waits or fails, even if standard error is a closed pipe, a full pipe, a full disk, or a terminal that
//! has stopped. `eprintln!` panics at a closed pipe and waits for ever at a full pipe.

use crate::sys::poll::{self, Wait};
use std::backtrace::{Backtrace, BacktraceStatus};
use std::fmt::Display;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::panic::PanicHookInfo;
use std::time::Instant;

/// Bytes: PIPE_BUF in pipe(7). A pipe that is writable takes as many at once.
const PIECE: usize = 4096;

/// Writes `message` and a line end, as far as standard error takes them now.
pub fn line(message: impl Display) {
    let text = format!("{message}\n");
    if let Ok(mut stderr) = opened_again() {
        let _ = stderr.write_all(text.as_bytes());
        return;
    }
    for piece in text.as_bytes().chunks(PIECE) {
        if !is_writable() || io::stderr().write_all(piece).is_err() {
            return;
        }
    }
}

/// Standard error, opened a second time so that a write to it never waits (O_NONBLOCK). On the descriptor that the server
/// inherited, the flag would hold for every program that has it too. And without the flag poll(2) does not help: a terminal
/// with room for one byte is writable, and a longer write waits for ever if the terminal has stopped.
///
/// # Errors
/// It is a file, where no write waits for a reader; a socket, which cannot be opened; or descriptors or /proc are missing.
fn opened_again() -> io::Result<File> {
    const PATH: &str = "/proc/self/fd/2";
    if fs::metadata(PATH)?.is_file() {
        return Err(ErrorKind::Unsupported.into());
    }
    let flags = libc::O_NONBLOCK | libc::O_NOCTTY;
    File::options().write(true).custom_flags(flags).open(PATH)
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
