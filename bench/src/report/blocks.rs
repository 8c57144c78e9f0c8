//! What can stand in a document, each piece under a name that a marker can hold.

use super::markdown;
use crate::results::Results;

/// A table or sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// `origin`, `ladder close`, `ladder keep-alive`, `matrix`, or `table SERVER`.
    pub name: String,
    /// A heading for it.
    pub title: String,
    /// Markdown, ending with a line break.
    pub markdown: String,
}

/// All that `results` have rows for, in the order of a page.
pub fn of(results: &Results) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut add = |name: String, title: String, markdown: Option<String>| {
        blocks.extend(markdown.map(|markdown| Block { name, title, markdown }));
    };
    add("origin".into(), "Where and of what".into(), Some(markdown::origin(results) + "\n"));
    for (mode, title) in [("close", "one request per connection"), ("keep-alive", "kept alive")] {
        add(
            format!("ladder {mode}"),
            format!("The ladder, {title}"),
            markdown::ladder(results, mode),
        );
    }
    add("matrix".into(), "Which model suits which workload".into(), markdown::matrix(results));
    for target in &results.config.targets {
        add(format!("table {target}"), target.clone(), markdown::of_target(results, target));
    }
    blocks
}

/// All blocks as one document.
pub fn document(results: &Results) -> String {
    let mut text = "# Results\n".to_owned();
    for block in of(results) {
        text += &format!("\n## {}\n\n{}", block.title, block.markdown);
    }
    text
}
