//! What a server offers and where its limits lie: flags, so that the suite fits a server that it was not written for.

use crate::args::{count, duration};
use clap::{Args, Parser};
use std::time::Duration;

/// The routes and limits of the server under test.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Run only the cases whose id matches, `*` standing for anything
    #[arg(long, value_name = "GLOB", default_value = "*")]
    pub only: String,
    /// How many cases run at once; 1 for a server that serves one connection at a time
    #[arg(long, default_value_t = 8, value_parser = count)]
    pub jobs: usize,
    /// How many connections the server holds at once; 1 leaves out the cases that need more
    #[arg(long, value_name = "N", default_value_t = 256, value_parser = count)]
    pub concurrent: usize,
    /// Include the cases that wait for a time-out of the server
    #[arg(long)]
    pub slow: bool,
    /// How long a response may take
    #[arg(long, alias = "patience", value_name = "TIME", default_value = "2s", value_parser = duration)]
    pub timeout: Duration,

    /// A path whose GET gives 200
    #[arg(long, value_name = "PATH", default_value = "/")]
    pub get: String,
    /// A prefix: GET PREFIXname gives "Hello, name!" (none: there is no such route)
    #[arg(long, value_name = "PREFIX", default_value = "/hello/")]
    pub hello: String,
    /// A path whose POST gives the content back (or none)
    #[arg(long, value_name = "PATH", default_value = "/echo")]
    pub echo: String,
    /// A prefix: GET PREFIXn gives n lines (or none)
    #[arg(long, value_name = "PREFIX", default_value = "/count/")]
    pub count: String,
    /// A prefix: GET PREFIXn responds after n milliseconds (or none)
    #[arg(long, value_name = "PREFIX", default_value = "/sleep/")]
    pub sleep: String,

    /// The longest request line, in bytes
    #[arg(long, value_name = "BYTES", default_value_t = 8192)]
    pub line_limit: usize,
    /// The longest head (request line and fields), in bytes
    #[arg(long, value_name = "BYTES", default_value_t = 16384)]
    pub head_limit: usize,
    /// The most field lines in a head
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub fields_limit: usize,
    /// The largest content of a request, in bytes
    #[arg(long, value_name = "BYTES", default_value_t = 1 << 20)]
    pub body_limit: usize,

    /// Requests that the server takes on one connection (0: it has no such limit)
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub requests_limit: usize,
    /// Connections that the server holds open at once (0: no limit, or one too high to reach)
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub connections_limit: usize,

    /// The time a whole head may take
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = duration)]
    pub head_timeout: Duration,
    /// The time a body may take before its size earns it more
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = duration)]
    pub body_timeout: Duration,
    /// The time between two requests
    #[arg(long, value_name = "TIME", default_value = "15s", value_parser = duration)]
    pub idle_timeout: Duration,
    /// The time a client may take no byte of its response
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = duration)]
    pub write_timeout: Duration,
}

#[derive(Parser)]
struct Defaults {
    #[command(flatten)]
    options: Options,
}

/// The defaults of the command line, so that they are written once.
impl Default for Options {
    fn default() -> Self {
        Defaults::parse_from(["verify"]).options
    }
}

/// Whether `text` matches `glob`, in which `*` stands for any run of characters.
pub(crate) fn matches(glob: &str, text: &str) -> bool {
    match glob.split_once('*') {
        None => glob == text,
        Some((start, rest)) => text.strip_prefix(start).is_some_and(|tail| {
            (0..=tail.len()).any(|at| tail.get(at..).is_some_and(|t| matches(rest, t)))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs() {
        assert!(matches("*", "line/a"));
        assert!(matches("line/*", "line/a"));
        assert!(matches("*/te-*", "framing/te-empty"));
        assert!(!matches("line/*", "fields/line/a"));
        assert!(!matches("line", "line/a"));
    }
}
