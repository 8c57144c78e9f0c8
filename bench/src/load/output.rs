//! A load's outcome, for people and for programs.

use super::counts::{IdleCounts, Pacing};
use super::figures::Figures;
use super::outcome::Outcome;
use super::plan::Options;
use crate::numbers::{self, as_micros};
use anyhow::Result;
use serde::Serialize;
use std::fmt::Write as _;
use std::time::Duration;

/// The outcome as one JSON object in a line.
pub(super) fn json(options: &Options, outcome: &Outcome) -> Result<String> {
    Ok(serde_json::to_string(&Json::of(options, outcome))? + "\n")
}

/// The shape of `--json`. Keys are only ever added: scripts read them.
#[derive(Serialize)]
struct Json {
    /// Requests without a response stand apart from the latencies: those under way at the end, and the time-outs.
    #[serde(flatten)]
    figures: Figures,
    client_cpu_us_per_request: Option<f64>,
    interrupted: bool,
    /// Null in a closed loop.
    target_rps: Option<f64>,
    pacing: Pacing,
    crowd: IdleCounts,
}

impl Json {
    fn of(options: &Options, outcome: &Outcome) -> Self {
        Self {
            figures: Figures::of(outcome),
            client_cpu_us_per_request: outcome.client_cpu().map(as_micros),
            interrupted: outcome.interrupted,
            target_rps: options.rate,
            pacing: outcome.tally.pacing,
            crowd: outcome.tally.idle,
        }
    }
}

/// The outcome as a screen of text.
pub(super) fn human(options: &Options, outcome: &Outcome) -> String {
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
    let (timed_out, unanswered) = (tally.timed_out, tally.unanswered);
    let (requests, rps) =
        (numbers::grouped(tally.requests as f64), numbers::grouped(outcome.rps()));
    let mut lines = vec![("Requests", format!("{requests} ({rps} per second)"))];
    lines.extend(options.rate.map(|rate| ("Rate", kept(rate, outcome))));
    lines.push(("Latency", latencies(outcome)));
    lines.push(("Served", format!("{} of {} connections", tally.served, tally.opened)));
    lines.push(("Errors", errors(outcome)));
    if tally.reconnects > 0 {
        lines.push(("Reconnects", numbers::grouped(tally.reconnects as f64)));
    }
    lines.push(("In service", in_service(options, outcome)));
    if options.silent + options.slow > 0 {
        lines.push(("Beside", beside(options, outcome)));
    }
    lines.push(("Generator", generator(outcome, outcome.window.as_secs_f64())));
    if timed_out.count > 0 {
        let (mean, longest) = (numbers::time(timed_out.mean()), numbers::time(timed_out.longest));
        let text =
            format!("{} given up after {mean} on average, {longest} at most", timed_out.count);
        lines.push(("Timed out", text));
    }
    // In a closed loop something is always under way; it is worth a line when it waited longer than all others.
    if unanswered.longest > tally.max() {
        let oldest = numbers::time(unanswered.longest);
        let text = format!("{} at the end, the oldest for {oldest}", unanswered.count);
        lines.push(("Unanswered", text));
    }
    lines
}

/// Little's law, which holds for all that was measured rightly: here for the requests that got a response.
/// Requests without one have lines of their own.
fn in_service(options: &Options, outcome: &Outcome) -> String {
    // At a constant rate, requests that are due count whether they could be sent or not.
    let of = match options.rate {
        None => format!("of {}", options.connections * options.pipeline),
        Some(_) => "due or under way".to_owned(),
    };
    let in_service = outcome.rps() * outcome.tally.mean().as_secs_f64();
    format!("{in_service:.1} {of} (Little's law: requests per second x mean latency)")
}

/// What became of the idle clients.
fn beside(options: &Options, outcome: &Outcome) -> String {
    let idle = outcome.tally.idle;
    format!(
        "{} silent, {} slow: {} connected, {} answered, {} evicted by the server",
        options.silent, options.slow, idle.opened, idle.answered, idle.evicted
    )
}

/// How well a constant rate was kept, by the server and by the generator.
fn kept(rate: f64, outcome: &Outcome) -> String {
    let pacing = outcome.tally.pacing;
    let unsent = match pacing.unsent {
        0 => String::new(),
        some => format!(", {some} were due and not sent: all connections waited for responses"),
    };
    format!(
        "{:.1} % of {} per second; sent {} late on average, {} at most{unsent}",
        100.0 * outcome.rps() / rate,
        numbers::grouped(rate),
        numbers::time(pacing.lag()),
        numbers::time(Duration::from_nanos(pacing.lag_max))
    )
}

/// Mean, the percentiles that enough samples speak for, and the longest.
fn latencies(outcome: &Outcome) -> String {
    let tally = &outcome.tally;
    if tally.requests == 0 {
        return "none: no request had a correct response".to_owned();
    }
    let mut line = format!("mean {}", numbers::time(tally.mean()));
    for (name, quantile) in [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999)] {
        if let Some(value) = tally.percentile(quantile) {
            let _ = write!(line, ", {name} {}", numbers::time(value));
        }
    }
    line + &format!(", max {}", numbers::time(tally.max()))
}

/// The kinds of errors that happened, with the remedy where there is one.
fn errors(outcome: &Outcome) -> String {
    let errors = outcome.tally.errors;
    let named = errors.by_name().into_iter().filter(|(_, count)| *count > 0);
    let list: Vec<_> = named.map(|(name, count)| format!("{name} {count}")).collect();
    match list.join(", ") {
        none if none.is_empty() => "none".to_owned(),
        some if errors.body > 0 => some + " (do responses differ on purpose? --any-body)",
        some => some,
    }
}

/// What the generator itself used: near 100 % of a core per thread, it measures itself.
fn generator(outcome: &Outcome, seconds: f64) -> String {
    let busy: Duration = outcome.tally.cpu.iter().sum();
    let busiest = outcome.tally.cpu.iter().max().copied().unwrap_or_default();
    let per_request =
        outcome.client_cpu().map_or("-".to_owned(), |cpu| format!("{:.2} µs", as_micros(cpu)));
    format!(
        "{per_request} of CPU per request, {:.2} cores, busiest thread {:.0} %",
        busy.as_secs_f64() / seconds,
        100.0 * busiest.as_secs_f64() / seconds
    )
}
