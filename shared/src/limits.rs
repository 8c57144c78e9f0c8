//! Every limit and every time-out, with its default, its flag, and the answer that a client gets
//! who crosses it. A deadline is a moment, never a time "since the last byte": a client that drips
//! one byte now and then would push such a timer before it for ever.

use clap::Args;
use std::time::Duration;

/// The limits of one server. Sizes are bytes.
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
    /// For a whole head, from its first byte (or from accept): then 408, or just closed if no byte came
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = crate::args::duration)]
    pub head_timeout: Duration,
    /// For a body without a byte more of it, and in all, plus one second per KiB that has come: then 408
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = crate::args::duration)]
    pub body_timeout: Duration,
    /// Between two requests of a connection: then closed
    #[arg(long, value_name = "TIME", default_value = "15s", value_parser = crate::args::duration)]
    pub idle_timeout: Duration,
    /// Without progress in writing an answer, or slower than 1 KiB per second after it: then closed
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = crate::args::duration)]
    pub write_timeout: Duration,
    /// Requests on one connection: the last is answered with `Connection: close` (0: no limit)
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub max_requests: u32,
    /// Connections open at once: beyond it, newcomers wait to be accepted (0: as descriptors allow)
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub max_connections: usize,
}

/// How long what a client still sends is read and thrown away after the last answer, so that it can
/// be read: closing with unread input makes the kernel send RST, and RST destroys the answer.
pub const LINGER: Duration = Duration::from_secs(2);

/// The same for a client that has been silent: no response is on its way, only perhaps a request. Time for a way there
/// and back, so that the client reads the end of the connection and not a reset.
pub const SILENT_LINGER: Duration = Duration::from_millis(250);

/// A client that has been silent for so long may be closed where its place is needed.
pub const SILENCE: Duration = Duration::from_secs(1);

/// How long one connection's pipelined requests may keep a loop from all others.
pub const SLICE: Duration = Duration::from_millis(2);

/// How much of a body is read and thrown away to keep the connection, when nobody wants the body.
pub const MAX_DISCARD: u64 = 256 << 10;

/// How much output may wait in a connection before it reads no further.
pub const MAX_OUTPUT: usize = 256 << 10;

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
            write_timeout: Duration::from_secs(10),
            max_requests: 0,
            max_connections: 0,
        }
    }
}

/// The moment by which `bytes` must have been moved that started at `since`: a grace, and then a
/// second for each KiB.
pub fn pace(since: std::time::Instant, grace: Duration, bytes: u64) -> std::time::Instant {
    since + grace + Duration::from_secs(bytes >> 10)
}
