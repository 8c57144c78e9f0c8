//! Tables with a line for each trial: a server's figures and verdicts, a constant rate, two runs side by side.

use crate::numbers::{self, micros};
use crate::results::compare::Pair;
use crate::results::statistics::{ENOUGH, Ratio};
use crate::results::{Group, Part, Results, Sample};
use crate::table::Table;
use crate::workspace::label;
use serde_json::Value;

/// The article's table for one server, a line for each mode and connection count; `None` without rows.
pub fn of_target(results: &Results, target: &str) -> Option<Table> {
    let groups = results.groups();
    let own = groups.iter().filter(|group| group.median().target == target);
    let line = |group: &Group<'_>| {
        let sample = group.median();
        let place = [sample.connection.clone(), sample.connections.to_string()];
        place.into_iter().chain(figures(group)).collect()
    };
    let header = ["Connection", "Connections"].into_iter().chain(FIGURES);
    Table::new(header).filled(own.filter(is_rung).map(line).collect())
}

/// The same for all servers in one table; `None` where one of them has several lines, and so a table of its own.
pub fn of_all(results: &Results) -> Option<Table> {
    let groups = results.groups();
    let of = |target: &String| {
        let is_of = |group: &&Group<'_>| is_rung(group) && group.median().target == *target;
        groups.iter().filter(is_of).collect::<Vec<_>>()
    };
    let all: Vec<_> = results.config.targets.iter().map(of).collect();
    let line = |group: &&Group<'_>| {
        let name = label(&group.median().target).to_owned();
        std::iter::once(name).chain(figures(group)).collect()
    };
    let rows: Vec<_> = all.iter().flatten().map(line).collect();
    let header = std::iter::once("Server").chain(FIGURES);
    if all.iter().all(|own| own.len() < 2) { Table::new(header).filled(rows) } else { None }
}

fn is_rung(group: &&Group<'_>) -> bool {
    group.median().part == Part::Ladder
}

const FIGURES: [&str; 10] =
    ["Req/s", "mean", "p50", "p90", "p99", "max", "Served", "Errors", "CPU/req", "System CPU %"];

/// What clients saw of a server, and what that cost it.
fn figures(group: &Group<'_>) -> [String; 10] {
    let sample = group.median();
    let latency = &sample.load.latency_us;
    let spread = group.spread().map_or(String::new(), |spread| {
        let [low, high] = spread.map(|share| 100.0 * share);
        format!(" ({low:+.0} to {high:+.0}%)")
    });
    [
        numbers::grouped(sample.load.rps) + &spread,
        micros(Some(latency.mean)),
        micros(latency.p50),
        micros(latency.p90),
        micros(latency.p99),
        micros(Some(latency.max)),
        format!("{}/{}", sample.load.served, sample.connections),
        numbers::grouped(sample.load.errors.total() as f64),
        micros(sample.server_cpu_us),
        group.kernel().map_or("-".to_owned(), |share| format!("{:.0}", 100.0 * share)),
    ]
}

/// The verdict on a row, and what speaks against trusting it.
pub fn verdict_of(sample: &Sample) -> Option<String> {
    let verdict = sample.observed("verdict")?.as_str()?;
    let doubts = sample.doubts();
    Some(match doubts.is_empty() {
        true => verdict.to_owned(),
        false => format!("{verdict} (not trusted: {})", doubts.join("; ")),
    })
}

