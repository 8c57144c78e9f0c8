//! `bench load`: puts the load on the server, has the kernel's evidence collected meanwhile, and ends with the
//! sentence that names the bottleneck.

use super::server;
use crate::evidence::verdict::{Verdict, verdict};
use crate::evidence::{Evidence, process};
use crate::experiments::trial;
use crate::interrupt::Interrupt;
use crate::load::command::LoadArgs;
use crate::load::{Options, Outcome, output};
use crate::numbers::as_micros;
use crate::terminal;
use anyhow::{Result, bail};
use serde::Serialize;

/// The exit status when a condition of `--fail-if` holds: unlike 1, nothing went wrong with the load itself.
const FAILED: u8 = 4;

/// Runs the load and prints what came of it. Wrong responses are figures, as long as there are right ones too.
///
/// # Errors
/// When no connection comes about, nothing but errors came back, or standard output takes no more.
pub(super) fn run(args: &LoadArgs, interrupt: &Interrupt) -> Result<u8> {
    let options = args.options()?;
    let found = process::listening_on(options.url.address);
    let pids = found.as_deref().unwrap_or_default().to_vec();
    let (outcome, evidence) = trial::watch(pids, &options, interrupt)?;
    let beside = options.silent + options.slow;
    let verdict = verdict(&trial::seen(&outcome, options.connections, beside), &evidence, None);
    let text = if args.json {
        json(&options, &outcome, &found, evidence, verdict)?
    } else {
        let mut further = server::lines(&found, &evidence, outcome.tally.requests);
        further.extend(sentence(&verdict));
        output::human(&options, &outcome, further)
    };
    terminal::print(&text)?;
    judge(args, &outcome)
}

/// The exit status.
fn judge(args: &LoadArgs, outcome: &Outcome) -> Result<u8> {
    let tally = &outcome.tally;
    if let Some((_, first)) = tally.first_error.as_ref().filter(|_| tally.requests == 0) {
        bail!("no request had a correct response: {first}");
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
    let doubts = verdict.doubts.iter().map(|doubt| ("Not trusted", doubt.clone()));
    doubts.chain([("Bottleneck", verdict.sentence.clone())]).collect()
}

/// What `--json` has beside the load's own figures, under the names of a row in results.json.
#[derive(Serialize)]
struct Server {
    /// The names of the server's processes; null where these cannot be seen.
    server: Option<String>,
    /// Why they cannot.
    server_unseen: Option<String>,
    server_cpu_us: Option<f64>,
    cause: &'static str,
    verdict: String,
    doubts: Vec<String>,
    evidence: Evidence,
}

fn json(
    options: &Options,
    outcome: &Outcome,
    found: &Result<Vec<u32>>,
    evidence: Evidence,
    verdict: Verdict,
) -> Result<String> {
    let further = Server {
        server: found.as_ref().ok().map(|pids| process::names(pids)),
        server_unseen: found.as_ref().err().map(ToString::to_string),
        server_cpu_us: server::per_request(&evidence, outcome.tally.requests).map(as_micros),
        cause: verdict.cause.short(),
        verdict: verdict.sentence,
        doubts: verdict.doubts,
        evidence,
    };
    output::json(options, outcome, &further)
}
