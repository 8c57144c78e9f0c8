//! The tables of a recorded run. The same results give the same bytes: the book holds them, and
//! its test compares.

use super::tabular::Tabular;
use super::text;
use crate::results::{Group, Results};
use std::fmt::Write as _;
use std::time::Duration;

/// Where and of what: a sentence to stand under tables.
pub fn origin(results: &Results) -> String {
    let day = results.began.split('T').next().unwrap_or_default();
    let mut text = format!("Recorded {day} on {}; {}.", results.host.line(), results.source.line());
    if results.interrupted {
        text += " Interrupted: not all that was asked for was measured.";
    }
    text
}

/// The article's table for one server, a line for each mode and connection count; `None` without rows.
pub fn of_target(results: &Results, target: &str) -> Option<Tabular> {
    let groups: Vec<_> = results
        .groups()
        .into_iter()
        .filter(|group| group.median().target == target && group.median().workload == "hello")
        .collect();
    let header = [
        "Connection",
        "Connections",
        "Req/s",
        "Avg",
        "p50",
        "p90",
        "p99",
        "Max",
        "Served",
        "Errors",
        "CPU/req",
    ];
    let rows = groups.iter().map(line).collect();
    Tabular::new(header.map(str::to_owned).to_vec(), rows)
}

fn line(group: &Group<'_>) -> Vec<String> {
    let sample = group.median();
    let latency = &sample.latency_us;
    let spread = group.spread().map_or(String::new(), |spread| format!(" ±{:.0}%", spread * 50.0));
    vec![
        sample.connection.clone(),
        sample.connections.to_string(),
        text::grouped(sample.rps) + &spread,
        micros(Some(latency.mean)),
        micros(latency.p50),
        micros(latency.p90),
        micros(latency.p99),
        micros(Some(latency.max)),
        format!("{}/{}", sample.served, sample.connections),
        text::grouped(sample.errors.total() as f64),
        micros(sample.server_cpu_us),
    ]
}

/// Req/s of all servers over connection counts, with each stage's factor over the stage above it.
pub fn ladder(results: &Results, mode: &str) -> Option<Tabular> {
    let groups = results.groups();
    let find = |target: &str, level: usize| {
        groups.iter().find(|group| group.key() == (target, "hello", mode, level, 0))
    };
    let levels = levels(&groups, mode);
    let mut header = vec!["Req/s".to_owned()];
    header.extend(levels.iter().map(|level| format!("{level} connections")));
    let (mut rows, mut below) = (Vec::new(), None);
    for target in &results.config.targets {
        if !levels.iter().any(|level| find(target, *level).is_some()) {
            continue;
        }
        let mut row = vec![target.clone()];
        for level in &levels {
            let lower = below.filter(|_| is_stage(target)).and_then(|below| find(below, *level));
            row.push(find(target, *level).map_or("-".to_owned(), |group| rung(group, lower)));
        }
        rows.push(row);
        below = is_stage(target).then_some(target.as_str()).or(below);
    }
    Tabular::new(header, rows)
}

/// Req/s, the factor over the rung below, and who was left out.
fn rung(group: &Group<'_>, lower: Option<&Group<'_>>) -> String {
    let sample = group.median();
    let mut cell = text::grouped(sample.rps);
    if let Some(lower) = lower.map(|lower| lower.median().rps).filter(|rps| *rps > 0.0) {
        let _ = write!(cell, " ×{:.2}", sample.rps / lower);
    }
    if (sample.served as usize) < sample.connections {
        let _ = write!(cell, " (served {}/{})", sample.served, sample.connections);
    }
    cell
}

/// Req/s of all servers over workloads; `None` when only one workload was run.
pub fn matrix(results: &Results) -> Option<Tabular> {
    let groups = results.groups();
    let workloads = workloads(&groups);
    if workloads.len() < 2 {
        return None;
    }
    let mut header = vec!["Req/s".to_owned()];
    header.extend(workloads.iter().map(|name| (*name).to_owned()));
    let line = |target: &String| {
        let cell = |workload: &&str| {
            of_matrix(&groups, target, workload).map_or("-".to_owned(), |group| rung(group, None))
        };
        let mut row = vec![target.clone()];
        row.extend(workloads.iter().map(cell));
        row
    };
    Tabular::new(header, results.config.targets.iter().map(line).collect())
}

