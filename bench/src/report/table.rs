//! The article's table, one per server.

use crate::experiments::trial::{Cell, Row};
use crate::numbers;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, Table};
use std::time::Duration;

/// A row, and how far its repeats lay apart.
#[derive(Clone, Debug)]
pub struct Median {
    /// The run in the middle: a real one, whose figures belong together.
    pub row: Row,
    /// Highest less lowest, as a share of the median; `None` without repeats.
    pub spread: Option<f64>,
}

/// Of the repeats of each cell the one with the median of requests per second, in the order of their first.
pub fn medians(rows: &[Row]) -> Vec<Median> {
    let mut groups: Vec<(Cell, Vec<&Row>)> = Vec::new();
    for row in rows {
        match groups.iter_mut().find(|(cell, _)| *cell == row.cell) {
            Some((_, group)) => group.push(row),
            None => groups.push((row.cell, vec![row])),
        }
    }
    groups.into_iter().map(|(_, group)| median(group)).collect()
}

fn median(mut group: Vec<&Row>) -> Median {
    group.sort_by(|left, right| left.outcome.rps().total_cmp(&right.outcome.rps()));
    let rps = |index: usize| group[index].outcome.rps();
    // Of an even number the lower one: there is no run in the middle.
    let middle = (group.len() - 1) / 2;
    let spread = (group.len() > 1 && rps(middle) > 0.0)
        .then(|| (rps(group.len() - 1) - rps(0)) / rps(middle));
    Median { row: group[middle].clone(), spread }
}

/// A table with the figures flush right, as figures are compared.
pub fn new(header: Vec<String>) -> Table {
    let mut table = Table::new();
    table.load_preset(UTF8_FULL_CONDENSED).set_header(header);
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// All rows of one server.
pub fn of_target(rows: &[&Median]) -> Table {
    let mut table = new(super::COLUMNS.map(str::to_owned).to_vec());
    for median in rows {
        let (row, tally) = (&median.row, &median.row.outcome.tally);
        let spread =
            median.spread.map_or(String::new(), |spread| format!(" ±{:.0}%", spread * 50.0));
        table.add_row([
            row.cell.connection.name().to_owned(),
            row.cell.connections.to_string(),
            numbers::grouped(row.outcome.rps()) + &spread,
            numbers::time(tally.mean()),
            known(tally.percentile(0.5)),
            known(tally.percentile(0.9)),
            known(tally.percentile(0.99)),
            numbers::time(tally.max()),
            format!("{}/{}", tally.served, row.cell.connections),
            numbers::grouped(tally.errors.total() as f64),
            known(row.server_cpu),
            kernel(row),
        ]);
    }
    table
}

/// A row in one cell of a table: requests per second, and what must not be overlooked beside them.
pub fn figure(row: &Row) -> String {
    let (tally, all) = (&row.outcome.tally, row.cell.connections);
    let mut figure = numbers::grouped(row.outcome.rps());
    if tally.served < all as u64 {
        figure += &format!("  served {}/{all}", tally.served);
    }
    for (name, count) in [("errors", tally.errors.total()), ("evicted", tally.crowd.evicted)] {
        if count > 0 {
            figure += &format!("  {name} {count}");
        }
    }
    figure
}

/// The kernel's share of the server's CPU. It is found by ticks of 10 ms: of few it is a guess, and marked.
fn kernel(row: &Row) -> String {
    let known = row.evidence.server.as_ref().and_then(|server| server.kernel);
    known.map_or("-".to_owned(), |(share, ticks)| {
        let guess = if ticks < 200 { "~" } else { "" };
        format!("{guess}{:.0}%", 100.0 * share)
    })
}

/// A dash where nothing can be said.
fn known(time: Option<Duration>) -> String {
    time.map_or("-".to_owned(), numbers::time)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::Evidence;
    use crate::experiments::workload::Workload;
    use crate::load::{Outcome, Tally};
    use crate::targets::Connection;

    fn row(target: usize, requests: u64) -> Row {
        let tally = Tally { requests, ..Tally::new() };
        Row {
            cell: Cell {
                target,
                connection: Connection::Close,
                connections: 50,
                workload: Workload::default(),
            },
            outcome: Outcome { tally, window: Duration::from_secs(1), interrupted: false },
            server_cpu: None,
            evidence: Evidence::default(),
            wrk: None,
        }
    }

    #[test]
    fn repeats_become_the_one_in_the_middle() {
        let medians = medians(&[row(0, 90), row(1, 5), row(0, 130), row(0, 100)]);
        let figures: Vec<_> = medians
            .iter()
            .map(|median| (median.row.outcome.tally.requests, median.spread))
            .collect();
        assert_eq!(figures, [(100, Some(0.4)), (5, None)]);
    }

    #[test]
    fn a_row_without_answers_shows_dashes_and_who_was_left_out() {
        let medians = medians(&[row(0, 0)]);
        let text = of_target(&medians.iter().collect::<Vec<_>>()).to_string();
        assert!(text.contains("0/50") && text.contains(" - "), "{text}");
    }
}
