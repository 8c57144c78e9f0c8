//! The tables of a run. The same results give the same bytes: the book holds them, and its test compares.

use crate::numbers::{self, micros};
use crate::results::compare::Pair;
use crate::results::{Group, Part, Results, Sample};
use crate::table::Table;
use crate::workspace::{is_stage, label};
use serde_json::Value;

/// What a table shows of a server in one of its rows or columns.
type Find<'f, 'a> = &'f dyn Fn(&Sample) -> bool;

/// The repeats that a question is about; the first group of which the median answers it.
pub fn find<'g, 'a>(groups: &'g [Group<'a>], is: Find<'_, '_>) -> Option<&'g Group<'a>> {
    groups.iter().find(|group| is(group.median()))
}

/// The different values of a figure over one part of a run, rising.
pub fn values(groups: &[Group<'_>], is: Find<'_, '_>, of: fn(&Sample) -> usize) -> Vec<usize> {
    let samples = groups.iter().map(Group::median).filter(|sample| is(sample));
    let mut values: Vec<_> = samples.map(of).collect();
    values.sort_unstable();
    values.dedup();
    values
}

/// The connection counts of the ladder in one mode, rising.
pub fn levels(groups: &[Group<'_>], mode: &str) -> Vec<usize> {
    let of_mode =
        |sample: &Sample| (sample.connection.as_str(), sample.part) == (mode, Part::Ladder);
    values(groups, &of_mode, |sample| sample.connections)
}

/// The workloads of the matrix, in the order in which they ran.
pub fn workloads<'a>(groups: &[Group<'a>]) -> Vec<&'a str> {
    let mut names: Vec<&str> = Vec::new();
    for sample in groups.iter().map(Group::median).filter(|sample| sample.part == Part::Matrix) {
        if !names.contains(&sample.workload.as_str()) {
            names.push(&sample.workload);
        }
    }
    names
}

/// The article's table for one server, a line for each mode and connection count; `None` without rows.
pub fn of_target(results: &Results, target: &str) -> Option<Table> {
    let header = [
        "Connection",
        "Connections",
        "Req/s",
        "mean",
        "p50",
        "p90",
        "p99",
        "max",
        "Served",
        "Errors",
        "CPU/req",
        "System CPU %",
    ];
    let line = |group: &Group<'_>| {
        let sample = group.median();
        let latency = &sample.latency_us;
        let spread =
            group.spread().map_or(String::new(), |spread| format!(" ±{:.0}%", spread * 50.0));
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
            group.kernel().map_or("-".to_owned(), |share| format!("{:.0}", 100.0 * share)),
        ]
    };
    let groups = results.groups();
    let own = groups.iter().filter(|group| {
        (group.median().target.as_str(), group.median().part) == (target, Part::Ladder)
    });
    Table::new(header).filled(own.map(line).collect())
}

/// What each row of a server says about its bottleneck.
pub fn verdicts(results: &Results, target: &str) -> Option<Table> {
    let groups = results.groups();
    let own = groups.iter().map(Group::median).filter(|sample| {
        // A server that keeps up with a constant rate has no bottleneck worth a word.
        let due = noted(sample, "target_rps");
        let keeps_up = due.is_some_and(|due| sample.rps >= 0.99 * due);
        let part = matches!(sample.part, Part::Ladder | Part::Rate);
        sample.target == target && part && !keeps_up
    });
    let row = |sample: &Sample| {
        let verdict = sample.observed("verdict")?.as_str()?.to_owned();
        let doubts = sample.doubts();
        Some(vec![
            format!("{}, {}", sample.connection, sample.connections),
            verdict,
            if doubts.is_empty() { "-".to_owned() } else { doubts.join("; ") },
        ])
    };
    Table::of_prose(["Connections", "What is the bottleneck, and why", "Why not to trust it"])
        .filled(own.filter_map(row).collect())
}

