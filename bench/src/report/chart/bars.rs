//! Horizontal bars, one per server: names are long, and figures stand behind the bars.

use super::picture::{Chart, Texts};
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
    /// How it is drawn.
    pub body: Body,
    /// Stands behind it.
    pub note: String,
}

/// What a bar is made of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Body {
    /// One piece.
    Whole,
    /// Up to here strong, and then pale.
    Split(f64),
    /// Two pieces, and where the first ends is unknown: a frame.
    Unknown,
}

/// Draws them from top to bottom, and a line across all at `mark`, a figure with its name.
pub fn chart(texts: Texts, bars: &[Bar], mark: Option<(f64, &str)>) -> Chart {
    let bottom = TOP + bars.len() as f64 * STEP;
    let height = bottom + if mark.is_some() { 34.0 } else { 16.0 };
    let mut svg = Svg::new(height, &texts.title, &texts.subtitle);
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
        svg.line("line null", (x, TOP - 6.0), (x, bottom));
        svg.text("name null", (x, bottom + 16.0), Anchor::Middle, name);
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
    texts.chart(svg.finish())
}

/// The bar itself.
fn body(svg: &mut Svg, bar: &Bar, (top, at): (f64, &dyn Fn(f64) -> f64)) {
    let end = at(bar.range.middle);
    let mut piece = |kind, from: f64, to: f64| {
        svg.rect(&format!("{kind} {}", bar.class), (from, top), (to - from, THICK));
    };
    match bar.body {
        Body::Whole => piece("bar", LEFT, end),
        Body::Split(cut) => {
            piece("bar", LEFT, at(cut));
            piece("light", at(cut), end);
        }
        Body::Unknown => piece("frame", LEFT, end),
    }
}
