//! The ladder of users who think, and its controls: what each stage serves, what was predicted, and what limits it.

use super::figures::{cores, memory, or_dash, requests, served, server, switches, verdict};
use crate::numbers::{grouped, micros};
use crate::results::statistics::times;
use crate::results::{Part, Results, Sample, prediction};
use crate::table::{Column, Table};
use crate::workspace::{self, STAGES, is_stage};

/// How many threads serve.
pub fn threads(sample: &Sample, results: &Results) -> usize {
    prediction::threads(sample, &results.config, results.host.cores)
}

/// What a control changes, in words.
pub fn variant(sample: &Sample) -> String {
    match sample.threads {
        Some(threads) => format!("{} threads", grouped(threads as f64)),
        None => format!("keep-alive {}", keep_alive(sample)),
    }
}

fn keep_alive(sample: &Sample) -> &str {
    sample.keep_alive.as_deref().unwrap_or("always")
}

/// A control where there is little space: `stage 2, keep-alive fair`.
pub fn control(sample: &Sample) -> Option<String> {
    let number = workspace::stage(&sample.target)? + 1;
    Some(format!("stage {number}, {}", variant(sample)))
}

/// What figures are of, in one sentence: policy, threads, think time.
pub fn caption(results: &Results) -> Option<String> {
    let rows = results.medians(Part::Users);
    let sample = *rows.first()?;
    let threads: Vec<_> = rows.iter().map(|row| threads(row, results).to_string()).collect();
    Some(format!(
        "{} users hold a connection each, think {} (half to one and a half of it, at random), ask for 50 µs of CPU time \
         (/work/50), and think again. Keep-alive: {}. Threads: {}.",
        grouped(sample.connections as f64),
        micros(sample.noted("think_us")),
        keep_alive(sample),
        threads.join(", ")
    ))
}

/// What a row was predicted to reach, and by which formula.
pub fn predicted(sample: &Sample, results: &Results) -> Option<String> {
    let predicted = prediction::of(sample, &results.config, results.host.cores)?;
    Some(format!("{} = {}", predicted.formula, grouped(predicted.rps)))
}

/// How many times as many requests per second a stage serves as the one before it. A control is no rung of that ladder.
pub fn factor(row: &Sample, results: &Results) -> Option<String> {
    let ladder = results.trials(Part::Users);
    let at = ladder.iter().position(|trial| trial.median() == row)?;
    let factor = times(&ladder[at], ladder.get(at.checked_sub(1)?)?)?;
    is_stage(&row.target).then(|| format!("×{factor:.1}"))
}

/// What tables of users have in common.
fn figures<'a>() -> [Column<'a, &'a Sample>; 5] {
    [
        ("Served", &|row| served(row)),
        ("p50", &|row| micros(row.load.latency_us.p50)),
        ("p99", &|row| micros(row.load.latency_us.p99)),
        ("CPU/req", &|row| micros(row.server_cpu_us)),
        ("Busy cores", &|row| cores(row.busy_cores())),
    ]
}

/// The stages under these users; `None` without rows.
pub fn ladder(results: &Results) -> Option<Table> {
    let columns: [Column<'_, &Sample>; 4] = [
        ("Users", &|row| server(row)),
        ("Req/s", &|row| requests(row)),
        ("Factor", &|row| or_dash(factor(row, results))),
        ("Predicted", &|row| or_dash(predicted(row, results))),
    ];
    Table::of(results.medians(Part::Users), &[&columns[..], &figures()].concat())
}

/// The controls: what another policy or more threads make of the stages that wait. `None` without rows.
pub fn controls(results: &Results) -> Option<Table> {
    let columns: [Column<'_, &Sample>; 4] = [
        ("Control", &|row| server(row)),
        ("With", &|row| variant(row)),
        ("Req/s", &|row| requests(row)),
        ("Predicted", &|row| or_dash(predicted(row, results))),
    ];
    let price: [Column<'_, &Sample>; 2] =
        [("Switches/req", &|row| or_dash(switches(row))), ("Memory", &|row| or_dash(memory(row)))];
    Table::of(results.medians(Part::Controls), &[&columns[..], &figures(), &price].concat())
}

/// What limits each stage, in the verdict's sentence; `None` without rows.
pub fn limits(results: &Results) -> Option<Table> {
    let line = |row: &&Sample| Some(vec![server(row), verdict(row)?]);
    Table::of_prose(["Users", "What is the bottleneck now, and why"])
        .filled(results.medians(Part::Users).iter().filter_map(line).collect())
}

/// Where a control beats the next stage, and at what cost.
pub fn beaten(results: &Results) -> Vec<String> {
    let ladder = results.medians(Part::Users);
    let sentence = |control: &&Sample| {
        let stage = workspace::stage(&control.target)?;
        let next = ladder.iter().find(|row| STAGES.get(stage + 1) == Some(&&*row.target))?;
        let share = control.load.rps / next.load.rps;
        (share > 1.0).then_some(())?;
        let price = |row: &Sample| {
            let cpu = micros(row.server_cpu_us);
            Some(format!("{cpu} a request and {:.1} busy cores", row.busy_cores()?))
        };
        let memory = memory(control).filter(|_| control.threads.is_some());
        let memory = memory.map_or(String::new(), |memory| format!(", with {memory} of memory"));
        Some(format!(
            "Stage {} with {} serves {share:.1} × stage {}, for {}{memory}; stage {} needs {}.",
            stage + 1,
            variant(control),
            stage + 2,
            price(control)?,
            stage + 2,
            price(next)?,
        ))
    };
    results.medians(Part::Controls).iter().filter_map(sentence).collect()
}