/// All workloads, in the order in which they ran.
pub fn workloads<'a>(groups: &[Group<'a>]) -> Vec<&'a str> {
    let mut names = Vec::new();
    for group in groups {
        let (_, workload, ..) = group.key();
        if !names.contains(&workload) {
            names.push(workload);
        }
    }
    names
}

/// The row of a workload that stands in the matrix: kept alive, the most connections, all of its idle clients.
pub fn of_matrix<'g, 'a>(
    groups: &'g [Group<'a>],
    target: &str,
    workload: &str,
) -> Option<&'g Group<'a>> {
    groups
        .iter()
        .filter(|group| {
            let (name, load, mode, ..) = group.key();
            (name, load, mode) == (target, workload, "keep-alive")
        })
        .max_by_key(|group| {
            let (.., connections, idle) = group.key();
            (connections, idle)
        })
}

/// The connection counts of a mode, rising.
pub fn levels(groups: &[Group<'_>], mode: &str) -> Vec<usize> {
    let of_mode = groups
        .iter()
        .map(Group::median)
        .filter(|sample| (sample.connection.as_str(), sample.workload.as_str()) == (mode, "hello"));
    let mut levels: Vec<_> = of_mode.map(|sample| sample.connections).collect();
    levels.sort_unstable();
    levels.dedup();
    levels
}

/// Whether it is a rung of the ladder.
pub fn is_stage(target: &str) -> bool {
    crate::target::STAGES.contains(&target)
}

/// Microseconds in the unit that keeps them short; a dash where nothing can be said.
pub fn micros(micros: Option<f64>) -> String {
    micros.map_or("-".to_owned(), |micros| text::time(Duration::from_nanos((micros * 1e3) as u64)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::Sample;

    fn sample(target: &str, workload: &str, rps: f64, served: u64) -> Sample {
        Sample {
            target: target.to_owned(),
            workload: workload.to_owned(),
            connection: "keep-alive".to_owned(),
            connections: 50,
            rps,
            served,
            ..Sample::default()
        }
    }

    fn results(rows: Vec<Sample>) -> Results {
        let mut results = Results { rows, ..Results::default() };
        results.config.targets =
            ["stage1-blocking", "stage2-threadpool", "floor"].map(str::to_owned).to_vec();
        results
    }

    #[test]
    fn the_ladder_has_factors_and_tells_who_was_left_out() {
        let results = results(vec![
            sample("stage1-blocking", "hello", 1000.0, 1),
            sample("stage2-threadpool", "hello", 2500.0, 50),
            sample("floor", "hello", 5000.0, 50),
        ]);
        assert_eq!(
            ladder(&results, "keep-alive").unwrap().markdown(),
            "| Req/s | 50 connections |\n|---|--:|\n| stage1-blocking | 1,000 (served 1/50) |\n\
             | stage2-threadpool | 2,500 ×2.50 |\n| floor | 5,000 |\n"
        );
        assert_eq!((ladder(&results, "close"), matrix(&results)), (None, None));
    }

    #[test]
    fn the_matrix_needs_two_workloads() {
        let results = results(vec![
            sample("floor", "hello", 9.0, 50),
            sample("stage1-blocking", "work", 8.0, 50),
        ]);
        let text = matrix(&results).unwrap().markdown();
        assert!(text.starts_with("| Req/s | hello | work |\n"), "{text}");
        assert!(text.contains("| floor | 9 | - |\n"), "{text}");
    }

    #[test]
    fn a_row_without_answers_has_dashes() {
        let table = of_target(&results(vec![sample("floor", "hello", 0.0, 0)]), "floor");
        let text = table.unwrap().markdown();
        assert!(text.contains("| 0/50 |") && text.contains("| - |"), "{text}");
        assert_eq!(of_target(&results(Vec::new()), "floor"), None);
    }
}
