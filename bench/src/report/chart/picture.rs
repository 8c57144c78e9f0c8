//! A picture and its texts, and the rows of a run that it shows.

use super::svg;
use crate::results::{Group, Part, Results};
use crate::workspace::{self, NULL_SERVER};

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

/// What stands around a drawing.
#[derive(Clone, Debug)]
pub struct Texts {
    /// The file's name without `.svg`.
    pub name: String,
    /// What it shows.
    pub title: String,
    /// What its figures mean.
    pub subtitle: String,
    /// How to read it.
    pub caption: &'static str,
}

impl Texts {
    /// With the drawing.
    pub fn chart(self, drawing: String) -> Chart {
        let Self { name, title, caption, .. } = self;
        Chart { name, title, caption: caption.to_owned(), drawing }
    }
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

/// The rows of one mode.
pub struct View<'a> {
    /// The run.
    pub results: &'a Results,
    /// `close` or `keep-alive`.
    pub mode: &'static str,
}

impl<'a> View<'a> {
    /// Texts of a chart of this mode.
    pub fn texts(&self, kind: &str, title: &str, subtitle: &str, caption: &'static str) -> Texts {
        let mode = if self.mode == "close" { "one request per connection" } else { "kept alive" };
        Texts {
            name: format!("{kind}-{}", self.mode),
            title: format!("{title}, {mode}"),
            subtitle: subtitle.to_owned(),
            caption,
        }
    }

    /// The trials of this mode, by rising connections.
    pub fn trials(&self, part: Part) -> Vec<Group<'a>> {
        let mut trials = self.results.trials(part);
        trials.retain(|trial| trial.median().connection == self.mode);
        trials.sort_by_key(|trial| (trial.median().connections, trial.median().idle));
        trials
    }

    /// The ladder's trials at the most connections, and how many these are.
    pub fn top(&self) -> Option<(usize, Vec<Group<'a>>)> {
        let mut trials = self.trials(Part::Ladder);
        let level = trials.last()?.median().connections;
        trials.retain(|trial| trial.median().connections == level);
        Some((level, trials))
    }
}
