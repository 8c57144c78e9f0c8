//! What limits buy, as a table.

use super::lines::noted;
use crate::numbers::{self, micros};
use crate::results::{Part, Results, Sample};
use crate::table::Table;
use crate::workspace::label;

/// A row for each server and attack: well-behaved clients, and the server's memory, with limits and without; `None` where
/// no attack was made.
pub fn table(results: &Results) -> Option<Table> {
    let header = [
        "Server, attack",
        "Limit",
        "Req/s",
        "Req/s without",
        "p99",
        "p99 without",
        "Memory",
        "Memory without",
    ];
    let rows = || results.rows.iter().filter(|row| row.part == Part::GuardRails);
    let attack = |row: &Sample| row.observed("attack")?.as_str().map(str::to_owned);
    let line = |with: &Sample| {
        let is_other = |row: &&Sample| {
            row.target == with.target && !is_limited(row) && attack(row) == attack(with)
        };
        let without = rows().find(is_other)?;
        let limit = with.observed("limit")?.as_str()?.to_owned();
        let name = format!("{}, {}", label(&with.target), attack(with)?);
        let figures = [requests, p99, memory].into_iter().flat_map(|of| [of(with), of(without)]);
        Some([name, limit].into_iter().chain(figures).collect())
    };
    Table::new(header).filled(rows().filter(|row| is_limited(row)).filter_map(line).collect())
}

fn is_limited(row: &Sample) -> bool {
    row.observed("limited").and_then(serde_json::Value::as_bool) == Some(true)
}

fn requests(row: &Sample) -> String {
    let lost = noted(row, "lost").filter(|lost| *lost > 0.0);
    let lost = lost.map_or(String::new(), |lost| format!(" ({lost} lost)"));
    numbers::grouped(row.load.rps) + &lost
}

fn p99(row: &Sample) -> String {
    micros(noted(row, "p99_us"))
}

/// What the attack has the server take.
fn memory(row: &Sample) -> String {
    let taken = noted(row, "memory_kib.1").zip(noted(row, "memory_kib.0"));
    taken.map_or("-".to_owned(), |(most, before)| format!("+{:.1} MiB", (most - before) / 1024.0))
}

/// How the table came about.
pub fn caption(results: &Results) -> Option<String> {
    let row = results.rows.iter().find(|row| row.part == Part::GuardRails)?;
    Some(format!(
        "{} well-behaved clients beside {} hostile ones for {} s. Without: every limit is out of reach, so memory grows for \
         as long as the attack lasts. A client that waits until the attack is over has waited that long.",
        row.connections,
        noted(row, "hostile")?,
        row.load.seconds
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_attack_has_both_sides_in_one_row() {
        let row = |limited: bool, rps: f64, most: u64| {
            let mut row = Sample { part: Part::GuardRails, connections: 32, ..Sample::default() };
            row.target = "stage2-threadpool".to_owned();
            (row.load.rps, row.load.seconds) = (rps, 2.0);
            row.evidence = [
                ("attack", json!("dripped-head")),
                ("limit", json!("head within 250 ms")),
                ("limited", json!(limited)),
                ("lost", json!(if limited { 0 } else { 3 })),
                ("p99_us", json!(1500.0)),
                ("memory_kib", json!([1024, most])),
                ("hostile", json!(100)),
            ]
            .map(|(name, value)| (name.to_owned(), value))
            .into();
            row
        };
        let rows = vec![row(true, 800.0, 2048), row(false, 0.0, 11_264)];
        let results = Results { rows, ..Results::default() };
        assert_eq!(
            table(&results).unwrap().rows[0].join("|"),
            "stage2-threadpool, dripped-head|head within 250 ms|800|0 (3 lost)|1.50 ms|1.50 ms|+1.0 MiB|+10.0 MiB"
        );
        assert!(caption(&results).unwrap().starts_with("32 well-behaved clients beside 100"));
        assert_eq!((table(&Results::default()), caption(&Results::default())), (None, None));
    }
}
