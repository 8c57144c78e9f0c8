//! A load's outcome, for people.

use super::bars::bars;
use super::counts::percentile;
use super::outcome::Outcome;
use super::plan::{Arrivals, Options};
use super::think::Think;
use crate::numbers::{self, as_micros};
use crate::terminal;
use hdrhistogram::Histogram;
use std::fmt::Write as _;
use std::iter;
use std::time::Duration;

/// The outcome as a screen of text, with `further` lines, each under its name.
pub fn human(options: &Options, outcome: &Outcome, further: Vec<(&'static str, String)>) -> String {
    let lines = lines(options, outcome).into_iter().chain(further);
    let lines = lines.map(|(name, value)| terminal::wrapped(&format!("  {name:<11}"), &value));
    let kind = match (options.rate, options.arrivals) {
        (None, _) => "closed loop",
        (_, Arrivals::Constant) => "constant rate",
        (_, Arrivals::Poisson) => "constant rate with random gaps",
    };
    let cut = if outcome.interrupted { ", INTERRUPTED" } else { "" };
    format!(
        "http://{}{}: {}, {}, {}, {kind}{cut}\n\n{}",
        options.url.host,
        options.url.target,
        numbers::counted(options.connections, "connection"),
        numbers::counted(outcome.tally.cpu.len(), "thread"),
        window(outcome.window),
        lines.collect::<String>()
    )
}

/// A window that a number of requests ended may be short.
fn window(window: Duration) -> String {
    match window.as_secs_f64() {
        ..0.1 => numbers::time(window),
        seconds => format!("{seconds:.1} s"),
    }
}

/// What there is to say, each under its name; what did not occur is left out.
fn lines(options: &Options, outcome: &Outcome) -> Vec<(&'static str, String)> {
    let tally = &outcome.tally;
    let (timed_out, unanswered) = (tally.timed_out, tally.unanswered);
    let (requests, rps) =
        (numbers::grouped(tally.requests as f64), numbers::grouped(outcome.rps()));
    let mut lines = vec![("Requests", format!("{requests} ({rps} per second)"))];
    lines.extend(options.think.map(|think| ("Think time", thought(think, options, outcome))));
    lines.extend(options.rate.map(|rate| ("Rate", kept(rate, outcome))));
    lines.push(("Latency", latencies(outcome)));
    lines.extend(parts(outcome));
    lines.push(("Served", format!("{} of {} connections", tally.served, tally.opened)));
    lines.extend(status_codes(outcome).map(|codes| ("Status", codes)));
    if tally.errors.total() > 0 {
        lines.push(("Errors", errors(outcome)));
    }
    lines.extend(tally.first_error.as_ref().map(|(_, text)| ("Such as", text.clone())));
    if tally.reconnects > 0 {
        lines.push(("Reconnects", numbers::grouped(tally.reconnects as f64)));
    }
    lines.push(("In service", in_service(options, outcome)));
    if options.silent + options.slow > 0 {
        lines.push(("Beside", beside(options, outcome)));
    }
    lines.push(("Generator", generator(outcome)));
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
    let all = (options.connections * options.pipeline) as f64;
    let before = match options.rate {
        None if in_service > 1.05 * all => "; more than all, as some began before the window",
        _ => "",
    };
    format!("{in_service:.1} {of} (Little's law: requests per second x mean latency{before})")
}

/// What became of the idle clients.
fn beside(options: &Options, outcome: &Outcome) -> String {
    let idle = outcome.tally.idle;
    format!(
        "{} silent, {} slow: {} connected, {} answered, {} evicted by the server",
        options.silent, options.slow, idle.opened, idle.answered, idle.evicted
    )
}

/// The interactive response time law, beside what was measured.
fn thought(think: Think, options: &Options, outcome: &Outcome) -> String {
    let how = if think.fixed { "always" } else { "on average" };
    let users = options.connections * options.pipeline;
    let each = think.mean + outcome.tally.mean();
    format!(
        "{} {how}; {users} clients / (response + think time) = {} per second",
        numbers::time(think.mean),
        numbers::grouped(users as f64 / each.as_secs_f64())
    )
}

/// How well a constant rate was kept, by the server and by the generator.
fn kept(rate: f64, outcome: &Outcome) -> String {
    let pacing = outcome.tally.pacing;
    let unsent = match pacing.unsent {
        0 => String::new(),
        some => format!(
            ", {some} were due and not sent, the oldest for {}",
            numbers::time(Duration::from_nanos(pacing.oldest_unsent))
        ),
    };
    let waited = match pacing.lag().saturating_sub(pacing.generator_lag()) {
        Duration::ZERO => String::new(),
        some => format!("; requests waited {} for a free connection", numbers::time(some)),
    };
    format!(
        "{:.1} % of {} per second; the generator was {} late on average, {} at most{waited}{unsent}",
        100.0 * outcome.rps() / rate,
        numbers::grouped(rate),
        numbers::time(pacing.generator_lag()),
        numbers::time(Duration::from_nanos(pacing.generator_lag_max))
    )
}

/// What else there is to say of latencies: how many were how long, and what they are made of, where these parts differ.
fn parts(outcome: &Outcome) -> Vec<(&'static str, String)> {
    let tally = &outcome.tally;
    let names = ["Histogram"].into_iter().chain(iter::repeat(""));
    let mut lines: Vec<_> = names.zip(bars(&tally.latency)).collect();
    if !tally.connect.is_empty() {
        let count = numbers::grouped(tally.connect.len() as f64);
        lines.push(("Connect", format!("{} ({count} connections)", summary(&tally.connect))));
    }
    // Most responses come in one piece: then this is the latency once more.
    if tally.first_byte.mean() < 0.99 * tally.latency.mean() {
        lines.push(("First byte", summary(&tally.first_byte)));
    }
    lines
}

/// How many responses had which status code; of nothing but 200 the line of requests says enough.
fn status_codes(outcome: &Outcome) -> Option<String> {
    let codes = &outcome.tally.status_codes;
    let list =
        codes.iter().map(|(code, count)| format!("{code}: {}", numbers::grouped(*count as f64)));
    codes.keys().any(|code| *code != 200).then(|| list.collect::<Vec<_>>().join(", "))
}

/// Those of correct responses, if there were any.
fn latencies(outcome: &Outcome) -> String {
    let tally = &outcome.tally;
    if tally.requests == 0 {
        return "none: no request had a correct response".to_owned();
    }
    summary(&tally.latency)
}

/// Mean, the percentiles that enough of these samples speak for, and the longest. They are nanoseconds.
pub fn summary(samples: &Histogram<u64>) -> String {
    let time = |nanos| numbers::time(Duration::from_nanos(nanos));
    let mut line = format!("mean {}", time(samples.mean() as u64));
    for (name, quantile) in [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999)] {
        if let Some(value) = percentile(samples, quantile) {
            let _ = write!(line, ", {name} {}", numbers::time(value));
        }
    }
    line + &format!(", max {}", time(samples.max()))
}

/// The kinds of errors that happened.
fn errors(outcome: &Outcome) -> String {
    let named = outcome.tally.errors.by_name().into_iter().filter(|(_, count)| *count > 0);
    named.map(|(name, count)| format!("{name} {count}")).collect::<Vec<_>>().join(", ")
}

/// What the generator itself used: near 100 % of a core per thread, it measures itself.
pub fn generator(outcome: &Outcome) -> String {
    let seconds = outcome.window.as_secs_f64().max(f64::MIN_POSITIVE);
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
