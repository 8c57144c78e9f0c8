//! The matrix of servers and workloads: a column of bars for each workload, to a scale of its own.

use super::picture::{Chart, Texts, class};
use super::svg::{Anchor, Svg, WIDTH};
use crate::numbers::grouped;
use crate::report::tables::workloads;
use crate::results::{Part, Results, Sample};
use crate::workspace::label;

const LEFT: f64 = 176.0;
const RIGHT: f64 = WIDTH - 16.0;
const TOP: f64 = 84.0;
const STEP: f64 = 34.0;
const THICK: f64 = 20.0;
/// Between two columns.
const GAP: f64 = 14.0;

/// The picture; `None` without rows.
pub fn of(results: &Results) -> Option<Chart> {
    let rows = results.medians(Part::Matrix);
    let workloads = workloads(results);
    let mut servers: Vec<_> = rows.iter().map(|row| row.target.as_str()).collect();
    servers.dedup();
    let texts = Texts {
        name: "matrix".to_owned(),
        title: "Which model suits which workload".to_owned(),
        subtitle: "req/s; in each column the best server fills the breadth; framed: not all clients were served".to_owned(),
        caption: "hello: an empty handler; work: one that computes; sleep: one that waits; idle: hello beside silent connections. \
                  Read each column by itself: a server that fills one may be short in another.",
    };
    let mut svg = Svg::new(TOP + servers.len() as f64 * STEP + 12.0, &texts.title, &texts.subtitle);
    for (line, server) in servers.iter().enumerate() {
        let base = TOP + line as f64 * STEP + THICK / 2.0 + 4.0;
        svg.text(
            &format!("name {}", class(server)),
            (LEFT - 10.0, base),
            Anchor::End,
            label(server),
        );
    }
    let breadth = (RIGHT - LEFT + GAP) / workloads.len().max(1) as f64 - GAP;
    for (column, workload) in workloads.iter().enumerate() {
        let left = LEFT + column as f64 * (breadth + GAP);
        svg.text("", (left, TOP - 12.0), Anchor::Start, workload);
        let own: Vec<_> = rows.iter().filter(|row| row.workload == *workload).collect();
        let best = own.iter().map(|row| row.load.rps).fold(f64::MIN_POSITIVE, f64::max);
        for (line, server) in servers.iter().enumerate() {
            let row = own.iter().find(|row| row.target == *server);
            cell(&mut svg, row.map(|row| **row), (left, TOP + line as f64 * STEP), (breadth, best));
        }
    }
    (!workloads.is_empty()).then(|| texts.chart(svg.finish()))
}

/// A bar on its lane, and the figure above it.
fn cell(svg: &mut Svg, row: Option<&Sample>, (left, top): (f64, f64), (breadth, best): (f64, f64)) {
    let base = top + THICK / 2.0 + 4.0;
    let Some(row) = row else {
        return svg.text("muted", (left + 6.0, base), Anchor::Start, "not measured");
    };
    let kind = if row.serves_all() { "light" } else { "frame" };
    svg.rect(&format!("band {}", class(&row.target)), (left, top), (breadth, THICK));
    let length = row.load.rps / best * breadth;
    svg.rect(&format!("{kind} {}", class(&row.target)), (left, top), (length, THICK));
    svg.text("note", (left + 6.0, base), Anchor::Start, &grouped(row.load.rps));
}
