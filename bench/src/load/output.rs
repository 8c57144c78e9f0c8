//! A load's outcome, for people and for programs.

use super::{Options, Outcome, Url};
use crate::report::{self, text};
use crate::{args, interrupt::Interrupt};
use anyhow::{Context, Result, ensure};
use clap::Args;
use serde::Serialize;
use std::fmt::Write as _;
use std::time::Duration;

/// What `bench load` takes.
#[derive(Args, Debug)]
pub struct LoadArgs {
    /// What to ask for: http://HOST[:PORT][/PATH]
    url: String,
    /// Connections, open at the same time
    #[arg(short, long, default_value = "50", value_parser = args::count)]
    connections: usize,
    /// How long to measure, after the warm-up (500ms, 10s, 1m)
    #[arg(short, long, default_value = "10s", value_parser = args::duration)]
    duration: Duration,
    /// Threads of the generator [default: one per core]
    #[arg(short, long, value_parser = args::count)]
    threads: Option<usize>,
    /// One request per connection (Connection: close)
    #[arg(long)]
    close: bool,
    /// Requests sent in one write, before their answers are waited for
    #[arg(long, default_value = "1", value_name = "N", value_parser = args::count)]
    pipeline: usize,
    /// How long an answer may take
    #[arg(long, default_value = "5s", value_parser = args::duration)]
    timeout: Duration,
    /// A further header field, `Name: value`; may be repeated
    #[arg(short = 'H', long = "header", value_name = "FIELD", value_parser = args::header)]
    headers: Vec<(String, String)>,
    /// The request's method
    #[arg(short, long, default_value = "GET")]
    method: String,
    /// The request's body
    #[arg(long, value_name = "TEXT")]
    body: Option<String>,
    /// The body that answers must have [default: that of the first answer]
    #[arg(long, value_name = "TEXT", conflicts_with = "any_body")]
    expect: Option<String>,
    /// Answers may differ from each other
    #[arg(long)]
    any_body: bool,
    /// Requests per second, sent when they are due and timed from then [default: a closed loop]
    #[arg(short = 'R', long, value_name = "N", conflicts_with = "pipeline", value_parser = args::rate)]
    rate: Option<f64>,
    /// Further clients that ask once and then stay silent
    #[arg(long, value_name = "N", default_value = "0")]
    idle: usize,
    /// Further clients that send one byte of their request each second
    #[arg(long, value_name = "N", default_value = "0")]
    slow: usize,
    /// CPU time to waste for each answer, to see what a slow generator does to the figures
    #[arg(long, value_name = "TIME", value_parser = args::duration)]
    burden: Option<Duration>,
    /// One JSON object on standard output
    #[arg(long)]
    json: bool,
}

impl LoadArgs {
    /// Runs the load and prints what came of it. Wrong answers are figures, not errors of ours.
    pub fn run(self, interrupt: &Interrupt) -> Result<()> {
        let (options, json) = (self.options()?, self.json);
        let outcome = super::run(&options, interrupt)?;
        let text = if json {
            serde_json::to_string(&Json::of(&options, &outcome))? + "\n"
        } else {
            human(&options, &outcome)
        };
        Ok(report::print(&text)?)
    }

    fn options(&self) -> Result<Options> {
        let is_token = |byte: u8| byte.is_ascii_uppercase() || byte == b'-';
        ensure!(
            !self.method.is_empty() && self.method.bytes().all(is_token),
            "`{}` is not a method; methods are written in capitals, such as POST",
            self.method
        );
        let url = Url::parse(&self.url).with_context(|| format!("cannot load `{}`", self.url))?;
        let mut options = Options::get(url, self.connections, self.duration);
        options.threads = self.threads.unwrap_or(options.threads);
        options.timeout = self.timeout;
        options.close = self.close;
        options.pipeline = self.pipeline;
        options.headers = self.headers.clone();
        options.method = self.method.clone();
        options.body = self.body.clone();
        options.expect = match &self.expect {
            Some(text) => super::Expect::Body(text.clone().into_bytes()),
            None if self.any_body => super::Expect::Any,
            None => super::Expect::Same,
        };
        options.rate = self.rate;
        (options.silent, options.slow) = (self.idle, self.slow);
        options.burden = self.burden.unwrap_or_default();
        Ok(options)
    }
}

/// The shape of `--json`. Keys are only ever added: scripts read them.
#[derive(Serialize)]
struct Json {
    requests: u64,
    seconds: f64,
    rps: f64,
    served: u64,
    opened: u64,
    latency_us: Latency,
    errors: super::Errors,
    reconnects: u64,
    bytes: u64,
    in_flight_at_end: u64,
    oldest_in_flight_us: f64,
    client_cpu_us_per_request: Option<f64>,
    client_threads_cpu_seconds: Vec<f64>,
    interrupted: bool,
    /// Null in a closed loop.
    target_rps: Option<f64>,
    pacing: super::Pacing,
    crowd: super::Crowd,
}

/// A percentile that too few samples speak for is null.
#[derive(Serialize)]
struct Latency {
    mean: f64,
    p50: Option<f64>,
    p90: Option<f64>,
    p99: Option<f64>,
    p999: Option<f64>,
    max: f64,
}

impl Json {
    fn of(options: &Options, outcome: &Outcome) -> Self {
        let tally = &outcome.tally;
        let percentile = |quantile| tally.percentile(quantile).map(micros);
        Self {
            requests: tally.requests,
            seconds: outcome.window.as_secs_f64(),
            rps: outcome.rps(),
            served: tally.served,
            opened: tally.opened,
            latency_us: Latency {
                mean: micros(tally.mean()),
                p50: percentile(0.5),
                p90: percentile(0.9),
                p99: percentile(0.99),
                p999: percentile(0.999),
                max: micros(tally.max()),
            },
            errors: tally.errors,
            reconnects: tally.reconnects,
            bytes: tally.bytes,
            in_flight_at_end: tally.unanswered,
            oldest_in_flight_us: micros(tally.oldest),
            client_cpu_us_per_request: outcome.client_cpu().map(micros),
            client_threads_cpu_seconds: tally.cpu.iter().map(Duration::as_secs_f64).collect(),
            interrupted: outcome.interrupted,
            target_rps: options.rate,
            pacing: tally.pacing,
            crowd: tally.crowd,
        }
    }
}

