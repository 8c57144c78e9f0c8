//! The ladder of users who think, and its controls: what each stage serves, what was predicted, and what limits it.

use super::lines::noted;
use crate::numbers::{self, micros};
use crate::results::prediction::{self, POOL};
use crate::results::{Group, Part, Results, Sample};
use crate::table::Table;
use crate::workspace::{STAGES, label};

/// Busy cores of the server.
pub fn busy_cores(sample: &Sample) -> Option<f64> {
    Some(noted(sample, "server.cpu")? / noted(sample, "seconds").filter(|seconds| *seconds > 0.0)?)
}

/// The rows of one part, the median of each, in the order of the stages.
pub fn rows<'a>(groups: &[Group<'a>], part: Part) -> Vec<&'a Sample> {
    let medians = groups.iter().map(Group::median).filter(|sample| sample.part == part);
    let mut rows: Vec<_> = medians.collect();
    rows.sort_by_key(|sample| STAGES.iter().position(|stage| *stage == sample.target));
    rows
}

/// What a control changes, in words.
pub fn variant(sample: &Sample) -> String {
    let keep_alive = sample.keep_alive.as_deref().unwrap_or("always");
    match sample.threads {
        Some(threads) => format!("{keep_alive}, {} threads", numbers::grouped(threads as f64)),
        None => keep_alive.to_owned(),
    }
}

/// What the figures are of, in one sentence: policy, threads, think time.
pub fn caption(results: &Results) -> Option<String> {
    let groups = results.groups();
    let sample = *rows(&groups, Part::Users).first()?;
    let pool = results.config.threads_told().unwrap_or(POOL);
    Some(format!(
        "{} users hold a connection each, think {} (half to one and a half, at random), ask for 50 µs of CPU time \
         (/work/50) and think again. Keep-alive: always. Threads: 1, {pool}, 1, and one per core ({}).",
        numbers::grouped(sample.connections as f64),
        micros(noted(sample, "think_us")),
        results.host.cores
    ))
}

/// The stages under these users; `None` without rows.
pub fn ladder(results: &Results) -> Option<Table> {
    let groups = results.groups();
    let rows = rows(&groups, Part::Users);
    let below = |index: usize| rows.get(index.checked_sub(1)?).map(|sample| sample.load.rps);
    let line = |(index, sample): (usize, &&Sample)| {
        let name = label(&sample.target).to_owned();
        std::iter::once(name).chain(figures(sample, below(index), results)).collect()
    };
    let header = ["Users", "Req/s", "Factor"].into_iter().chain(FIGURES);
    Table::new(header).filled(rows.iter().enumerate().map(line).collect())
}

const FIGURES: [&str; 6] = ["Predicted", "Served", "p50", "p99", "CPU/req", "Busy cores"];

/// Requests per second, the factor over `below`, and the rest.
fn figures(sample: &Sample, below: Option<f64>, results: &Results) -> Vec<String> {
    let below = below.filter(|rps| *rps > 0.0);
    let dash = || "-".to_owned();
    let predicted = prediction::of(sample, &results.config, results.host.cores);
    vec![
        numbers::grouped(sample.load.rps),
        below.map_or_else(dash, |below| format!("×{:.1}", sample.load.rps / below)),
        predicted.map_or_else(dash, |it| format!("{} = {}", it.formula, numbers::grouped(it.rps))),
        format!("{}/{}", sample.load.served, sample.connections),
        micros(sample.load.latency_us.p50),
        micros(sample.load.latency_us.p99),
        micros(sample.server_cpu_us),
        busy_cores(sample).map_or_else(dash, |cores| format!("{cores:.2}")),
    ]
}

/// The controls: what another policy or more threads make of the stages that wait. `None` without rows.
pub fn controls(results: &Results) -> Option<Table> {
    let groups = results.groups();
    let line = |sample: &&Sample| {
        let figures = figures(sample, None, results);
        let mut cells = vec![label(&sample.target).to_owned(), variant(sample)];
        cells.extend(
            figures.into_iter().enumerate().filter(|(place, _)| *place != 1).map(|(_, cell)| cell),
        );
        let per_request =
            noted(sample, "server.voluntary").map(|all| all / sample.load.requests.max(1) as f64);
        cells.push(per_request.map_or("-".to_owned(), |switches| format!("{switches:.1}")));
        let memory = noted(sample, "server.memory").map(|bytes| bytes / 1_048_576.0);
        cells.push(memory.map_or("-".to_owned(), |memory| format!("{memory:.0} MiB")));
        cells
    };
    let header = ["Control", "Keep-alive", "Req/s"].into_iter().chain(FIGURES);
    let header = header.chain(["Switches/req", "Memory"]);
    Table::new(header).filled(rows(&groups, Part::Controls).iter().map(line).collect())
}

/// What limits each stage, in the verdict's sentence; `None` without rows.
pub fn limits(results: &Results) -> Option<Table> {
    let groups = results.groups();
    let line = |sample: &&Sample| {
        let doubts = sample.doubts();
        let doubts = if doubts.is_empty() {
            String::new()
        } else {
            format!(" (not trusted: {})", doubts.join("; "))
        };
        let verdict =
            sample.observed("verdict").and_then(|verdict| verdict.as_str()).unwrap_or("-");
        vec![label(&sample.target).to_owned(), format!("{verdict}{doubts}")]
    };
    Table::of_prose(["Users", "What is the bottleneck now, and why"])
        .filled(rows(&groups, Part::Users).iter().map(line).collect())
}

/// Where a control beats the next stage, and at what cost.
pub fn beaten(results: &Results) -> Option<String> {
    let groups = results.groups();
    let ladder = rows(&groups, Part::Users);
    let sentence = |control: &&Sample| {
        let stage = STAGES.iter().position(|stage| *stage == control.target)?;
        let next = ladder.iter().find(|sample| sample.target == STAGES[stage + 1])?;
        let share = control.load.rps / next.load.rps;
        let cores =
            |sample| busy_cores(sample).map_or("-".to_owned(), |cores| format!("{cores:.2}"));
        (share > 1.0).then(|| {
            format!(
                "{} ({}) serves {share:.1} × {}, with {} busy cores instead of {}.",
                label(&control.target),
                variant(control),
                label(&next.target),
                cores(control),
                cores(next)
            )
        })
    };
    let sentences: Vec<_> = rows(&groups, Part::Controls).iter().filter_map(sentence).collect();
    (!sentences.is_empty()).then(|| sentences.join(" "))
}
