//! Under each table: what is the bottleneck now, and why. And how fast the generator itself is.

use super::table::Median;
use crate::evidence::verdict::{Cause, Ceiling, Verdict};
use crate::experiments::trial::Cell;
use crate::numbers;
use crate::targets::Target;
use crate::terminal;

/// The verdicts on one server's rows, one line for neighbours with the same cause: that of the last of
/// them, which is the one under the heaviest load. Then what speaks against trusting the figures.
pub fn under(own: &[&Median], targets: &[Target], rows: &[Median]) -> String {
    let mut groups: Vec<(String, String, Verdict)> = Vec::new();
    let mut doubts: Vec<(String, Vec<String>)> = Vec::new();
    for median in own {
        let verdict = median.row.verdict(ceiling_of(median.row.cell, targets, rows));
        let cell = median.row.cell;
        let label = format!("{}, {}", cell.connection.name(), cell.connections);
        for doubt in &verdict.doubts {
            match doubts.iter_mut().find(|(known, _)| kind(known) == kind(doubt)) {
                Some((_, labels)) => labels.push(label.clone()),
                None => doubts.push((doubt.clone(), vec![label.clone()])),
            }
        }
        match groups.last_mut() {
            Some((mode, to, last))
                if last.cause == verdict.cause && mode == cell.connection.name() =>
            {
                *to = format!("{} to {}", to.split(" to ").next().unwrap_or(to), cell.connections);
                *last = verdict;
            }
            _ => groups.push((
                cell.connection.name().to_owned(),
                cell.connections.to_string(),
                verdict,
            )),
        }
    }
    let mut lines = String::new();
    for (mode, connections, verdict) in groups {
        lines += &terminal::wrapped(&format!("  {mode}, {connections}: "), &verdict.sentence);
    }
    for (doubt, labels) in doubts {
        let rows =
            if labels.len() == own.len() { "all rows".to_owned() } else { labels.join("; ") };
        lines += &terminal::wrapped("  not trusted: ", &format!("{doubt} ({rows})"));
    }
    lines + &own.iter().filter_map(|median| second_opinion(median)).collect::<String>()
}

/// wrk's figures beside ours.
fn second_opinion(median: &Median) -> Option<String> {
    let (row, wrk) = (&median.row, median.row.wrk?);
    let p50 = row.outcome.tally.percentile(0.5).map_or("-".to_owned(), numbers::time);
    Some(format!(
        "  wrk, {}, {}: {} requests per second, p50 {} (ours {}, {p50})\n",
        row.cell.connection.name(),
        row.cell.connections,
        numbers::grouped(wrk.rps),
        numbers::time(wrk.p50),
        numbers::grouped(row.outcome.rps())
    ))
}

/// What a doubt is about, its figures left out.
fn kind(doubt: &str) -> String {
    doubt.chars().filter(|character| !character.is_ascii_digit() && *character != '.').collect()
}

/// What the generator reached against the floor in the same conditions, if that was measured.
pub fn ceiling_of(cell: Cell, targets: &[Target], rows: &[Median]) -> Option<Ceiling> {
    let floor = targets.iter().position(|target| *target == Target::Floor)?;
    let same = Cell { target: floor, ..cell };
    let row = rows.iter().find(|median| median.row.cell == same && cell.target != floor)?;
    let of_the_client = row.row.verdict(None).cause == Cause::Client;
    Some(Ceiling { rps: row.row.outcome.rps(), of_the_client })
}

/// The most that the generator reached against the floor, and who was the limit there.
pub fn ceiling(targets: &[Target], rows: &[Median]) -> String {
    let Some(floor) = targets.iter().position(|target| *target == Target::Floor) else {
        return String::new();
    };
    let of_floor = rows.iter().filter(|median| median.row.cell.target == floor);
    let rps = |median: &&Median| median.row.outcome.rps();
    let Some(best) = of_floor.max_by(|left, right| rps(left).total_cmp(&rps(right))) else {
        return String::new();
    };
    let cpu = best.row.outcome.client_cpu().map_or("-".to_owned(), numbers::time);
    let sentence = format!(
        "{} requests per second against the floor, at {cpu} of its own CPU each; there {}.",
        numbers::grouped(best.row.outcome.rps()),
        best.row.verdict(None).sentence
    );
    format!("\n{}", terminal::wrapped("The generator's ceiling: ", &sentence))
}