fn micros(duration: Duration) -> f64 {
    duration.as_nanos() as f64 / 1000.0
}

/// The outcome as a screen of text.
fn human(options: &Options, outcome: &Outcome) -> String {
    let lines: Vec<_> = lines(options, outcome)
        .into_iter()
        .map(|(name, value)| format!("  {name:<11}{value}"))
        .collect();
    let kind = if options.rate.is_some() { "constant rate" } else { "closed loop" };
    let cut = if outcome.interrupted { ", INTERRUPTED" } else { "" };
    format!(
        "http://{}{}: {} connections, {} threads, {:.1} s, {kind}{cut}\n\n{}\n",
        options.url.host,
        options.url.target,
        options.connections,
        outcome.tally.cpu.len(),
        outcome.window.as_secs_f64(),
        lines.join("\n")
    )
}

/// What there is to say, each under its name; what did not occur is left out.
fn lines(options: &Options, outcome: &Outcome) -> Vec<(&'static str, String)> {
    let tally = &outcome.tally;
    let (requests, rps) = (text::grouped(tally.requests as f64), text::grouped(outcome.rps()));
    let mut lines = vec![("Requests", format!("{requests} ({rps} per second)"))];
    lines.extend(options.rate.map(|rate| ("Rate", kept(rate, outcome))));
    lines.push(("Latency", latencies(outcome)));
    lines.push(("Served", format!("{} of {} connections", tally.served, tally.opened)));
    lines.push(("Errors", errors(outcome)));
    if tally.reconnects > 0 {
        lines.push(("Reconnects", text::grouped(tally.reconnects as f64)));
    }
    lines.push(("In service", in_service(options, outcome)));
    if options.silent + options.slow > 0 {
        lines.push(("Beside", beside(options, outcome)));
    }
    lines.push(("Generator", generator(outcome, outcome.window.as_secs_f64())));
    // In a closed loop something is always under way; it is worth a line when it waited longer than all others.
    if tally.oldest > tally.max() {
        let oldest = text::time(tally.oldest);
        let text = format!("{} at the end, the oldest for {oldest}", tally.unanswered);
        lines.push(("Unanswered", text));
    }
    lines
}

/// Little's law, which holds for whatever was measured rightly.
fn in_service(options: &Options, outcome: &Outcome) -> String {
    // At a constant rate, requests that are due count whether they could be sent or not.
    let of = match options.rate {
        None => format!("of {}", options.connections * options.pipeline),
        Some(_) => "due or under way".to_owned(),
    };
    let in_service = outcome.rps() * outcome.tally.mean().as_secs_f64();
    format!("{in_service:.1} {of} (Little's law: requests per second x mean latency)")
}

/// What became of those that only sat there.
fn beside(options: &Options, outcome: &Outcome) -> String {
    let crowd = outcome.tally.crowd;
    format!(
        "{} silent, {} slow: {} connected, {} answered, {} evicted by the server",
        options.silent, options.slow, crowd.opened, crowd.answered, crowd.evicted
    )
}

/// How well a constant rate was kept, by the server and by the generator.
pub fn kept(rate: f64, outcome: &Outcome) -> String {
    let pacing = outcome.tally.pacing;
    let unsent = match pacing.unsent {
        0 => String::new(),
        some => format!(", {some} were due and not sent: all connections waited for answers"),
    };
    format!(
        "{:.1} % of {} per second; sent {} late on average, {} at most{unsent}",
        100.0 * outcome.rps() / rate,
        text::grouped(rate),
        text::time(pacing.lag()),
        text::time(Duration::from_nanos(pacing.lag_max))
    )
}

/// Mean, the percentiles that enough samples speak for, and the longest.
fn latencies(outcome: &Outcome) -> String {
    let tally = &outcome.tally;
    let mut line = format!("mean {}", text::time(tally.mean()));
    for (name, quantile) in [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999)] {
        if let Some(value) = tally.percentile(quantile) {
            let _ = write!(line, ", {name} {}", text::time(value));
        }
    }
    line + &format!(", max {}", text::time(tally.max()))
}

/// The kinds of errors that happened, with the remedy where there is one.
fn errors(outcome: &Outcome) -> String {
    let errors = outcome.tally.errors;
    let named = errors.by_name().into_iter().filter(|(_, count)| *count > 0);
    let list: Vec<_> = named.map(|(name, count)| format!("{name} {count}")).collect();
    match list.join(", ") {
        none if none.is_empty() => "none".to_owned(),
        some if errors.body > 0 => some + " (do answers differ on purpose? --any-body)",
        some => some,
    }
}

/// What the generator itself used: near 100 % of a core per thread, it measures itself.
fn generator(outcome: &Outcome, seconds: f64) -> String {
    let busy: Duration = outcome.tally.cpu.iter().sum();
    let busiest = outcome.tally.cpu.iter().max().copied().unwrap_or_default();
    let per_request =
        outcome.client_cpu().map_or("-".to_owned(), |cpu| format!("{:.2} us", micros(cpu)));
    format!(
        "{per_request} of CPU per request, {:.2} cores, busiest thread {:.0} %",
        busy.as_secs_f64() / seconds,
        100.0 * busiest.as_secs_f64() / seconds
    )
}
