//! The tables of a recorded run. The same results give the same bytes: the book holds them, and
//! its test compares.

use super::tabular::Tabular;
use crate::numbers;
use crate::results::{Group, Part, Results, Sample};
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
        .filter(|group| group.median().target == target && group.median().part == Part::Ladder)
        .collect();
    let rows = groups.iter().map(line).collect();
    Tabular::new(super::COLUMNS.map(str::to_owned).to_vec(), rows)
}

fn line(group: &Group<'_>) -> Vec<String> {
    let sample = group.median();
    let latency = &sample.latency_us;
    let spread = group.spread().map_or(String::new(), |spread| format!(" ±{:.0}%", spread * 50.0));
    vec![
        sample.connection.clone(),
        sample.connections.to_string(),
        numbers::grouped(sample.rps) + &spread,
        micros(Some(latency.mean)),
        micros(latency.p50),
        micros(latency.p90),
        micros(latency.p99),
        micros(Some(latency.max)),
        format!("{}/{}", sample.served, sample.connections),
        numbers::grouped(sample.errors.total() as f64),
        micros(sample.server_cpu_us),
        share(group.kernel()),
    ]
}

/// Req/s of all servers over connection counts, with each stage's factor over the stage above it.
pub fn ladder(results: &Results, mode: &str) -> Option<Tabular> {
    let groups = results.groups();
    let find = |target: &str, level: usize| {
        groups.iter().find(|group| {
            let sample = group.median();
            let names = (sample.part, sample.target.as_str(), sample.connection.as_str());
            names == (Part::Ladder, target, mode) && sample.connections == level
        })
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
    let mut cell = numbers::grouped(sample.rps);
    if let Some(lower) = lower.map(|lower| lower.median().rps).filter(|rps| *rps > 0.0) {
        let _ = write!(cell, " ×{:.2}", sample.rps / lower);
    }
    if (sample.served as usize) < sample.connections {
        let _ = write!(cell, " (served {}/{})", sample.served, sample.connections);
    }
    cell
}

/// Req/s of all servers over workloads; `None` when there are no rows for it.
pub fn matrix(results: &Results) -> Option<Tabular> {
    let groups = results.groups();
    let workloads = workloads(&groups);
    if workloads.is_empty() {
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

/// Req/s of all servers over the number of silent connections; `None` when there are no rows for it.
pub fn idle(results: &Results) -> Option<Tabular> {
    let groups: Vec<_> = results.groups();
    let of_curve = || groups.iter().filter(|group| group.median().part == Part::Idle);
    let mut counts: Vec<_> = of_curve().map(|group| group.median().idle).collect();
    counts.sort_unstable();
    counts.dedup();
    // In a run the curve is of the stages alone.
    let has = |target: &&String| of_curve().any(|group| group.median().target == **target);
    let targets: Vec<_> = results.config.targets.iter().filter(has).collect();
    let mut header = vec!["Silent connections".to_owned()];
    header.extend(targets.iter().map(|target| (*target).clone()));
    let line = |count: &usize| {
        let cell = |target: &&String| {
            let sample = of_curve()
                .find(|group| (group.median().idle, &group.median().target) == (*count, *target));
            sample.map_or("-".to_owned(), |group| rung(group, None))
        };
        let mut row = vec![numbers::grouped(*count as f64)];
        row.extend(targets.iter().map(cell));
        row
    };
    Tabular::new(header, counts.iter().map(line).collect())
}

/// The workloads of the matrix, in the order in which they ran.
pub fn workloads<'a>(groups: &[Group<'a>]) -> Vec<&'a str> {
    let mut names = Vec::new();
    for sample in groups.iter().map(Group::median).filter(|sample| sample.part == Part::Matrix) {
        if !names.contains(&sample.workload.as_str()) {
            names.push(&sample.workload);
        }
    }
    names
}

/// The rows of a cell of the matrix.
pub fn of_matrix<'g, 'a>(
    groups: &'g [Group<'a>],
    target: &str,
    workload: &str,
) -> Option<&'g Group<'a>> {
    groups.iter().find(|group| {
        let sample = group.median();
        (sample.part, sample.target.as_str(), sample.workload.as_str())
            == (Part::Matrix, target, workload)
    })
}

