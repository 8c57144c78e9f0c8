//! What can stand in a document, each piece under a name that a marker can hold.

use super::{lines, profile, sweep, tables, users};
use crate::numbers::{self, micros};
use crate::results::{Part, Results, Sample, claims, group};
use crate::table::{Table, escape};
use crate::terminal::wrapped;
use crate::workspace::{NULL_SERVER, label};

/// A table or a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// `origin`, `ladder close`, `ladder keep-alive`, `beside close`, `disturbed`, `matrix`, `causes`, `idle`, `rate`, `sweep`,
    /// `sweep SERVER`, `reading`, `scale`, `fits`, `wrk`, `ceiling`, `profile`, `distorted`, `no layers`, `flame graphs`, `claims`, `table SERVER`, or `why SERVER`.
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
    Table(Table),
    /// Files of the run's folder, each with what it is.
    Links(Vec<(String, String)>),
}

impl Block {
    /// For a terminal, under its heading.
    pub fn terminal(&self) -> String {
        let text = match &self.content {
            Content::Sentence(text) => wrapped("  ", text),
            Content::Table(table) => table.terminal(),
            Content::Links(links) => {
                links.iter().map(|(what, file)| format!("  {what}: {file}\n")).collect()
            }
        };
        format!("\n{}\n{text}", self.title)
    }

    /// For a document; it ends with a line break.
    pub fn markdown(&self) -> String {
        match &self.content {
            Content::Sentence(text) => format!("{text}\n"),
            Content::Table(table) => table.markdown(),
            Content::Links(links) => {
                links.iter().map(|(what, file)| format!("- [{what}]({file})\n")).collect()
            }
        }
    }

    /// For a page.
    pub fn html(&self) -> String {
        match &self.content {
            Content::Sentence(text) => format!("<p>{}</p>\n", escape(text)),
            Content::Table(table) => table.html(),
            Content::Links(links) => {
                let link = |(what, file): &(String, String)| {
                    format!("<li><a href=\"{}\">{}</a></li>\n", escape(file), escape(what))
                };
                format!("<ul>\n{}</ul>\n", links.iter().map(link).collect::<String>())
            }
        }
    }
}

/// All that `results` have rows for, in the order of a page.
pub fn of(results: &Results) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut add = |name: &str, title: &str, content: Option<Content>| {
        let (name, title) = (name.to_owned(), title.to_owned());
        blocks.extend(content.map(|content| Block { name, title, content }));
    };
    let sentence = |text: Option<String>| text.map(Content::Sentence);
    let table = |table: Option<Table>| table.map(Content::Table);
    add("origin", "Where and of what", sentence(Some(origin(results))));
    let title = "The ladder of users who think";
    add("users", title, table(users::ladder(results)));
    add("users limits", "What holds each stage", table(users::limits(results)));
    add("users caption", "What these users do", sentence(users::caption(results)));
    let title = "Controls: keeping connections otherwise, or more threads";
    add("controls", title, table(users::controls(results)));
    add("beaten", "Where a control beats the next stage", sentence(users::beaten(results)));
    for (mode, words) in [("close", "one request per connection"), ("keep-alive", "kept alive")] {
        let title = format!("The ladder, {words}");
        add(&format!("ladder {mode}"), &title, table(tables::ladder(results, mode)));
        let title = format!("Beside other servers, {words}");
        add(&format!("beside {mode}"), &title, sentence(tables::beside(results, mode)));
    }
    add("disturbed", "What was measured again", sentence(group::disturbed(&results.rows)));
    let title = "Which model suits which workload";
    add("matrix", title, table(tables::matrix(results)));
    add("causes", "The bottleneck of each workload", table(tables::causes(results)));
    let title = "Requests per second beside silent connections";
    add("idle", title, table(tables::idle(results)));
    let title = "The same rate for all, timed from when each was due";
    add("rate", title, table(lines::rate(results)));
    for target in &results.config.targets {
        let title = format!("{} over offered load", label(target));
        add(&format!("sweep {target}"), &title, table(sweep::of_target(results, target)));
    }
    add("sweep", "Latency over offered load", table(sweep::summary(results)));
    add("reading", "How to read latency over load", sentence(sweep::reading(results)));
    add("wrk", "A second opinion: wrk", table(lines::wrk(results)));
    add("ceiling", "The generator's ceiling", sentence(ceiling(results)));
    let title = "Where the time of a request goes";
    add("profile", title, table(profile::table(results)));
    add("distorted", "What distorts the layers", sentence(profile::distorted(results)));
    add("no layers", "Why there are no layers", sentence(profile::missing(results)));
    let links = profile::flame_graphs(results).map(Content::Links);
    add("flame graphs", "Flame graphs", links);
    add("claims", "The book's claims", table(claims(results)));
    for target in &results.config.targets {
        let name = format!("table {target}");
        add(&name, label(target), table(lines::of_target(results, target)));
        let title = format!("{}: why", label(target));
        add(&format!("why {target}"), &title, table(lines::verdicts(results, target)));
    }
    blocks
}

/// Where and of what: a sentence to stand under tables.
pub fn origin(results: &Results) -> String {
    let day = results.began.split('T').next().unwrap_or_default();
    let cut = if results.interrupted {
        " Interrupted: not all that was asked for was measured."
    } else {
        ""
    };
    format!("Recorded {day} on {}; {}.{cut}", results.host.line(), results.source.line())
}

/// The most that the generator reached against the null server, and what was the limit there.
fn ceiling(results: &Results) -> Option<String> {
    let of_null =
        results.rows.iter().filter(|row| row.target == NULL_SERVER && row.part != Part::Rate);
    let rps = |sample: &&Sample| sample.load.rps;
    let best = of_null.max_by(|left, right| rps(left).total_cmp(&rps(right)))?;
    let verdict = best.observed("verdict")?.as_str()?;
    let (reached, cpu) = (numbers::grouped(best.load.rps), micros(best.client_cpu_us));
    Some(format!(
        "{reached} requests per second against the null server, at {cpu} of its own CPU each; there {verdict}."
    ))
}

/// What the run says to each claim of the book, if it measured any stage.
fn claims(results: &Results) -> Option<Table> {
    if !results.part().is_claimed() {
        return None;
    }
    let row = |claim: &claims::Claim| {
        let verdict = claims::judge(claim, results);
        vec![claim.text.clone(), verdict.name().to_owned(), verdict.why().to_owned()]
    };
    let claims = claims::built_in().ok()?;
    Table::of_prose(["Claim", "Here", "Figures"]).filled(claims.iter().map(row).collect())
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
        if block.name == "profile" {
            text += &format!("\n![{}](charts/profile.svg)\n", block.title);
        }
    }
    text
}

/// What a run prints at its end: the tables of each server, then what compares the servers.
pub fn terminal(results: &Results) -> String {
    let is_of_one =
        |block: &Block| block.name.starts_with("table ") || block.name.starts_with("why ");
    let (of_each, of_all): (Vec<_>, Vec<_>) = of(results).into_iter().partition(is_of_one);
    let of_all = of_all.into_iter().filter(|block| !["origin", "claims"].contains(&&*block.name));
    let mut text: String =
        of_each.into_iter().chain(of_all).map(|block| block.terminal()).collect();
    if results.interrupted {
        let (made, planned) = (results.rows.len(), results.planned);
        text += &format!("\nINTERRUPTED: {made} of {planned} trials were measured.\n");
    }
    text
}
