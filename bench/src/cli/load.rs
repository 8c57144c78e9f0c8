//! `bench load`: puts the load on the server, has the kernel's evidence collected meanwhile, and ends with the
//! sentence that names the bottleneck.

use crate::evidence::verdict::{Seen, Verdict, verdict};
use crate::evidence::{Evidence, process};
use crate::experiments::{server, trial};
use crate::interrupt::Interrupt;
use crate::load::command::LoadArgs;
use crate::load::{Figures, Latency, Options, Outcome, Second, output};
use crate::numbers::{self, as_micros};
use crate::terminal::{self, LiveLine};
use anyhow::{Result, bail, ensure};
use serde_json::{Map, Value, json};
use std::time::Duration;

/// The exit status when a condition of `--fail-if` holds: unlike 1, nothing went wrong with the load itself.
const FAILED: u8 = 4;

/// Runs the load and prints what came of it. Wrong responses are figures, as long as there are right ones too.
///
/// # Errors
/// When no connection comes about, nothing but errors came back, or standard output takes no more.
pub(super) fn run(args: &LoadArgs, interrupt: &Interrupt) -> Result<u8> {
    let options = args.options()?;
    let mut found = Ok(Vec::new());
    let find = || {
        found = process::listening_on(options.url.address);
        found.as_deref().unwrap_or_default().to_vec()
    };
    let (outcome, evidence) = watch(find, &options, interrupt)?;
    let beside = options.silent + options.slow;
    let seen = trial::seen(&outcome, asking(&options, &outcome), beside);
    let verdict = verdict(&seen, &evidence, None);
    let text = if args.json {
        json(&options, &outcome, &found, (seen, evidence, verdict))?
    } else {
        let mut further = server::lines(&found, &evidence, outcome.tally.requests);
        further.extend(sentence(&verdict));
        output::human(&options, &outcome, further)
    };
    terminal::print(&text)?;
    if outcome.interrupted { Ok(0) } else { judge(args, &outcome) }
}

/// Measures, and says on a terminal how it goes.
fn watch(
    find: impl FnOnce() -> Vec<u32>,
    options: &Options,
    interrupt: &Interrupt,
) -> Result<(Outcome, Evidence)> {
    let line = LiveLine::start();
    line.say("  warm-up");
    let mut before = (Duration::ZERO, Second::default());
    trial::watch(find, options, interrupt, &mut |open, sums| {
        let seconds = (open - before.0).as_secs_f64().max(f64::MIN_POSITIVE);
        let rps = (sums.requests - before.1.requests) as f64 / seconds;
        let errors = (sums.errors - before.1.errors) as f64 / seconds;
        before = (open, sums);
        let (rps, all) = (numbers::grouped(rps), numbers::grouped(sums.requests as f64));
        let open = open.as_secs_f64();
        line.say(&format!(
            "  {open:.1} s: {all} requests, now {rps} requests and {errors:.0} errors per second"
        ));
    })
}

/// The clients that asked for something in the window: all in a closed loop. At a rate, with a long think time, or with a few
/// requests in all, a client without a response need not be one that the server left waiting.
fn asking(options: &Options, outcome: &Outcome) -> usize {
    let tally = &outcome.tally;
    let few = options.requests.is_some_and(|requests| requests < 20 * options.connections as u64);
    // A client that thinks as long as the window lasts need not have asked in it.
    let slow = options.think.is_some_and(|think| 2 * think.mean > outcome.window);
    if !few && options.rate.is_none() && !slow {
        return options.connections;
    }
    // A request that was under way for a moment when the window closed was not left waiting.
    let left =
        if 2 * tally.unanswered.longest < outcome.window { 0 } else { tally.unanswered.count };
    let asked = tally.served + tally.timed_out.count + if few { 0 } else { left };
    options.connections.min(asked as usize)
}

/// The exit status of a load that was not interrupted.
fn judge(args: &LoadArgs, outcome: &Outcome) -> Result<u8> {
    let tally = &outcome.tally;
    if tally.requests == 0 {
        if let Some((_, first)) = &tally.first_error {
            bail!("no request had a correct response: {first}");
        }
        let (count, longest) = (tally.unanswered.count, numbers::time(tally.unanswered.longest));
        ensure!(count > 0, "no request was sent in the window; measure longer (-d)");
        bail!(
            "no request had a complete response: {count} were under way at the end, the oldest for {longest}; measure \
             longer (-d)"
        );
    }
    let failures: Vec<_> =
        args.fail_if.iter().filter_map(|condition| condition.failure(outcome)).collect();
    for failure in &failures {
        terminal::note(&format!("bench: failed by --fail-if {failure}"));
    }
    Ok(if failures.is_empty() { 0 } else { FAILED })
}

/// The bottleneck, and what speaks against trusting the figures.
fn sentence(verdict: &Verdict) -> Vec<(&'static str, String)> {
    let doubts = verdict.doubts.iter().map(|doubt| ("Doubt", doubt.clone()));
    doubts.chain(verdict.lines()).collect()
}

/// All that is known as one JSON object in a line, under the names of a row in results.json where that has the same.
fn json(
    options: &Options,
    outcome: &Outcome,
    found: &Result<Vec<u32>>,
    (seen, evidence, verdict): (Seen, Evidence, Verdict),
) -> Result<String> {
    let tally = &outcome.tally;
    // Requests without a response stand apart from the latencies: those under way at the end, and the time-outs.
    let figures = serde_json::to_value(Figures::of(outcome))?;
    let further = json!({
        "client_cpu_us_per_request": outcome.client_cpu().map(as_micros),
        "interrupted": outcome.interrupted,
        // Null in a closed loop.
        "target_rps": options.rate,
        "pacing": tally.pacing,
        "crowd": tally.idle,
        "status_codes": tally.status_codes,
        "first_error": tally.first_error.as_ref().map(|(_, text)| text),
        "connect_us": Latency::of(&tally.connect),
        "first_byte_us": Latency::of(&tally.first_byte),
        "per_second": tally.series.parts,
        // The names of the server's processes; null where these cannot be seen, and then why they cannot.
        "server": found.as_ref().ok().map(|pids| process::names(pids)),
        "server_unseen": found.as_ref().err().map(ToString::to_string),
        "server_cpu_us": evidence.cpu_per(tally.requests).map(as_micros),
        // What the verdict is made from.
        "seen": seen,
        "evidence": evidence,
    });
    let mut all = Map::new();
    for part in [figures, serde_json::to_value(verdict)?, further] {
        if let Value::Object(fields) = part {
            all.extend(fields);
        }
    }
    Ok(format!("{}\n", Value::Object(all)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::Url;

    #[test]
    fn a_request_that_was_just_sent_when_the_window_closed_was_not_left_waiting() {
        let url = Url::parse("http://127.0.0.1:1/").unwrap();
        let window = Duration::from_millis(500);
        let options = Options { rate: Some(10.0), ..Options::get(url, 30, window) };
        let mut outcome = Outcome { window, ..Outcome::default() };
        outcome.tally.served = 4;
        outcome.tally.unanswered.count = 1;
        let mut asked_after = |millis| {
            outcome.tally.unanswered.longest = Duration::from_millis(millis);
            asking(&options, &outcome)
        };
        assert_eq!((asked_after(3), asked_after(400)), (4, 5));
    }
}
