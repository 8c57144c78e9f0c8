//! The ladder of users who think, and its controls: what each stage serves, what was predicted, and what limits it.

use super::lines::{noted, verdict_of};
use crate::numbers::{self, micros};
use crate::results::prediction;
use crate::results::{Group, Part, Results, Sample};
use crate::table::Table;
use crate::workspace::{self, STAGES, is_stage, label};

const MIB: f64 = 1_048_576.0;

/// Busy cores of the server.
pub fn busy_cores(sample: &Sample) -> Option<f64> {
    Some(noted(sample, "server.cpu")? / noted(sample, "seconds").filter(|seconds| *seconds > 0.0)?)
}

/// The trials of one part, in the order of the stages.
pub fn groups<'g, 'a>(groups: &'g [Group<'a>], part: Part) -> Vec<&'g Group<'a>> {
    let mut own: Vec<_> = groups.iter().filter(|group| group.median().part == part).collect();
    let place = |sample: &Sample| workspace::stage(&sample.target);
    own.sort_by_key(|group| place(group.median()).unwrap_or(STAGES.len()));
    own
}

/// Of each the row in the middle.
pub fn rows<'a>(groups: &[Group<'a>], part: Part) -> Vec<&'a Sample> {
    self::groups(groups, part).into_iter().map(Group::median).collect()
}

/// How many threads serve.
pub fn threads(sample: &Sample, results: &Results) -> usize {
    prediction::threads(sample, &results.config, results.host.cores)
}

/// What a control changes, in words.
pub fn variant(sample: &Sample) -> String {
    let keep_alive = sample.keep_alive.as_deref().unwrap_or("always");
    match sample.threads {
        Some(threads) => format!("{} threads", numbers::grouped(threads as f64)),
        None => format!("keep-alive {keep_alive}"),
    }
}

/// A control where there is little room: `2, keep-alive fair`.
pub fn control(sample: &Sample) -> Option<String> {
    let number = workspace::stage(&sample.target)? + 1;
    Some(format!("{number}, {}", variant(sample)))
}

/// What the figures are of, in one sentence: policy, threads, think time.
pub fn caption(results: &Results) -> Option<String> {
    let groups = results.groups();
    let sample = *rows(&groups, Part::Users).first()?;
    let threads = |sample: &&Sample| threads(sample, results).to_string();
    let threads: Vec<_> = rows(&groups, Part::Users).iter().map(threads).collect();
    Some(format!(
        "{} users hold a connection each, think {} (half to one and a half of it, at random), ask for 50 µs of CPU time \
         (/work/50), and think again. Keep-alive: always. Threads: {}.",
        numbers::grouped(sample.connections as f64),
        micros(noted(sample, "think_us")),
        threads.join(", ")
    ))
}

/// The stages under these users; `None` without rows.
pub fn ladder(results: &Results) -> Option<Table> {
    let groups = results.groups();
    let rows = rows(&groups, Part::Users);
    let below = |index: usize| below(&rows, index);
    let line = |(index, sample): (usize, &&Sample)| {
        let name = label(&sample.target).to_owned();
        std::iter::once(name).chain(figures(sample, below(index), results)).collect()
    };
    let header = ["Users", "Req/s", "Factor"].into_iter().chain(FIGURES);
    Table::new(header).filled(rows.iter().enumerate().map(line).collect())
}

/// Requests per second of the stage before the row at `index`.
pub fn below(rows: &[&Sample], index: usize) -> Option<f64> {
    let before = rows.get(index.checked_sub(1)?)?;
    is_stage(&rows[index].target).then_some(before.load.rps).filter(|rps| *rps > 0.0)
}

const FIGURES: [&str; 6] = ["Predicted", "Served", "p50", "p99", "CPU/req", "Busy cores"];

/// Requests per second, the factor over `below`, and the rest.
fn figures(sample: &Sample, below: Option<f64>, results: &Results) -> Vec<String> {
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
        let memory = noted(sample, "server.memory").map(|bytes| bytes / MIB);
        cells.push(memory.map_or("-".to_owned(), |memory| format!("{memory:.0} MiB")));
        cells
    };
    let header = ["Control", "With", "Req/s"].into_iter().chain(FIGURES);
    let header = header.chain(["Switches/req", "Memory"]);
    Table::new(header).filled(rows(&groups, Part::Controls).iter().map(line).collect())
}

/// What limits each stage, in the verdict's sentence; `None` without rows.
pub fn limits(results: &Results) -> Option<Table> {
    let groups = results.groups();
    let line = |sample: &&Sample| Some(vec![label(&sample.target).to_owned(), verdict_of(sample)?]);
    Table::of_prose(["Users", "What is the bottleneck now, and why"])
        .filled(rows(&groups, Part::Users).iter().filter_map(line).collect())
}

/// Where a control beats the next stage, and at what cost.
pub fn beaten(results: &Results) -> Vec<String> {
    let groups = results.groups();
    let ladder = rows(&groups, Part::Users);
    let sentence = |control: &&Sample| {
        let stage = workspace::stage(&control.target)?;
        let next = ladder.iter().find(|sample| STAGES.get(stage + 1) == Some(&&*sample.target))?;
        let share = control.load.rps / next.load.rps;
        (share > 1.0).then_some(())?;
        let price = |sample: &Sample| {
            let cpu = micros(sample.server_cpu_us);
            Some(format!("{cpu} a request and {:.1} busy cores", busy_cores(sample)?))
        };
        let memory = noted(control, "server.memory").filter(|_| control.threads.is_some());
        let memory = memory.map_or(String::new(), |memory| format!(", {:.0} MiB", memory / MIB));
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
    rows(&groups, Part::Controls).iter().filter_map(sentence).collect()
}
