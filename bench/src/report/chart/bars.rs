//! Horizontal bars of one piece or several, one bar per server: names are long, and figures stand behind the bars.

use super::picture::Chart;
use super::scale::Scale;
use super::svg::{Anchor, Svg, WIDTH};
use crate::numbers::grouped;
use crate::results::Range;

const LEFT: f64 = 200.0;
/// Behind it is space for the notes.
const RIGHT: f64 = WIDTH - 210.0;
/// Where the legend begins, or the first bar; and the height of the legend's lines.
const TOP: f64 = 66.0;
const LINE: f64 = 20.0;
/// Breadth of a letter, about, and of a legend's patch with the gaps around it.
const LETTER: f64 = 6.4;
const PATCH: f64 = 34.0;
const STEP: f64 = 34.0;
const THICK: f64 = 20.0;

/// One of them.
#[derive(Clone, Debug)]
pub struct Bar {
    /// Gives the colour of its name.
    pub class: &'static str,
    /// Stands before it.
    pub name: String,
    /// From left to right.
    pub pieces: Vec<Piece>,
    /// How far repeats lay apart, where there are repeats.
    pub repeats: Option<Range>,
    /// Stands behind it.
    pub note: String,
}

/// A part of a bar.
#[derive(Clone, Debug)]
pub struct Piece {
    /// How it is drawn: `bar s1`; `frame s1`, a control; `layer l3`.
    pub class: String,
    /// Its length.
    pub length: f64,
    /// What it says when the mouse rests on it; such a piece has its figure inside. Or nothing.
    pub tip: String,
}

impl Bar {
    fn length(&self) -> f64 {
        self.pieces.iter().map(|piece| piece.length).sum()
    }

    /// Its end, or that of the highest repeat.
    fn end(&self) -> f64 {
        self.repeats.map_or(self.length(), |repeats| repeats.high)
    }
}

/// Draws them from top to bottom, as the drawing of `chart`. `legend`: classes of pieces with their names; with one, a
/// grid has figures below the bars.
pub fn chart(chart: Chart, legend: &[(String, &str)], bars: &[Bar]) -> Chart {
    let places = legend_places(legend);
    let top = places.last().map_or(TOP, |(_, y)| y + 18.0);
    let bottom = top + bars.len() as f64 * STEP;
    let below = if legend.is_empty() { 16.0 } else { 34.0 };
    let mut svg = Svg::new(bottom + below, &chart.title, &chart.subtitle);
    for ((class, name), (x, y)) in legend.iter().zip(places) {
        svg.rect(class, (x, y - 10.0), (12.0, 12.0));
        svg.text("muted", (x + 18.0, y), Anchor::Start, name);
    }
    let scale = Scale::even(bars.iter().map(Bar::end).fold(0.0, f64::max));
    let at = |figure| LEFT + scale.place(figure) * (RIGHT - LEFT);
    for &tick in scale.ticks.iter().filter(|_| !legend.is_empty()) {
        svg.line("grid", (at(tick), top - 6.0), (at(tick), bottom));
        svg.text("muted", (at(tick), bottom + 16.0), Anchor::Middle, &tick_label(tick));
    }
    let tops = (0..).map(|index| top + f64::from(index) * STEP);
    for (bar, top) in bars.iter().zip(tops) {
        let middle = top + THICK / 2.0;
        svg.text(
            &format!("name {}", bar.class),
            (LEFT - 10.0, middle + 4.0),
            Anchor::End,
            &bar.name,
        );
        pieces(&mut svg, bar, top, &at);
        whisker(&mut svg, bar.repeats.map(|it| (at(it.low), at(it.high))), middle);
        svg.text("note", (at(bar.end()) + 8.0, middle + 4.0), Anchor::Start, &bar.note);
    }
    Chart { drawing: svg.finish(), ..chart }
}

fn pieces(svg: &mut Svg, bar: &Bar, top: f64, at: &dyn Fn(f64) -> f64) {
    let mut from = 0.0;
    for Piece { class, length, tip } in &bar.pieces {
        let (left, right) = (at(from), at(from + length));
        from += length;
        svg.tipped_rect(class, (left, top), (right - left, THICK), tip);
        let text = format!("{length:.1}");
        if !tip.is_empty() && right - left > text.len() as f64 * LETTER + 6.0 {
            let middle = ((left + right) / 2.0, top + THICK / 2.0 + 4.0);
            svg.text("inside", middle, Anchor::Middle, &text);
        }
    }
}

/// From the lowest repeat to the highest, where they differ.
fn whisker(svg: &mut Svg, ends: Option<(f64, f64)>, middle: f64) {
    let Some((low, high)) = ends.filter(|(low, high)| high > low) else { return };
    svg.line("whisker", (low, middle), (high, middle));
    for end in [low, high] {
        svg.line("whisker", (end, middle - 4.0), (end, middle + 4.0));
    }
}

fn tick_label(tick: f64) -> String {
    if tick.fract() == 0.0 { grouped(tick) } else { format!("{tick:.1}") }
}

/// Where each name of the legend stands: line by line, as many as fit.
fn legend_places(legend: &[(String, &str)]) -> Vec<(f64, f64)> {
    let (mut x, mut y) = (16.0, TOP);
    let mut places = Vec::new();
    for (_, name) in legend {
        let breadth = PATCH + name.len() as f64 * LETTER;
        if x + breadth > WIDTH {
            (x, y) = (16.0, y + LINE);
        }
        places.push((x, y));
        x += breadth;
    }
    places
}