/// Req/s of all servers over connection counts, with each stage's factor over the stage above it.
pub fn ladder(results: &Results, mode: &str) -> Option<Table> {
    let groups = results.groups();
    let at = |target: &str, level: usize| {
        find(&groups, &|sample| {
            let names = (sample.part, sample.target.as_str(), sample.connection.as_str());
            names == (Part::Ladder, target, mode) && sample.connections == level
        })
    };
    let levels = levels(&groups, mode);
    let mut header = vec!["Req/s".to_owned()];
    header.extend(levels.iter().map(|level| format!("{level} connections")));
    let (mut rows, mut below) = (Vec::new(), None);
    for target in &results.config.targets {
        if levels.iter().all(|level| at(target, *level).is_none()) {
            continue;
        }
        let mut row = vec![label(target).to_owned()];
        for level in &levels {
            let lower = below.filter(|_| is_stage(target)).and_then(|below| at(below, *level));
            row.push(at(target, *level).map_or("-".to_owned(), |group| rung(group, lower)));
        }
        rows.push(row);
        below = is_stage(target).then_some(target.as_str()).or(below);
    }
    Table::new(header).filled(rows)
}

/// How far the highest stage comes beside the servers that are no stages; `None` without both.
pub fn beside(results: &Results, mode: &str) -> Option<String> {
    let groups = results.groups();
    let rps = |target: &str, level| {
        let group = find(&groups, &|sample| {
            (sample.part, sample.target.as_str()) == (Part::Ladder, target)
                && (sample.connection.as_str(), sample.connections) == (mode, level)
        });
        group.map(|group| group.median().rps).filter(|rps| *rps > 0.0)
    };
    let levels = levels(&groups, mode);
    let measured = |target: &&String| levels.iter().any(|level| rps(target, *level).is_some());
    let present = || results.config.targets.iter().filter(measured);
    let top = present().rfind(|target| is_stage(target))?;
    let line = |other: &String| {
        let share = |level: &usize| Some(rps(top, *level)? / rps(other, *level)?);
        let shares: Vec<_> =
            levels.iter().filter_map(share).map(|share| format!("{share:.2}")).collect();
        format!("{} of {}", shares.join(", "), label(other))
    };
    let others: Vec<_> = present().filter(|target| !is_stage(target)).map(line).collect();
    (!others.is_empty()).then(|| format!("{top} reaches {}.", others.join("; ")))
}

/// Req/s, the factor over the rung below, and what must not be overlooked beside them.
fn rung(group: &Group<'_>, lower: Option<&Group<'_>>) -> String {
    let sample = group.median();
    let lower = lower.map(|lower| lower.median().rps).filter(|rps| *rps > 0.0);
    let factor = lower.map_or(String::new(), |lower| format!(" ×{:.2}", sample.rps / lower));
    let mut notes = Vec::new();
    if (sample.served as usize) < sample.connections {
        notes.push(format!("served {}/{}", sample.served, sample.connections));
    }
    let evicted = noted(sample, "crowd.evicted").unwrap_or_default() as u64;
    for (name, count) in [("errors", sample.errors.total()), ("evicted", evicted)] {
        notes.extend((count > 0).then(|| format!("{name} {count}")));
    }
    let notes = if notes.is_empty() { String::new() } else { format!(" ({})", notes.join(", ")) };
    numbers::grouped(sample.rps) + &factor + &notes
}

