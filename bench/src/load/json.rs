//! A load's outcome, for programs.

use super::counts::{IdleCounts, Latency, Pacing};
use super::figures::Figures;
use super::outcome::Outcome;
use super::plan::Options;
use super::series::Second;
use crate::numbers::as_micros;
use anyhow::Result;
use serde::Serialize;
use std::collections::BTreeMap;

/// The outcome as one JSON object in a line, with `further` fields.
///
/// # Errors
/// A figure that cannot be written.
pub fn json(options: &Options, outcome: &Outcome, further: &impl Serialize) -> Result<String> {
    let tally = &outcome.tally;
    let json = Json {
        figures: Figures::of(outcome),
        client_cpu_us_per_request: outcome.client_cpu().map(as_micros),
        interrupted: outcome.interrupted,
        target_rps: options.rate,
        pacing: tally.pacing,
        crowd: tally.idle,
        status_codes: &tally.status_codes,
        first_error: tally.first_error.as_ref().map(|(_, text)| text.as_str()),
        connect_us: Latency::of(&tally.connect),
        first_byte_us: Latency::of(&tally.first_byte),
        per_second: &tally.series.parts,
        further,
    };
    Ok(serde_json::to_string(&json)? + "\n")
}

/// The shape of `--json`. Keys are only ever added: scripts read them.
#[derive(Serialize)]
struct Json<'a, T> {
    /// Requests without a response stand apart from the latencies: those under way at the end, and the time-outs.
    #[serde(flatten)]
    figures: Figures,
    client_cpu_us_per_request: Option<f64>,
    interrupted: bool,
    /// Null in a closed loop.
    target_rps: Option<f64>,
    pacing: Pacing,
    crowd: IdleCounts,
    status_codes: &'a BTreeMap<u16, u64>,
    first_error: Option<&'a str>,
    connect_us: Latency,
    first_byte_us: Latency,
    per_second: &'a [Second],
    #[serde(flatten)]
    further: &'a T,
}
