//! Pictures of a recorded run, as SVG. The same results give the same bytes.
//!
//! [`svg`] writes elements, [`scale`] maps figures to places, [`axes`] draws the frame; on them stand [`curve`],
//! [`bars`] and [`grid`], and [`pick`] chooses what of a run they show. [`timeline`] is drawn from traces.

pub mod axes;
pub mod bars;
pub mod curve;
pub mod grid;
pub mod pick;
mod pick_bars;
mod pick_curves;
pub mod scale;
pub mod svg;
pub mod timeline;

pub use pick::of;

/// A picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chart {
    /// Its file's name without `.svg`: `rps-keep-alive`.
    pub name: String,
    /// What it shows.
    pub title: String,
    /// How to read it.
    pub caption: String,
    /// The drawing, without the style that [`Chart::file`] adds.
    pub drawing: String,
}

impl Chart {
    /// As a file of its own.
    pub fn file(&self) -> String {
        let style = format!("><style>{}</style>", svg::STYLE);
        self.drawing.replacen('>', &style, 1) + "\n"
    }
}

/// How the servers of a chart are told apart: a class that [`svg::STYLE`] gives a colour.
pub fn class(target: &str) -> &'static str {
    match crate::targets::STAGES.iter().position(|stage| *stage == target) {
        Some(0) => "s1",
        Some(1) => "s2",
        Some(2) => "s3",
        Some(_) => "s4",
        None if target == "floor" => "floor",
        None if target == "nginx" => "nginx",
        None => "other",
    }
}
