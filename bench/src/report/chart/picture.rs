//! A picture and its texts.

use super::svg;
use crate::workspace::{self, NULL_SERVER};

/// A picture.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chart {
    /// Its file's name without `.svg`: `rps-keep-alive`.
    pub name: String,
    /// What it shows.
    pub title: String,
    /// What its figures mean: within the drawing, below the title.
    pub subtitle: String,
    /// How to read it.
    pub caption: String,
    /// The drawing, without the style that [`Chart::file`] adds.
    pub drawing: String,
}

impl Chart {
    /// As a file of its own.
    pub fn file(&self) -> String {
        styled(&self.drawing)
    }
}

/// A drawing with its style, as a file of its own.
pub fn styled(drawing: &str) -> String {
    let style = format!("><style>{}</style>", svg::STYLE);
    drawing.replacen('>', &style, 1) + "\n"
}

/// How the servers of a chart are told apart: a class that [`svg::STYLE`] gives a colour.
pub fn class(target: &str) -> &'static str {
    const CLASSES: [&str; 4] = ["s1", "s2", "s3", "s4"];
    match workspace::stage(target) {
        Some(stage) => CLASSES[stage],
        None if target == NULL_SERVER => "null",
        None if target == "nginx" => "nginx",
        // Blocking stages wait by poll(2) too, though for one socket; stage 3 waits by epoll(7).
        None if target == "poll_loop" => "s1",
        None if target == "epoll_loop" => "s3",
        None => "other",
    }
}