/// A table of all servers over the workloads of the matrix; `None` when there are no rows for it.
fn over_workloads(
    results: &Results,
    corner: &str,
    cell: fn(&Group<'_>) -> Option<String>,
) -> Option<Table> {
    let groups = results.groups();
    let workloads = workloads(&groups);
    let of =
        |target: &str, workload: &str| find(&groups, &|sample| is_matrix(sample, target, workload));
    let line = |target: &String| {
        let cells = workloads.iter().map(|workload| of(target, workload).and_then(cell));
        let mut row = vec![label(target).to_owned()];
        row.extend(cells.map(|cell| cell.unwrap_or_else(|| "-".to_owned())));
        row
    };
    let mut rows: Vec<_> = results.config.targets.iter().map(line).collect();
    rows.retain(|row| row[1..].iter().any(|cell| cell != "-"));
    let header = std::iter::once(corner).chain(workloads.iter().copied());
    Table::new(header).filled(rows)
}

/// Whether it is a row of this cell of the matrix.
pub fn is_matrix(sample: &Sample, target: &str, workload: &str) -> bool {
    (sample.part, sample.target.as_str(), sample.workload.as_str())
        == (Part::Matrix, target, workload)
}

/// Req/s of all servers over workloads.
pub fn matrix(results: &Results) -> Option<Table> {
    over_workloads(results, "Req/s", |group| Some(rung(group, None)))
}

/// The bottleneck of all servers over workloads, in two words.
pub fn causes(results: &Results) -> Option<Table> {
    over_workloads(results, "Bottleneck", |group| {
        Some(group.median().observed("cause")?.as_str()?.to_owned())
    })
}

/// Req/s of all servers over the number of silent connections; `None` when there are no rows for it.
pub fn idle(results: &Results) -> Option<Table> {
    let groups = results.groups();
    let is_idle = |sample: &Sample| sample.part == Part::Idle;
    // In a run the curve is of the stages alone.
    let has = |target: &&String| {
        find(&groups, &|sample| is_idle(sample) && sample.target == **target).is_some()
    };
    let targets: Vec<_> = results.config.targets.iter().filter(has).collect();
    let header =
        std::iter::once("Silent connections").chain(targets.iter().map(|name| label(name)));
    let line = |count: &usize| {
        let cell = |target: &&String| {
            let of = |sample: &Sample| {
                is_idle(sample) && (sample.idle, &sample.target) == (*count, *target)
            };
            find(&groups, &of).map_or("-".to_owned(), |group| rung(group, None))
        };
        let mut row = vec![numbers::grouped(*count as f64)];
        row.extend(targets.iter().map(cell));
        row
    };
    let counts = values(&groups, &is_idle, |sample| sample.idle);
    Table::new(header).filled(counts.iter().map(line).collect())
}

/// What each server made of a constant rate; `None` when there are no rows for it.
pub fn rate(results: &Results) -> Option<Table> {
    let line = |group: &Group<'_>| {
        let (sample, latency) = (group.median(), group.median().latency_us);
        let rate = noted(sample, "target_rps").unwrap_or_default();
        let reached = 100.0 * sample.rps / rate.max(f64::MIN_POSITIVE);
        vec![
            label(&sample.target).to_owned(),
            numbers::grouped(rate),
            format!("{reached:.1}%"),
            micros(Some(latency.mean)),
            micros(latency.p50),
            micros(latency.p90),
            micros(latency.p99),
            micros(latency.p999),
            micros(Some(latency.max)),
            micros(noted(sample, "lag_us")),
            noted(sample, "unsent").map_or("-".to_owned(), numbers::grouped),
            format!("{}/{}", sample.served, sample.connections),
        ]
    };
    let header = [
        "Server", "Due/s", "Reached", "mean", "p50", "p90", "p99", "p99.9", "max", "Lag", "Unsent",
        "Served",
    ];
    let groups = results.groups();
    let rows = groups.iter().filter(|group| group.median().part == Part::Rate).map(line);
    Table::new(header).filled(rows.collect())
}

/// wrk's figures beside ours; `None` where wrk was not asked.
pub fn wrk(results: &Results) -> Option<Table> {
    let groups = results.groups();
    let line = |sample: &Sample| {
        Some(vec![
            label(&sample.target).to_owned(),
            format!("{}, {}", sample.connection, sample.connections),
            numbers::grouped(sample.rps),
            numbers::grouped(noted(sample, "wrk_rps")?),
            micros(sample.latency_us.p50),
            micros(noted(sample, "wrk_p50_us")),
        ])
    };
    let rows = groups.iter().map(Group::median).filter_map(line);
    Table::new(["Server", "Connections", "Req/s", "wrk", "p50", "wrk"]).filled(rows.collect())
}

