//! BOOK.md cut into chapters.

use crate::anchor::anchor;
use crate::events::{text, until};
use pulldown_cmark::{Event, Parser, Tag, TagEnd};
use std::collections::HashMap;

/// What becomes a page: the text before the first chapter, a chapter, an appendix.
pub(crate) struct Chapter {
    /// Without marks.
    pub(crate) title: String,
    /// The page's name.
    pub(crate) file: String,
    /// Its part of BOOK.md.
    pub(crate) source: String,
    pub(crate) headings: Vec<Heading>,
}

pub(crate) struct Heading {
    pub(crate) level: usize,
    pub(crate) text: String,
    /// As GitHub makes it, and as links name it.
    pub(crate) anchor: String,
}

/// The chapters, in the order of the book.
pub(crate) fn all(text: &str) -> Vec<Chapter> {
    let mut sources = vec![String::new()];
    let mut is_code = false;
    for line in text.split_inclusive('\n') {
        is_code ^= line.starts_with("```");
        if line.starts_with("## ") && !is_code {
            sources.push(String::new());
        }
        if let Some(source) = sources.last_mut() {
            *source += line;
        }
    }
    let mut seen = HashMap::new();
    sources.into_iter().enumerate().map(|(at, source)| chapter(at, source, &mut seen)).collect()
}

fn chapter(at: usize, source: String, seen: &mut HashMap<String, usize>) -> Chapter {
    let headings = headings(&source, seen);
    let first = headings.first();
    let title = first.map_or(String::new(), |heading| heading.text.clone());
    let name = first.filter(|_| at > 0).map_or("index", |heading| &heading.anchor);
    Chapter { title, file: format!("{name}.html"), source, headings }
}

fn headings(source: &str, seen: &mut HashMap<String, usize>) -> Vec<Heading> {
    let (mut headings, mut events) = (Vec::new(), Parser::new(source));
    while let Some(event) = events.next() {
        if let Event::Start(Tag::Heading { level, .. }) = event {
            let text = text(&until(&mut events, TagEnd::Heading(level)));
            headings.push(Heading { level: level as usize, anchor: anchor(&text, seen), text });
        }
    }
    headings
}
