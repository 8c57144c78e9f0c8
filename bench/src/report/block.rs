//! A piece of a document: for a terminal, in Markdown, and for a page.

use crate::table::{Table, escape};
use crate::terminal::wrapped;

/// A table, a sentence, or both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// `waits`, `waits fit`, `waits active`, `plateau`, `article`, `guard rails`,
    /// `origin`, `users`, `users limits`, `controls`, `beaten`, `ladder keep-alive`, `beside keep-alive`, `profile`,
    /// `distorted`, `no layers`, `card STAGE`, `cards`, `idle`, `matrix`, `causes`, `ladder close`, `beside close`, `rate`,
    /// `sweep SERVER`, `sweep`, `uring`, `scale SERVER`, `laws SERVER`, `ceiling`, `table SERVER` or
    /// `servers`, `bottlenecks`, `disturbed`, `claims`.
    pub name: String,
    /// A heading for it.
    pub title: String,
    /// A sentence. Above a table it says what to learn from it, and is empty where the title says that.
    pub text: String,
    /// What it holds, unless it is a sentence only.
    pub table: Option<Table>,
}

impl Block {
    /// For a terminal, under its heading.
    pub fn terminal(&self) -> String {
        let text = self.text().map_or(String::new(), |text| wrapped("  ", text));
        let table = self.table.as_ref().map_or(String::new(), Table::terminal);
        format!("\n{}\n{text}{table}", self.title)
    }

    /// For a document: its table, or without one its sentence. It ends with a line break.
    pub fn markdown(&self) -> String {
        self.table.as_ref().map_or_else(|| format!("{}\n", self.text), Table::markdown)
    }

    /// For a document, under its heading.
    pub fn section(&self) -> String {
        let text = self.text().map(|text| format!("{text}\n"));
        let table = self.table.as_ref().map(Table::markdown);
        let parts: Vec<_> = text.into_iter().chain(table).collect();
        format!("\n## {}\n\n{}", self.title, parts.join("\n"))
    }

    /// For a page, under its heading.
    pub fn html(&self) -> String {
        let text = self.text().map_or(String::new(), |text| format!("<p>{}</p>\n", escape(text)));
        let table = self.table.as_ref().map_or(String::new(), Table::html);
        format!("<h2>{}</h2>\n{text}{table}", escape(&self.title))
    }

    fn text(&self) -> Option<&str> {
        Some(self.text.as_str()).filter(|text| !text.is_empty())
    }
}
