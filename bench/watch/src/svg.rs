//! A screen as a picture: its cells as SVG text.

use bench::table::escape;
use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};
use std::fmt::Write;

/// A cell, in pixels.
const CELL: (usize, usize) = (8, 18);

/// The picture of a screen.
pub(crate) fn svg(buffer: &Buffer) -> String {
    let (width, height) = (usize::from(buffer.area.width), usize::from(buffer.area.height));
    let (w, h) = (width * CELL.0 + 16, height * CELL.1 + 16);
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {w} {h}\" width=\"{w}\" height=\"{h}\" \
         font-family=\"ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace\" font-size=\"13\">\n\
         <rect width=\"{w}\" height=\"{h}\" rx=\"8\" fill=\"#16181d\"/>\n"
    );
    for (row, cells) in buffer.content.chunks(width).enumerate() {
        let mut column = 0;
        for run in cells.chunk_by(|left, right| left.style() == right.style()) {
            add(&mut text, run, (column, row));
            column += run.len();
        }
    }
    text + "</svg>\n"
}

/// Cells of one style. Writing to a String cannot fail.
fn add(text: &mut String, run: &[Cell], (column, row): (usize, usize)) {
    let symbols: String = run.iter().map(Cell::symbol).collect();
    let (x, y, width) = (8 + column * CELL.0, 8 + row * CELL.1, run.len() * CELL.0);
    let (modifier, mut colour) = (run[0].modifier, hex(run[0].fg));
    if modifier.contains(Modifier::REVERSED) {
        let _ = writeln!(
            text,
            "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{}\" fill=\"{colour}\"/>",
            CELL.1
        );
        colour = "#16181d";
    } else if modifier.contains(Modifier::DIM) {
        colour = "#8b909b";
    }
    if symbols.trim().is_empty() {
        return;
    }
    let bold = if modifier.contains(Modifier::BOLD) { " font-weight=\"bold\"" } else { "" };
    let symbols = escape(&symbols);
    // Whatever font there is, the columns stand below each other.
    let _ = writeln!(
        text,
        "<text x=\"{x}\" y=\"{}\" textLength=\"{width}\" lengthAdjust=\"spacingAndGlyphs\" xml:space=\"preserve\" fill=\"{colour}\"{bold}>{symbols}</text>",
        y + 13
    );
}

fn hex(colour: Color) -> &'static str {
    match colour {
        Color::Green => "#7fd18a",
        Color::Yellow => "#f2cf66",
        Color::Red => "#f07a72",
        Color::Magenta => "#d69bf0",
        Color::Blue => "#7db4f5",
        Color::Cyan => "#7fd6d6",
        _ => "#e4e6eb",
    }
}
