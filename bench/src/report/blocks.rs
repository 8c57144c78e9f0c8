//! What can stand in a document, each piece under a name that a marker can hold.

use super::chart::svg::escape;
use super::tabular::Tabular;
use super::{rate, tables};
use crate::results::Results;
use crate::results::claims;

/// A table or a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// `origin`, `ladder close`, `ladder keep-alive`, `matrix`, `idle`, `rate`, `claims`, `table SERVER`, or `why SERVER`.
    pub name: String,
    /// A heading for it.
    pub title: String,
    /// What it says.
    pub content: Content,
}

/// What a block is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// One line.
    Sentence(String),
    /// Many.
    Table(Tabular),
}

impl Block {
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

/// All that `results` have rows for, in the order of a page.
pub fn of(results: &Results) -> Vec<Block> {
    let origin = Content::Sentence(tables::origin(results));
    let mut blocks =
        vec![Block { name: "origin".into(), title: "Where and of what".into(), content: origin }];
    let mut add = |name: String, title: &str, table: Option<Tabular>| {
        let title = title.to_owned();
        blocks.extend(table.map(|table| Block { name, title, content: Content::Table(table) }));
    };
    for (mode, words) in [("close", "one request per connection"), ("keep-alive", "kept alive")] {
        let title = format!("The ladder, {words}");
        add(format!("ladder {mode}"), &title, tables::ladder(results, mode));
    }
    add("matrix".into(), "Which model suits which workload", tables::matrix(results));
    add("idle".into(), "Requests per second beside silent connections", tables::idle(results));
    add("rate".into(), "The same rate for all, timed from when each was due", rate::table(results));
    add("claims".into(), "The book's claims", claims(results));
    for target in &results.config.targets {
        add(format!("table {target}"), target, tables::of_target(results, target));
        let title = format!("{target}: why");
        add(format!("why {target}"), &title, tables::verdicts(results, target));
    }
    blocks
}

/// What the run says to each claim of the book.
fn claims(results: &Results) -> Option<Tabular> {
    // The book claims nothing of a constant rate.
    if results.is_of_rate() {
        return None;
    }
    let claims = claims::built_in().ok()?;
    let row = |claim: &claims::Claim| {
        let verdict = claims::judge(claim, results);
        vec![claim.text.clone(), verdict.name().to_owned(), verdict.why().to_owned()]
    };
    let header = ["Claim", "Here", "Figures"].map(str::to_owned).to_vec();
    Some(Tabular { header, rows: claims.iter().map(row).collect(), prose: true })
}

/// The block with that name.
pub fn find(results: &Results, name: &str) -> Option<Block> {
    of(results).into_iter().find(|block| block.name == name)
}

/// All blocks as one document.
pub fn document(results: &Results) -> String {
    let mut text = "# Results\n".to_owned();
    for block in of(results) {
        text += &format!("\n## {}\n\n{}", block.title, block.markdown());
    }
    text
}
