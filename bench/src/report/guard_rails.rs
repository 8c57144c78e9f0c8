//! What limits buy, as a table.

use super::figures::or_dash;
use crate::numbers::{grouped, micros};
use crate::results::{Part, Results, Sample};
use crate::table::{Column, Table};
use crate::workspace::label;

/// An attack on a server, with limits and without.
type Sides<'a> = [&'a Sample; 2];

/// A row for each server and attack: well-behaved clients, and the server's memory, with limits and without; `None` where
/// no attack was made.
pub fn table<'a>(results: &'a Results) -> Option<Table> {
    let rows = || results.rows.iter().filter(|row| row.part == Part::GuardRails);
    let is_limited = |row: &Sample| row.observed("limited").is_some_and(|limited| *limited == true);
    let sides = |with: &'a Sample| {
        let is_same =
            |row: &&Sample| row.target == with.target && row.told("attack") == with.told("attack");
        Some([with, rows().filter(is_same).find(|row| !is_limited(row))?])
    };
    let text = |row: &Sample, name| row.told(name).unwrap_or("-").to_owned();
    let columns: [Column<'_, Sides<'_>>; 8] = [
        ("Server, attack", &|[with, _]| {
            format!("{}, {}", label(&with.target), text(with, "attack"))
        }),
        ("Limit", &|[with, _]| text(with, "limit")),
        ("Req/s", &|[with, _]| requests(with)),
        ("Req/s without", &|[_, without]| requests(without)),
        ("p99", &|[with, _]| micros(with.noted("p99_us"))),
        ("p99 without", &|[_, without]| micros(without.noted("p99_us"))),
        ("Memory", &|[with, _]| memory(with)),
        ("Memory without", &|[_, without]| memory(without)),
    ];
    Table::of(rows().filter(|row| is_limited(row)).filter_map(sides), &columns)
}

fn requests(row: &Sample) -> String {
    let lost = row.noted("lost").filter(|lost| *lost > 0.0);
    grouped(row.load.rps) + &lost.map_or(String::new(), |lost| format!(" ({lost} lost)"))
}

/// What the attack has the server take.
fn memory(row: &Sample) -> String {
    let taken = row.noted("memory_kib.1").zip(row.noted("memory_kib.0"));
    or_dash(taken.map(|(most, before)| format!("+{:.1} MiB", (most - before) / 1024.0)))
}

/// How the table came about.
pub fn caption(results: &Results) -> Option<String> {
    let row = results.rows.iter().find(|row| row.part == Part::GuardRails)?;
    Some(format!(
        "{} well-behaved clients beside {} hostile ones for {} s. Without: every limit is out of reach, so memory grows for \
         as long as the attack lasts. A client that waits until the attack is over has waited that long.",
        row.connections,
        row.noted("hostile")?,
        row.load.seconds
    ))
}
