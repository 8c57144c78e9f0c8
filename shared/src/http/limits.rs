//! The limits of the protocol: each with its default, its flag, and the response to a client that crosses it.
//!
//! A deadline is a moment, never a time "since the last byte": a client that sends one byte now and then would push
//! such a timer before it for ever.

use clap::Args;
use std::time::{Duration, Instant};

/// What one request, one connection may take. Sizes are bytes.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Limits")]
pub struct Limits {
    /// Longest request line, without its line end: beyond it, 414
    #[arg(long, value_name = "BYTES", default_value_t = 8 << 10)]
    pub max_request_line: usize,
    /// Largest head in all: beyond it, 431
    #[arg(long, value_name = "BYTES", default_value_t = 16 << 10)]
    pub max_head: usize,
    /// Most field lines in a head: beyond it, 431
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub max_fields: usize,
    /// Largest request body: beyond it, 413
    #[arg(long, value_name = "BYTES", default_value_t = 1 << 20)]
    pub max_body: u64,
    /// For a whole head, from its first byte or accept: then 408, or closed if no byte came
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = duration)]
    pub head_timeout: Duration,
    /// For a body to go on; and for all of it, plus 1 s per KiB that has come: then 408
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = duration)]
    pub body_timeout: Duration,
    /// Between two requests of a connection: then closed
    #[arg(long, value_name = "TIME", default_value = "15s", value_parser = duration)]
    pub idle_timeout: Duration,
    /// For a client that still sends after the last response: that is discarded; then closed
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = duration)]
    pub linger_timeout: Duration,
    /// Requests on one connection: the last response says `Connection: close` (0: no limit)
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub max_requests: u32,
}

impl Default for Limits {
    /// The defaults of the flags.
    fn default() -> Self {
        Self {
            max_request_line: 8 << 10,
            max_head: 16 << 10,
            max_fields: 100,
            max_body: 1 << 20,
            head_timeout: Duration::from_secs(10),
            body_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(15),
            linger_timeout: Duration::from_secs(2),
            max_requests: 0,
        }
    }
}

/// The lingering close (RFC 9112 section 9.6) of a client that has been silent: no response is on its way, only perhaps
/// a request. Time for a way there and back, so that the client reads the end of the connection and not a reset.
pub const SILENT_LINGER: Duration = Duration::from_millis(250);

/// The same where the server drains and others wait for the thread: they are lost if the grace period ends before. The
/// client's kernel has acknowledged the response, and only a client that sends on from far away may be reset.
pub const SHORT_LINGER: Duration = Duration::from_millis(20);

/// Bytes of an unwanted body that are read and discarded to keep the connection.
pub const MAX_DISCARD: u64 = 256 << 10;

/// Bytes of output that may wait in a connection before it reads no further.
pub const MAX_OUTPUT: usize = 256 << 10;

/// The moment by which `bytes` must have been moved since `start`: a grace, and then a second for each KiB.
pub fn rate_deadline(start: Instant, grace: Duration, bytes: u64) -> Instant {
    start + grace + Duration::from_secs(bytes >> 10)
}

/// The longest time that a flag takes: a moment so far away can still be told.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// Reads a time such as `250ms`, `10s`, `2m`, or a plain number of seconds; `never`, and what programs write for it, is
/// a century.
///
/// # Errors
/// A sentence that says what to write instead.
pub fn duration(text: &str) -> Result<Duration, String> {
    if matches!(text, "never" | "9223372036854775807" | "18446744073709551615") {
        return Ok(LONGEST);
    }
    let digits = text.find(|byte: char| !byte.is_ascii_digit() && byte != '.');
    let (number, unit) = text.split_at(digits.unwrap_or(text.len()));
    let scale = match unit {
        "us" => 1e-6,
        "ms" => 1e-3,
        "" | "s" => 1.0,
        "m" => 60.0,
        _ => return Err(format!("`{unit}` is no unit of time: write us, ms, s or m")),
    };
    let seconds: f64 =
        number.parse().map_err(|_| "write a number and a unit, like 250ms or 10s".to_owned())?;
    match Duration::try_from_secs_f64(seconds * scale) {
        Ok(time) if time <= LONGEST => Ok(time),
        _ => Err("that time is too long: write `never`, or at most a century".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        for (text, millis) in
            [("250ms", 250), ("10s", 10_000), ("2m", 120_000), ("3", 3000), ("0.5s", 500)]
        {
            assert_eq!(duration(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        assert_eq!(duration("never"), Ok(LONGEST));
        let far = Instant::now() + LONGEST + LONGEST;
        assert!(far.checked_add(LONGEST).is_some(), "no moment that is computed from it overflows");
        let wrong = ["", "s", "-1s", "1h", "1e9", "1000000000000000000", "99999999999m"];
        for text in wrong.into_iter().chain(["18446744073709551614"]) {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