/// Two runs side by side.
pub fn compare(pairs: &[Pair<'_>]) -> Option<Table> {
    let line = |pair: &Pair<'_>| {
        let (a, b) = (pair.a, pair.b);
        let idle = if a.idle > 0 { format!(" + {} idle", a.idle) } else { String::new() };
        let factor = (a.rps > 0.0).then(|| format!("×{:.2}", b.rps / a.rps));
        vec![
            label(&a.target).to_owned(),
            format!("{} {} {}{idle}", a.workload, a.connection, a.connections),
            numbers::grouped(a.rps),
            numbers::grouped(b.rps),
            factor.unwrap_or_else(|| "-".to_owned()),
            pair.rps.name().to_owned(),
            micros(a.server_cpu_us),
            micros(b.server_cpu_us),
            pair.cpu.name().to_owned(),
        ]
    };
    let header = ["Server", "Trial", "A req/s", "B req/s", "B/A", "", "A CPU/req", "B CPU/req", ""];
    Table::new(header).filled(pairs.iter().map(line).collect())
}

fn noted(sample: &Sample, name: &str) -> Option<f64> {
    sample.observed(name).and_then(Value::as_f64)
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
    fn the_ladder_has_factors_and_tells_how_many_were_served() {
        let results = results(vec![
            sample("stage1-blocking", Part::Ladder, 1000.0, 1),
            sample("stage2-threadpool", Part::Ladder, 2500.0, 50),
            sample("floor", Part::Ladder, 5000.0, 50),
        ]);
        assert_eq!(
            ladder(&results, "keep-alive").unwrap().markdown(),
            "| Req/s | 50 connections |\n|---|--:|\n| stage1-blocking | 1,000 (served 1/50) |\n\
             | stage2-threadpool | 2,500 ×2.50 |\n| null server | 5,000 |\n"
        );
        let beside = beside(&results, "keep-alive").unwrap();
        assert_eq!(beside, "stage2-threadpool reaches 0.50 of null server.");
        assert_eq!((ladder(&results, "close"), matrix(&results)), (None, None));
    }

    #[test]
    fn the_matrix_is_a_part_of_its_own() {
        let work = sample("stage1-blocking", Part::Matrix, 8.0, 50);
        let results = results(vec![
            sample("floor", Part::Matrix, 9.0, 50),
            Sample { workload: "work".to_owned(), ..work },
        ]);
        let text = matrix(&results).unwrap().markdown();
        assert!(text.starts_with("| Req/s | hello | work |\n"), "{text}");
        assert!(text.contains("| null server | 9 | - |\n"), "{text}");
        assert_eq!((ladder(&results, "keep-alive"), causes(&results)), (None, None));
    }

    #[test]
    fn the_idle_table_has_a_line_for_each_count() {
        let beside = |idle, rps| Sample { idle, ..sample("floor", Part::Idle, rps, 50) };
        let text = idle(&results(vec![beside(64, 7.0), beside(0, 9.0)])).unwrap().markdown();
        let expected = "| Silent connections | null server |\n|---|--:|\n| 0 | 9 |\n| 64 | 7 |\n";
        assert_eq!(text, expected);
        assert_eq!(idle(&results(Vec::new())), None);
    }

    #[test]
    fn half_of_the_rate_is_half_of_it() {
        let mut sample = sample("floor", Part::Rate, 50.0, 50);
        sample.evidence.insert("target_rps".to_owned(), 100.0.into());
        let table = rate(&results(vec![sample])).unwrap();
        assert_eq!(table.rows[0][..3], ["null server", "100", "50.0%"]);
        assert_eq!(rate(&Results::default()), None);
    }

    #[test]
    fn a_row_without_responses_has_dashes() {
        let table = of_target(&results(vec![sample("floor", Part::Ladder, 0.0, 0)]), "floor");
        let text = table.unwrap().markdown();
        assert!(text.contains("| 0/50 |") && text.contains("| - |"), "{text}");
        assert_eq!(of_target(&results(Vec::new()), "floor"), None);
    }
}
