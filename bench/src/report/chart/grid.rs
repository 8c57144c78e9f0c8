//! The matrix: servers over workloads, a small bar in each cell, as long as its share of the column's best.

use super::picture::{Chart, Texts};
use super::svg::{Anchor, Svg, WIDTH};

const LEFT: f64 = 176.0;
const TOP: f64 = 88.0;
const STEP: f64 = 44.0;

/// A line of the matrix.
#[derive(Clone, Debug)]
pub struct Line {
    /// Gives the colour.
    pub class: &'static str,
    /// Stands before it.
    pub name: String,
    /// One per column: the figure and how it is written; `None` where nothing was measured.
    pub cells: Vec<Option<(f64, String)>>,
}

/// Draws the lines under the names of the columns.
pub fn chart(texts: Texts, columns: &[&str], lines: &[Line]) -> Chart {
    let mut svg = Svg::new(TOP + lines.len() as f64 * STEP + 8.0, &texts.title, &texts.subtitle);
    let width = (WIDTH - LEFT - 16.0) / columns.len().max(1) as f64;
    for (column, name) in columns.iter().enumerate() {
        let x = LEFT + column as f64 * width;
        svg.text("title", (x, TOP - 14.0), Anchor::Start, name);
        let figures = lines.iter().filter_map(|line| line.cells[column].as_ref());
        let best = figures.map(|(figure, _)| *figure).fold(0.0, f64::max);
        for (index, line) in lines.iter().enumerate() {
            let y = TOP + index as f64 * STEP;
            svg.rect("band null", (x, y), (width - 16.0, 14.0));
            let Some((figure, text)) = &line.cells[column] else {
                svg.text("muted", (x, y + 29.0), Anchor::Start, "not measured");
                continue;
            };
            let share = if best > 0.0 { figure / best } else { 0.0 };
            svg.rect(&format!("bar {}", line.class), (x, y), (share * (width - 16.0), 14.0));
            svg.text("", (x, y + 29.0), Anchor::Start, text);
        }
    }
    for (index, line) in lines.iter().enumerate() {
        let y = TOP + index as f64 * STEP + 12.0;
        svg.text(&format!("name {}", line.class), (LEFT - 10.0, y), Anchor::End, &line.name);
    }
    texts.chart(svg.finish())
}
