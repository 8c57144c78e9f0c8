//! What the book takes from elsewhere: listings from the source; tables, pictures and figures from recorded runs and from
//! the code.

use crate::document::{Block, Book, Problem, WOVEN};
use crate::{figures, index, listings, pictures, tables};
use bench::results::folder;
use std::fs;
use std::ops::Range;
use std::path::Path;

/// Lines of the book that ought to be others.
pub(crate) struct Change {
    pub(crate) place: Range<usize>,
    pub(crate) lines: Vec<String>,
    /// What is wrong with those that stand there.
    pub(crate) problem: Problem,
}

/// Every listing, table, picture and figure that is stale, and every instruction that cannot be followed.
pub(crate) fn changes(book: &Book, root: &Path) -> (Vec<Change>, Vec<Problem>) {
    let run = folder::recorded().expect("a run is recorded");
    let (mut changes, mut problems) = figures::changes(book, &run);
    for (at, (line, block)) in book.blocks.iter().enumerate() {
        let Block::Directive { kind, args } = block else { continue };
        let result = match kind.as_str() {
            "listing" => listing(book, at, args, root),
            "table" if args == "index" => made(book, at, index::make(book)),
            "table" => made(book, at, tables::make(args, root)),
            "picture" => made(book, at, pictures::make(args, root)),
            _ => continue,
        };
        match result {
            Ok((place, lines)) if book.lines[place.clone()] != lines => {
                let what = format!("the {kind} `{args}` is stale: {REFRESH}");
                changes.push(Change { place, lines, problem: Problem::new(*line, what) });
            }
            Ok(_) => {}
            Err(what) => problems.push(Problem::new(*line, format!("{kind} `{args}`: {what}"))),
        }
    }
    (changes, problems)
}

pub(crate) const REFRESH: &str = "`BOOK_REFRESH=1 cargo test -p bench --test book` rewrites it; then read it again in its context";

type Expected = Result<(Range<usize>, Vec<String>), String>;

fn listing(book: &Book, index: usize, args: &str, root: &Path) -> Expected {
    let (file, path) = args.split_once('#').unwrap_or((args, ""));
    let source = fs::read_to_string(root.join(file))
        .map_err(|error| format!("cannot read {file} ({error}): name a file of this repository"))?;
    let text = listings::item(&source, path)
        .map_err(|what| format!("{what} in {file}: it was renamed or is gone, name another"))?;
    let (_, _, inside) = book.fence_after(index).ok_or("a code fence must follow")?;
    Ok((inside.clone(), text.lines().map(str::to_owned).collect()))
}

fn made(book: &Book, index: usize, text: Result<String, String>) -> Expected {
    let is_end = |block: &Block| matches!(block, Block::Directive { kind, .. } if kind == "end");
    // A forgotten end must not have the text below be taken for the table.
    let is_beyond = |block: &Block| match block {
        Block::Directive { kind, .. } => WOVEN.contains(&kind.as_str()),
        Block::Heading { .. } => true,
        _ => false,
    };
    let mut below = book.blocks[index + 1..].iter();
    let next = below.find(|(_, block)| is_end(block) || is_beyond(block));
    let end = next.filter(|(_, block)| is_end(block)).map(|(line, _)| *line);
    let end = end.ok_or("no `<!-- end -->` follows")?;
    let start = book.blocks[index].0 + 1;
    let text = text?;
    // Markdown wants an empty line before a table and after it.
    let lines = [""].into_iter().chain(text.trim_matches('\n').lines()).chain([""]);
    Ok((start..end, lines.map(str::to_owned).collect()))
}

/// The book's text with the changes made.
pub(crate) fn apply(book: &Book, mut changes: Vec<Change>) -> String {
    let mut lines = book.lines.clone();
    changes.sort_by_key(|change| change.place.start);
    for Change { place, lines: new, .. } in changes.into_iter().rev() {
        lines.splice(place, new);
    }
    lines.into_iter().map(|line| line + "\n").collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "<!-- listing: LICENSE -->\n```text\nstale\n```\n";

    #[test]
    fn a_stale_listing_is_named_and_mended() {
        let (book, root) = (Book::parse(SOURCE), crate::root());
        let (found, problems) = changes(&book, &root);
        assert!(problems.is_empty() && found.len() == 1);
        assert!(found[0].problem.to_string().starts_with("BOOK.md:1: the listing `LICENSE` is"));
        let mended = Book::parse(&apply(&book, found));
        assert!(changes(&mended, &root).0.is_empty());
    }

    #[test]
    fn what_cannot_be_woven_is_a_problem() {
        for text in [
            "<!-- listing: LICENSE#fn_none -->\n```text\n```",
            "<!-- listing: no/such/file -->\n```text\n```",
            "<!-- listing: LICENSE -->\nno fence",
            "<!-- table: limits -->\nno end",
            "<!-- table: limits -->\nno end\n### A\n<!-- end -->",
            "a <!--= none | a | b -->1<!--/-->",
            "<!-- table: nonsense -->\n<!-- end -->",
            "<!-- table: bench/results/none close -->\n<!-- end -->",
            "<!-- picture: bench/results/none timeline -->\n<!-- end -->",
        ] {
            let (found, problems) = changes(&Book::parse(text), &crate::root());
            assert_eq!((found.len(), problems.len()), (0, 1), "{text}");
        }
    }

    #[test]
    fn a_hand_edit_inside_a_table_is_undone() {
        let text = "<!-- table: limits -->\n\n| 17 |\n\n<!-- end -->\n";
        let (found, _) = changes(&Book::parse(text), &crate::root());
        assert!(apply(&Book::parse(text), found).contains("`--max-head`"));
    }
}
