//! The flags of `bench load`, and the load that they ask for.

use super::condition::Condition;
use super::plan::{Arrivals, Expect, Options};
use super::think::Think;
use super::url::Url;
use crate::args::{self, misuse};
use anyhow::{Result, ensure};
use clap::{Args, value_parser};
use std::time::Duration;

/// Where other tools go on.
const WHAT_IT_IS_NOT: &str =
    "It speaks HTTP/1.1 without TLS, sends the same request each time, and runs no scripts:
  HTTPS           oha, hey, wrk
  HTTP/2, HTTP/3  h2load, oha
  scripts         k6, Locust, wrk with Lua
A response is right with a status of 2xx or 3xx and the body of the first one (--any-body: any).
The server's CPU, threads and accept queue are shown for a server on this machine, of the same
user or, for root, of any.

--fail-if takes a latency (mean, p50 to max) such as p99>5ms, errors>1%, rps<1000, or served<100%,
and may be given more than once.

Exit status: 0 done; 1 no connection, or nothing but errors came back; 2 the command line was not
understood; 4 a condition of --fail-if holds; 130 interrupted";

/// What `bench load` takes.
#[derive(Args, Debug)]
#[command(after_help = WHAT_IT_IS_NOT)]
pub struct LoadArgs {
    /// What to ask for: http://HOST[:PORT][/PATH]
    url: String,
    /// Connections, open at the same time
    #[arg(short, long, default_value = "50", value_parser = args::count)]
    connections: usize,
    /// How long to measure, after the warm-up (500ms) [default: 10s; with -n a day]
    #[arg(short, long, value_parser = args::duration)]
    duration: Option<Duration>,
    /// Send so many requests, those of a --warm-up apart
    #[arg(short = 'n', long, value_name = "N", value_parser = args::count)]
    requests: Option<usize>,
    /// Before measuring [default: to the first responses, 1s at most; with -n 0]
    #[arg(long, value_name = "DURATION", value_parser = args::duration_or_zero)]
    warm_up: Option<Duration>,
    /// Threads of the generator [default: one per core]
    #[arg(short, long, value_parser = args::count)]
    threads: Option<usize>,
    /// One request per connection (Connection: close)
    #[arg(long, conflicts_with = "pipeline")]
    close: bool,
    /// Requests in one write, before their responses
    #[arg(long, default_value = "1", value_name = "N", value_parser = value_parser!(u16).range(1..=1000))]
    pipeline: u16,
    /// How long a response may take
    #[arg(long, default_value = "5s", value_parser = args::duration)]
    timeout: Duration,
    /// A header field, `Name: value`, one or more; also another Host
    #[arg(short = 'H', long = "header", value_name = "FIELD", value_parser = args::header)]
    headers: Vec<(String, String)>,
    /// The request's method
    #[arg(short, long, default_value = "GET")]
    method: String,
    /// The request's body
    #[arg(long, value_name = "TEXT")]
    body: Option<String>,
    /// The body of every response [default: the first response's]
    #[arg(long, value_name = "TEXT", conflicts_with = "any_body")]
    expect: Option<String>,
    /// Responses may differ from each other
    #[arg(long)]
    any_body: bool,
    /// Requests per second, timed from when due [default: closed loop]
    #[arg(short = 'R', long, value_name = "N", conflicts_with = "pipeline", value_parser = args::rate)]
    rate: Option<f64>,
    /// Gaps: constant, or poisson (random)
    #[arg(
        long,
        value_enum,
        default_value = "constant",
        hide_possible_values = true,
        requires = "rate",
        conflicts_with_all = ["think", "pipeline"]
    )]
    arrivals: Arrivals,
    /// The mean pause of a client before its next request: 50 to 150 %
    #[arg(long, value_name = "DURATION", conflicts_with = "rate", value_parser = args::duration)]
    think: Option<Duration>,
    /// Always wait exactly that long
    #[arg(long, requires = "think", conflicts_with = "rate")]
    think_fixed: bool,
    /// Further clients: they send one request, then nothing
    #[arg(long, value_name = "N", default_value = "0")]
    idle: usize,
    /// Further clients: they send a byte a second
    #[arg(long, value_name = "N", default_value = "0")]
    slow: usize,
    /// CPU time to waste for each response: a slow generator, to try
    #[arg(long, value_name = "TIME", value_parser = args::duration)]
    burden: Option<Duration>,
    /// Exit with status 4 if this holds: p99>5ms, errors>1%; see below
    #[arg(long, value_name = "CONDITION", value_parser = Condition::parse)]
    pub fail_if: Vec<Condition>,
    /// One JSON object on standard output
    #[arg(long)]
    pub json: bool,
}

impl LoadArgs {
    fn window(&self) -> Duration {
        let default = if self.requests.is_some() { 86_400 } else { 10 };
        self.duration.unwrap_or(Duration::from_secs(default))
    }

    /// The load that these arguments ask for.
    ///
    /// # Errors
    /// A URL that cannot be loaded, a method that is none, or a body where there is none.
    pub fn options(&self) -> Result<Options> {
        let is_token = |byte: u8| byte.is_ascii_uppercase() || byte == b'-';
        ensure!(
            !self.method.is_empty() && self.method.bytes().all(is_token),
            misuse(format!(
                "`{}` is not a method; methods are written in capitals, such as POST",
                self.method
            ))
        );
        ensure!(
            self.method != "HEAD" || self.expect.is_none(),
            misuse("a response to HEAD has no body: leave --expect away")
        );
        let mut options = Options::get(Url::parse(&self.url)?, self.connections, self.window());
        options.requests = self.requests.map(|requests| requests as u64);
        options.think = self.think.map(|mean| Think { mean, fixed: self.think_fixed });
        // Each client asks for the first time after it has thought.
        options.warm_up += self.think.unwrap_or_default() * 3 / 2;
        if let Some(warm_up) = self.warm_up.or(self.requests.map(|_| Duration::ZERO)) {
            (options.warm_up, options.whole_warm_up) = (warm_up, true);
        }
        options.threads = self.threads.unwrap_or(options.threads);
        options.timeout = self.timeout;
        options.close = self.close;
        options.pipeline = usize::from(self.pipeline);
        options.headers = self.headers.clone();
        options.method = self.method.clone();
        options.body = self.body.clone();
        options.expect = match &self.expect {
            Some(text) => Expect::Body(text.clone().into_bytes()),
            None if self.any_body => Expect::Any,
            None => Expect::Same,
        };
        (options.rate, options.arrivals) = (self.rate, self.arrivals);
        (options.silent, options.slow) = (self.idle, self.slow);
        options.burden = self.burden.unwrap_or_default();
        Ok(options)
    }
}
