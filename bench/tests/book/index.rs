//! The index: what the listings show, and in which chapter a term of the glossary comes first.

use crate::anchor::anchor;
use crate::document::{Block, Book};
use crate::skeleton::{Chapter, chapters};
use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;

/// The Markdown for `<!-- table: index -->`: two tables.
pub(crate) fn make(book: &Book) -> Result<String, String> {
    let chapters = chapters(book);
    let typed = |chapter: &Chapter<'_>| {
        let paragraphs = book.paragraphs(chapter.blocks.clone()).into_iter();
        paragraphs.map(|(_, text)| text.replace('\n', " ").to_lowercase()).collect::<Vec<_>>()
    };
    let texts: Vec<_> = chapters.iter().map(typed).collect();
    let terms = terms(book)?;
    let mut text = "| Item | File | Chapter |\n|---|---|---|\n".to_owned();
    for ((item, file), chapters) in items(book, &chapters) {
        let links: Vec<_> = chapters.iter().map(|chapter| link(chapter)).collect();
        let _ = writeln!(text, "| `{item}` | [{file}]({file}) | {} |", links.join(", "));
    }
    text += "\n| Term | First in chapter |\n|---|---|\n";
    for term in terms {
        let words = term.to_lowercase();
        let first = texts.iter().position(|texts| texts.iter().any(|text| has(text, &words)));
        let first = first.map_or("-".to_owned(), |first| link(&chapters[first]));
        let _ = writeln!(text, "| {term} | {first} |");
    }
    Ok(text)
}

/// `[6](#6-one-at-a-time)`.
fn link(chapter: &Chapter<'_>) -> String {
    format!("[{}](#{})", chapter.number, anchor(chapter.title, &mut HashMap::new()))
}

/// What listings show, with its file, in the order of the alphabet; each with its chapters.
fn items<'c, 'b>(
    book: &Book,
    chapters: &'c [Chapter<'b>],
) -> BTreeMap<(String, String), Vec<&'c Chapter<'b>>> {
    let mut items: BTreeMap<_, Vec<&Chapter<'_>>> = BTreeMap::new();
    for chapter in chapters {
        for (_, block) in &book.blocks[chapter.blocks.clone()] {
            let Block::Directive { kind, args } = block else { continue };
            if kind != "listing" {
                continue;
            }
            let (file, item) = args.split_once('#').unwrap_or((args, ""));
            let name = file.rsplit('/').next().unwrap_or(file).trim_end_matches(".rs");
            let item = if item.is_empty() { name } else { item };
            let shown = items.entry((item.to_owned(), file.to_owned())).or_default();
            if shown.last().is_none_or(|last| last.number != chapter.number) {
                shown.push(chapter);
            }
        }
    }
    items
}

/// The terms of the glossary: what is bold at the beginning of a list's line in Appendix D.
fn terms(book: &Book) -> Result<Vec<String>, String> {
    let chapters = book.chapters();
    let glossary = chapters.iter().find(|(title, _)| title.starts_with("Appendix D"));
    let (_, blocks) = glossary.ok_or("there is no Appendix D, whose terms it lists")?;
    let term = |line: &str| Some(line.strip_prefix("- **")?.split_once("**")?.0.to_owned());
    let lines = book.paragraphs(blocks.clone());
    let mut terms: Vec<_> =
        lines.iter().flat_map(|(_, text)| text.lines().filter_map(term)).collect();
    terms.sort_by_key(|term| term.to_lowercase());
    terms.dedup();
    Ok(terms)
}

/// Whether a text has these words, not as parts of others. A plural is the word too.
fn has(text: &str, words: &str) -> bool {
    let is_letter = |letter: char| letter.is_alphanumeric() || letter == '_';
    text.match_indices(words).any(|(at, found)| {
        let after = &text[at + found.len()..];
        let after =
            after.strip_prefix('s').filter(|rest| !rest.starts_with(is_letter)).unwrap_or(after);
        !text[..at].ends_with(is_letter) && !after.starts_with(is_letter)
    })
}

#[test]
fn items_and_terms_lead_to_their_chapters() {
    let text = "## 0. Why not?\nA socket's *accept queue*.\n## 1. A `b`\nThe tick, and accept\nqueues; a sockets.\n\
                <!-- listing: a/b.rs#X::y -->\n<!-- listing: a/c.rs -->\n<!-- listing: a/b.rs#X::y -->\n\
                ## Appendix D: Glossary\n- **tick**: one.\n- **accept queue**: two.\n- **ick**: none.\n";
    assert_eq!(
        make(&Book::parse(text)).unwrap(),
        "| Item | File | Chapter |\n|---|---|---|\n| `X::y` | [a/b.rs](a/b.rs) | [1](#1-a-b) |\n\
         | `c` | [a/c.rs](a/c.rs) | [1](#1-a-b) |\n\n| Term | First in chapter |\n|---|---|\n\
         | accept queue | [0](#0-why-not) |\n| ick | - |\n| tick | [1](#1-a-b) |\n"
    );
    assert!(make(&Book::parse("## 0. A\n")).is_err());
}