/// The connection counts of a mode, rising.
pub fn levels(groups: &[Group<'_>], mode: &str) -> Vec<usize> {
    let of_mode = groups
        .iter()
        .map(Group::median)
        .filter(|sample| (sample.connection.as_str(), sample.part) == (mode, Part::Ladder));
    let mut levels: Vec<_> = of_mode.map(|sample| sample.connections).collect();
    levels.sort_unstable();
    levels.dedup();
    levels
}

/// Whether it is a rung of the ladder.
pub fn is_stage(target: &str) -> bool {
    crate::targets::STAGES.contains(&target)
}

/// What each row of a server says about its bottleneck, where somebody has looked.
pub fn verdicts(results: &Results, target: &str) -> Option<Tabular> {
    let groups = results.groups();
    let own = groups
        .iter()
        .map(Group::median)
        .filter(|sample| (sample.target.as_str(), sample.part) == (target, Part::Ladder));
    let row = |sample: &Sample| {
        let verdict = sample.observed("verdict")?.as_str()?.to_owned();
        let doubts = sample.doubts();
        Some(vec![
            format!("{}, {}", sample.connection, sample.connections),
            verdict,
            if doubts.is_empty() { "-".to_owned() } else { doubts.join("; ") },
        ])
    };
    let header = ["Connections", "What is the bottleneck, and why", "Why not to trust it"];
    let table = Tabular::new(header.map(str::to_owned).to_vec(), own.filter_map(row).collect())?;
    Some(Tabular { prose: true, ..table })
}

/// A share as a percentage.
fn share(share: Option<f64>) -> String {
    share.map_or("-".to_owned(), |share| format!("{:.0}%", 100.0 * share))
}

/// Microseconds in the unit that keeps them short; a dash where nothing can be said.
pub fn micros(micros: Option<f64>) -> String {
    micros
        .map_or("-".to_owned(), |micros| numbers::time(Duration::from_nanos((micros * 1e3) as u64)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(target: &str, part: Part, rps: f64, served: u64) -> Sample {
        Sample {
            target: target.to_owned(),
            part,
            workload: "hello".to_owned(),
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
            sample("stage1-blocking", Part::Ladder, 1000.0, 1),
            sample("stage2-threadpool", Part::Ladder, 2500.0, 50),
            sample("floor", Part::Ladder, 5000.0, 50),
        ]);
        assert_eq!(
            ladder(&results, "keep-alive").unwrap().markdown(),
            "| Req/s | 50 connections |\n|---|--:|\n| stage1-blocking | 1,000 (served 1/50) |\n\
             | stage2-threadpool | 2,500 ×2.50 |\n| floor | 5,000 |\n"
        );
        assert_eq!((ladder(&results, "close"), matrix(&results)), (None, None));
    }

    #[test]
    fn the_matrix_is_a_part_of_its_own() {
        let results = results(vec![
            sample("floor", Part::Matrix, 9.0, 50),
            Sample {
                workload: "work".to_owned(),
                ..sample("stage1-blocking", Part::Matrix, 8.0, 50)
            },
        ]);
        let text = matrix(&results).unwrap().markdown();
        assert!(text.starts_with("| Req/s | hello | work |\n"), "{text}");
        assert!(text.contains("| floor | 9 | - |\n"), "{text}");
        assert_eq!(ladder(&results, "keep-alive"), None);
    }

    #[test]
    fn the_idle_table_has_a_line_for_each_count() {
        let beside = |idle, rps| Sample { idle, ..sample("floor", Part::Idle, rps, 50) };
        let text = idle(&results(vec![beside(64, 7.0), beside(0, 9.0)])).unwrap().markdown();
        assert!(
            text.ends_with("| Silent connections | floor |\n|---|--:|\n| 0 | 9 |\n| 64 | 7 |\n"),
            "{text}"
        );
        assert_eq!(idle(&results(Vec::new())), None);
    }

    #[test]
    fn a_row_without_answers_has_dashes() {
        let table = of_target(&results(vec![sample("floor", Part::Ladder, 0.0, 0)]), "floor");
        let text = table.unwrap().markdown();
        assert!(text.contains("| 0/50 |") && text.contains("| - |"), "{text}");
        assert_eq!(of_target(&results(Vec::new()), "floor"), None);
    }
}