/// The bottleneck of each server in each mode, at the most connections.
pub fn bottlenecks(results: &Results) -> Option<Table> {
    let groups = results.groups();
    let ladder = || {
        let rows = groups.iter().map(Group::median);
        rows.filter(|sample| matches!(sample.part, Part::Ladder | Part::Rate))
    };
    let is_highest = |sample: &&Sample| {
        let same = |other: &&Sample| {
            (&other.target, &other.connection) == (&sample.target, &sample.connection)
        };
        ladder().filter(same).all(|other| other.connections <= sample.connections)
    };
    // A server that keeps up with a constant rate has no bottleneck worth a word.
    let keeps_up = |sample: &&Sample| {
        noted(sample, "target_rps").is_some_and(|due| sample.load.rps >= 0.99 * due)
    };
    let row = |sample: &Sample| {
        let at = format!("{}, {}", sample.connection, sample.connections);
        Some(vec![label(&sample.target).to_owned(), at, verdict_of(sample)?])
    };
    let rows = ladder().filter(is_highest).filter(|sample| !keeps_up(sample));
    let mut rows: Vec<_> = rows.collect();
    rows.sort_by_key(|sample| {
        results.config.targets.iter().position(|name| *name == sample.target)
    });
    Table::of_prose(["Server", "Connections", "What is the bottleneck, and why"])
        .filled(rows.into_iter().filter_map(row).collect())
}

/// What each server made of a constant rate; `None` when there are no rows for it.
pub fn rate(results: &Results) -> Option<Table> {
    let line = |group: &Group<'_>| {
        let (sample, latency) = (group.median(), group.median().load.latency_us);
        let rate = noted(sample, "target_rps").unwrap_or_default();
        let reached = 100.0 * sample.load.rps / rate.max(f64::MIN_POSITIVE);
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
            format!("{}/{}", sample.load.served, sample.connections),
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

/// Two runs side by side.
pub fn compare(pairs: &[Pair<'_>]) -> Option<Table> {
    let line = |pair: &Pair<'_>| {
        let (a, b) = (pair.a, pair.b);
        let idle = if a.idle > 0 { format!(" + {} idle", a.idle) } else { String::new() };
        let medians = (a.load.rps > 0.0).then(|| b.load.rps / a.load.rps);
        let factor = pair.rps.map(|ratio| ratio.mean).or(medians);
        vec![
            label(&a.target).to_owned(),
            format!("{} {} {}{idle}", a.workload, a.connection, a.connections),
            numbers::grouped(a.load.rps),
            numbers::grouped(b.load.rps),
            factor.map_or("-".to_owned(), |factor| format!("×{factor:.2}")),
            verdict(pair.rps),
            micros(a.server_cpu_us),
            micros(b.server_cpu_us),
            verdict(pair.cpu),
        ]
    };
    let header = ["Server", "Trial", "A req/s", "B req/s", "B/A", "", "A CPU/req", "B CPU/req", ""];
    Table::new(header).filled(pairs.iter().map(line).collect())
}

/// Whether two runs differ, by how much, and in how many repeats.
fn verdict(ratio: Option<Ratio>) -> String {
    let Some(ratio) = ratio else { return "-".to_owned() };
    let word = match ratio.repeats {
        ..ENOUGH => "few repeats",
        _ if ratio.differs() => "differs",
        _ => "by chance",
    };
    format!("{word}, {}", ratio.interval())
}

/// A figure that an experiment added to a row.
pub fn noted(sample: &Sample, name: &str) -> Option<f64> {
    sample.observed(name).and_then(Value::as_f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn results(sample: Sample) -> Results {
        Results { rows: vec![Sample { target: "floor".into(), ..sample }], ..Results::default() }
    }

    #[test]
    fn half_of_the_rate_is_half_of_it() {
        let mut sample = Sample { part: Part::Rate, ..Sample::default() };
        sample.load.rps = 50.0;
        sample.evidence.insert("target_rps".to_owned(), 100.0.into());
        let table = rate(&results(sample)).unwrap();
        assert_eq!(table.rows[0][..3], ["null server", "100", "50.0%"]);
        assert_eq!(rate(&Results::default()), None);
    }

    #[test]
    fn a_row_without_responses_has_dashes() {
        let sample = Sample { connections: 50, ..Sample::default() };
        let text = of_target(&results(sample), "floor").unwrap().markdown();
        assert!(text.contains("| 0/50 |") && text.contains("| - |"), "{text}");
        assert_eq!(of_target(&Results::default(), "floor"), None);
    }
}
