//! Horizontal bars, one per server: names are long, and figures stand behind the bars.

use super::scale::Scale;
use super::svg::{Anchor, Svg, WIDTH};
use crate::results::Range;

const LEFT: f64 = 176.0;
const RIGHT: f64 = WIDTH - 210.0;
const TOP: f64 = 66.0;
const STEP: f64 = 34.0;
const THICK: f64 = 20.0;

/// One of them.
#[derive(Clone, Debug)]
pub struct Bar {
    /// Gives the colour.
    pub class: &'static str,
    /// Stands before it.
    pub name: String,
    /// Its length, and how far repeats lay apart.
    pub range: Range,
    /// The part of it that is drawn darker, if it is made of two.
    pub part: Option<f64>,
    /// Stands behind it.
    pub note: String,
}

/// Draws them from top to bottom, and a line across all at `mark`, a figure with its name.
pub fn draw(title: &str, subtitle: &str, bars: &[Bar], mark: Option<(f64, &str)>) -> String {
    let bottom = TOP + bars.len() as f64 * STEP;
    let height = bottom + if mark.is_some() { 34.0 } else { 16.0 };
    let mut svg = Svg::new(height, title, subtitle);
    let scale = Scale::even(bars.iter().map(|bar| bar.range.high).fold(0.0, f64::max));
    let at = |figure| LEFT + scale.place(figure) * (RIGHT - LEFT);
    for (index, bar) in bars.iter().enumerate() {
        let top = TOP + index as f64 * STEP;
        let base = top + THICK / 2.0 + 4.0;
        svg.text(&format!("name {}", bar.class), (LEFT - 10.0, base), Anchor::End, &bar.name);
        body(&mut svg, bar, (top, &at));
    }
    if let Some((figure, name)) = mark {
        let x = at(figure);
        svg.line("line floor", (x, TOP - 6.0), (x, bottom));
        svg.text("name floor", (x, bottom + 16.0), Anchor::Middle, name);
    }
    // Above the line, which would cross the figures.
    for (index, bar) in bars.iter().enumerate() {
        let middle = TOP + index as f64 * STEP + THICK / 2.0;
        let (low, high) = (at(bar.range.low), at(bar.range.high));
        if high > low {
            svg.line("whisker", (low, middle), (high, middle));
            for end in [low, high] {
                svg.line("whisker", (end, middle - 4.0), (end, middle + 4.0));
            }
        }
        svg.text("note", (high + 8.0, middle + 4.0), Anchor::Start, &bar.note);
    }
    svg.finish()
}

/// The bar itself: whole, or its part and the rest.
fn body(svg: &mut Svg, bar: &Bar, (top, at): (f64, &dyn Fn(f64) -> f64)) {
    let end = at(bar.range.middle);
    let cut = bar.part.map_or(end, at);
    svg.rect(&format!("bar {}", bar.class), (LEFT, top), (cut - LEFT, THICK));
    if cut < end {
        svg.rect(&format!("light {}", bar.class), (cut, top), (end - cut, THICK));
    }
}
