//! A piece of a document: for a terminal, in Markdown, and for a page.

use crate::table::{Table, escape};
use crate::terminal::wrapped;

/// A table or a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// `waits`, `waits fit`, `waits active`, `plateau`, `article`, `guard rails`,
    /// `origin`, `users`, `users limits`, `controls`, `beaten`, `ladder keep-alive`, `beside keep-alive`, `profile`,
    /// `distorted`, `no layers`, `card STAGE`, `cards`, `idle`, `matrix`, `causes`, `ladder close`, `beside close`, `rate`,
    /// `sweep SERVER`, `sweep`, `reading`, `uring`, `scale SERVER`, `laws SERVER`, `ceiling`, `table SERVER` or
    /// `servers`, `bottlenecks`, `disturbed`, `claims`.
    pub name: String,
    /// A heading for it.
    pub title: String,
    /// What to learn from it, in one line; empty where the title says it.
    pub lesson: String,
    /// What it says.
    pub content: Content,
}

/// What a block is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// One line.
    Sentence(String),
    /// Many.
    Table(Table),
}

impl Block {
    /// For a terminal, under its heading.
    pub fn terminal(&self) -> String {
        let text = match &self.content {
            Content::Sentence(text) => wrapped("  ", text),
            Content::Table(table) => table.terminal(),
        };
        let lesson =
            if self.lesson.is_empty() { String::new() } else { wrapped("  ", &self.lesson) };
        format!("\n{}\n{lesson}{text}", self.title)
    }

    /// For a document; it ends with a line break.
    pub fn markdown(&self) -> String {
        match &self.content {
            Content::Sentence(text) => format!("{text}\n"),
            Content::Table(table) => table.markdown(),
        }
    }

    /// For a page.
    pub fn html(&self) -> String {
        match &self.content {
            Content::Sentence(text) => format!("<p>{}</p>\n", escape(text)),
            Content::Table(table) => table.html(),
        }
    }
}
