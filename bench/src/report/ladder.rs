//! The stages as the rungs of a ladder: what each step gains.

use super::table::{self, Median};
use crate::experiments::trial::Cell;
use crate::numbers;
use crate::targets::{Connection, Target};

/// One table: servers over connection counts, requests per second, and behind each stage's figure its factor
/// over the stage below. Under it, how far the highest stage comes beside the servers that are no
/// stages. `None` when nothing was measured.
pub fn of(
    targets: &[Target],
    levels: &[usize],
    mode: Connection,
    rows: &[Median],
) -> Option<String> {
    let find = |target: usize, level: usize| {
        rows.iter().find(|median| {
            let Cell { target: of, connection, connections, .. } = median.row.cell;
            (of, connection, connections) == (target, mode, level)
        })
    };
    let measured = |target: &usize| levels.iter().any(|level| find(*target, *level).is_some());
    let present: Vec<usize> = (0..targets.len()).filter(measured).collect();
    if present.is_empty() {
        return None;
    }
    let is_stage = |target: &usize| matches!(targets[*target], Target::Stage(_));
    let mut header = vec!["Req/s".to_owned()];
    header.extend(levels.iter().map(|level| format!("{level} connections")));
    let mut table = table::new(header);
    // The last stage that was measured: with `run stage1 stage4` the fourth stands on the first.
    let mut below = None;
    for &target in &present {
        let mut cells = vec![targets[target].name().to_owned()];
        for &level in levels {
            let lower = below.and_then(|below| find(below, level)).filter(|_| is_stage(&target));
            cells.push(find(target, level).map_or("-".to_owned(), |median| cell(median, lower)));
        }
        table.add_row(cells);
        below = is_stage(&target).then_some(target).or(below);
    }
    let title = title(mode);
    let beside = beside(targets, levels, &present, find);
    Some(format!(
        "The ladder, {title} (× is the factor over the stage above it in this table)\n{table}{beside}"
    ))
}

/// How far the highest stage comes beside each server that is no stage, a line for each.
fn beside<'a>(
    targets: &[Target],
    levels: &[usize],
    present: &[usize],
    find: impl Fn(usize, usize) -> Option<&'a Median>,
) -> String {
    let is_stage = |target: &usize| matches!(targets[*target], Target::Stage(_));
    let Some(top) = present.iter().copied().rfind(is_stage) else { return String::new() };
    let line = |other: &usize| {
        let shares: Vec<_> = levels
            .iter()
            .filter_map(|level| share(find(top, *level)?, find(*other, *level)?))
            .collect();
        let (top, other) = (targets[top].name(), targets[*other].name());
        format!("\n{top} reaches {} of {other}.", shares.join(", "))
    };
    present.iter().filter(|target| !is_stage(target)).map(line).collect()
}

/// What all servers of a ladder have in common.
fn title(mode: Connection) -> &'static str {
    match mode {
        Connection::Close => "one request per connection",
        Connection::KeepAlive => "connections kept alive",
    }
}

/// Requests per second, the factor over the rung below, and who was left out: many requests of few clients
/// are no success.
fn cell(median: &Median, lower: Option<&Median>) -> String {
    let rps = median.row.outcome.rps();
    let mut cell = numbers::grouped(rps);
    if let Some(lower) = lower.map(|lower| lower.row.outcome.rps()).filter(|lower| *lower > 0.0) {
        cell += &format!("  ×{:.2}", rps / lower);
    }
    let (served, all) = (median.row.outcome.tally.served, median.row.cell.connections);
    if served < all as u64 {
        cell += &format!("  served {served}/{all}");
    }
    cell
}

/// How much of another server's requests per second the highest stage reaches.
fn share(top: &Median, other: &Median) -> Option<String> {
    let whole = other.row.outcome.rps();
    (whole > 0.0).then(|| format!("{:.2}", top.row.outcome.rps() / whole))
}
