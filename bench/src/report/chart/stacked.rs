//! Bars of several layers, one bar per server, with a legend above them.

use super::picture::{Chart, Texts};
use super::scale::Scale;
use super::svg::{Anchor, Svg, WIDTH};
use crate::numbers::grouped;

const LEFT: f64 = 176.0;
/// Behind it is space for the notes.
const RIGHT: f64 = WIDTH - 170.0;
/// Where the legend begins, and the height of its lines.
const LEGEND: f64 = 66.0;
const LINE: f64 = 20.0;
/// Breadth of a letter, about, and of a legend's patch with the gaps around it.
const LETTER: f64 = 6.4;
const PATCH: f64 = 34.0;
const STEP: f64 = 38.0;
const THICK: f64 = 24.0;

/// One of them.
#[derive(Clone, Debug)]
pub struct Bar {
    /// Gives the colour of its name.
    pub class: &'static str,
    /// Stands before it.
    pub name: String,
    /// Its pieces from left to right: the index of the layer, and its length.
    pub pieces: Vec<(usize, f64)>,
    /// Stands behind it.
    pub note: String,
}

/// The colours of layers, by their index: classes that the style has colours for.
const LAYERS: [&str; 9] = ["l0", "l1", "l2", "l3", "l4", "l5", "l6", "l7", "l8"];

/// Draws them from top to bottom. `layers` are the names of the pieces.
pub fn chart(texts: Texts, layers: &[&str], bars: &[Bar]) -> Chart {
    let places = legend(layers);
    let top = places.last().map_or(LEGEND, |(_, y)| y + 18.0);
    let bottom = top + bars.len() as f64 * STEP;
    let mut svg = Svg::new(bottom + 30.0, &texts.title, &texts.subtitle);
    for (index, (x, y)) in places.into_iter().enumerate() {
        svg.rect(&format!("layer {}", class(index)), (x, y - 10.0), (12.0, 12.0));
        svg.text("muted", (x + 18.0, y), Anchor::Start, layers[index]);
    }
    let sum = |bar: &Bar| bar.pieces.iter().map(|(_, length)| length).sum::<f64>();
    let scale = Scale::even(bars.iter().map(sum).fold(0.0, f64::max));
    let at = |figure| LEFT + scale.place(figure) * (RIGHT - LEFT);
    for &tick in &scale.ticks {
        svg.line("grid", (at(tick), top), (at(tick), bottom));
        svg.text("muted", (at(tick), bottom + 16.0), Anchor::Middle, &tick_label(tick));
    }
    for (index, bar) in bars.iter().enumerate() {
        let y = top + index as f64 * STEP + (STEP - THICK) / 2.0;
        let base = y + THICK / 2.0 + 4.0;
        svg.text(&format!("name {}", bar.class), (LEFT - 10.0, base), Anchor::End, &bar.name);
        let mut from = 0.0;
        for &(layer, length) in &bar.pieces {
            let (left, right) = (at(from), at(from + length));
            let tip = format!("{}, {}: {length:.1} µs", bar.name, layers[layer]);
            let class = format!("layer {}", class(layer));
            svg.tipped_rect(&class, (left, y), (right - left, THICK), &tip);
            let text = format!("{length:.1}");
            if right - left > text.len() as f64 * LETTER + 6.0 {
                svg.text("inside", ((left + right) / 2.0, base), Anchor::Middle, &text);
            }
            from += length;
        }
        svg.text("note", (at(from) + 8.0, base), Anchor::Start, &bar.note);
    }
    texts.chart(svg.finish())
}

fn class(layer: usize) -> &'static str {
    LAYERS[layer % LAYERS.len()]
}

fn tick_label(tick: f64) -> String {
    if tick.fract() == 0.0 { grouped(tick) } else { format!("{tick:.1}") }
}

/// Where each name of the legend stands: line by line, as many as fit.
fn legend(layers: &[&str]) -> Vec<(f64, f64)> {
    let (mut x, mut y) = (16.0, LEGEND);
    let mut places = Vec::new();
    for layer in layers {
        let breadth = PATCH + layer.len() as f64 * LETTER;
        if x + breadth > WIDTH {
            (x, y) = (16.0, y + LINE);
        }
        places.push((x, y));
        x += breadth;
    }
    places
}
