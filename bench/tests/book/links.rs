//! Every link leads somewhere, and every picture drawn in text fits a narrow screen.

use crate::anchor::anchor;
use crate::document::{Block, Book, Problem};
use std::collections::{HashMap, HashSet};
use std::path::Path;

/// Pictures that are too wide for a narrow screen.
pub(crate) fn wide_pictures(book: &Book) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (_, block) in &book.blocks {
        let Block::Fence { language, inside } = block else { continue };
        let lines = inside.clone().filter(|_| language == "text");
        let is_drawn = |line: &String| line.contains(['│', '─', '►', '▓']);
        for at in lines.filter(|&at| is_drawn(&book.lines[at])) {
            if book.lines[at].chars().count() > WIDEST {
                problems.push(Problem::new(at, format!("wider than {WIDEST} columns: redraw it")));
            }
        }
    }
    problems
}

const WIDEST: usize = 70;

/// Links to headings and files that are not there.
pub(crate) fn links(book: &Book, root: &Path) -> Vec<Problem> {
    let (mut seen, mut problems) = (HashMap::new(), Vec::new());
    let anchor = |(_, block): &(usize, Block)| match block {
        Block::Heading { text, .. } => Some(anchor(text, &mut seen)),
        _ => None,
    };
    let anchors: HashSet<_> = book.blocks.iter().filter_map(anchor).collect();
    for (line, block) in &book.blocks {
        let Block::Text(text) = block else { continue };
        for target in targets(text) {
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            let what = match file {
                _ if target.starts_with("https://") => continue,
                "" if anchors.contains(anchor) => continue,
                "" => "no heading has this anchor: copy it from the heading as GitHub makes it",
                _ if root.join(file).exists() => continue,
                _ => "there is no such file: links start at the repository's root",
            };
            problems.push(Problem::new(*line, format!("link `{target}`: {what}")));
        }
    }
    problems
}

/// What stands in the round brackets of `[text](target)`.
fn targets(text: &str) -> Vec<&str> {
    let after = text.split("](").skip(1);
    after.filter_map(|rest| rest.split_once(')')).map(|(target, _)| target).collect()
}

#[test]
fn a_wide_picture_is_named() {
    let text = format!("```text\n{}\n{}\n```", "─".repeat(70), "─".repeat(71));
    let problems = wide_pictures(&Book::parse(&text));
    assert_eq!(problems, [Problem::new(2, "wider than 70 columns: redraw it")]);
}

#[test]
fn a_link_to_nowhere_is_named() {
    let text = "## 1. A `b`: c\n## 1. A b: c\n[x](#1-a-b-c-1) [x](README.md) [x](https://a) [x](#2) [x](no)";
    let problems = links(&Book::parse(text), &crate::root());
    assert_eq!(problems.len(), 2, "{problems:?}");
}
