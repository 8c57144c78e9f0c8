//! Every chapter has every part, in one order.

use crate::document::{Block, Book, Problem};
use std::ops::Range;

/// The chapters that a part stands in.
enum In {
    All,
    /// Those that need it, and those that may have it.
    Some(&'static [usize], &'static [usize]),
}

const PARTS: [(&str, In); 13] = [
    ("Question", In::All),
    ("You will", In::All),
    ("Predict", In::All),
    ("The small thing", In::Some(&[1, 2, 4, 6, 10, 11], &[16])),
    ("Read", In::All),
    ("Run", In::All),
    ("Measure", In::All),
    ("Bottleneck", In::Some(&[6, 9, 11, 12, 13], &[])),
    ("What breaks", In::All),
    ("In the real world", In::All),
    ("Check yourself", In::All),
    ("Exercises", In::All),
    ("Next", In::All),
];

/// Chapters are numbered from 0 to this.
const LAST: usize = 16;

impl In {
    fn needs(&self, chapter: usize) -> bool {
        match self {
            Self::All => true,
            Self::Some(needed, _) => needed.contains(&chapter),
        }
    }

    fn allows(&self, chapter: usize) -> bool {
        let may_have = matches!(self, Self::Some(_, allowed) if allowed.contains(&chapter));
        may_have || self.needs(chapter)
    }
}

/// A chapter with a number: appendices have none.
pub(crate) struct Chapter<'a> {
    pub(crate) number: usize,
    pub(crate) title: &'a str,
    /// The line of its heading.
    pub(crate) line: usize,
    pub(crate) blocks: Range<usize>,
    /// Its parts by name, each with its blocks. `Bottleneck: what it is` is the part `Bottleneck`.
    parts: Vec<(&'a str, Range<usize>)>,
}

impl Chapter<'_> {
    /// The blocks of the part with that name.
    pub(crate) fn part(&self, name: &str) -> Option<Range<usize>> {
        self.parts.iter().find(|(part, _)| *part == name).map(|(_, blocks)| blocks.clone())
    }
}

/// All of them, in the order of the book.
pub(crate) fn chapters(book: &Book) -> Vec<Chapter<'_>> {
    let chapter = |(title, blocks): (_, Range<usize>)| {
        let (line, parts) = (book.blocks[blocks.start].0, parts_of(book, blocks.clone()));
        Some(Chapter { number: number(title)?, title, line, blocks, parts })
    };
    book.chapters().into_iter().filter_map(chapter).collect()
}

/// Chapters that are missing or stand out of turn.
pub(crate) fn numbers(book: &Book) -> Vec<Problem> {
    let (mut problems, mut expected) = (Vec::new(), 0);
    for Chapter { number, line, .. } in chapters(book) {
        if number != expected {
            problems.push(Problem::new(line, format!("chapter {expected} should stand here")));
        }
        expected = number + 1;
    }
    if expected != LAST + 1 {
        let what = format!("the book ends before chapter {expected}: it has chapters 0 to {LAST}");
        problems.push(Problem::new(book.lines.len().saturating_sub(1), what));
    }
    problems
}

/// Chapters that lack a part, or have one that is none of theirs, twice, or in another order.
pub(crate) fn parts(book: &Book) -> Vec<Problem> {
    let mut problems = Vec::new();
    for Chapter { number: chapter, line, parts, .. } in chapters(book) {
        let mut reached = None;
        for (part, blocks) in &parts {
            let mut wrong =
                |what: String| problems.push(Problem::new(book.blocks[blocks.start].0, what));
            match PARTS.iter().position(|(name, _)| name == part) {
                None => wrong(format!("no chapter has a part `{part}`: the parts are {}", names())),
                Some(place) if !PARTS[place].1.allows(chapter) => {
                    wrong(format!("chapter {chapter} has no part `{part}`"));
                }
                Some(place) if reached >= Some(place) => {
                    wrong(format!("`{part}` stands too late, or twice: the order is {}", names()));
                }
                Some(place) => reached = Some(place),
            }
        }
        let is_missing = |(name, chapters): &&(&str, In)| {
            chapters.needs(chapter) && !parts.iter().any(|(part, _)| part == name)
        };
        let missing = PARTS.iter().filter(is_missing);
        problems.extend(missing.map(|(name, _)| {
            Problem::new(line, format!("chapter {chapter} lacks the part `### {name}`"))
        }));
    }
    problems
}

fn names() -> String {
    PARTS.map(|(name, _)| name).join(", ")
}

/// The number of `N. Title`; appendices have none.
pub(crate) fn number(title: &str) -> Option<usize> {
    title.split_once(". ")?.0.parse().ok()
}

fn parts_of(book: &Book, chapter: Range<usize>) -> Vec<(&str, Range<usize>)> {
    let mut parts: Vec<(&str, Range<usize>)> = Vec::new();
    for index in chapter {
        if let Block::Heading { level: 3, text } = &book.blocks[index].1 {
            parts.push((text.split(':').next().unwrap_or(text), index..index));
        }
        if let Some((_, blocks)) = parts.last_mut() {
            blocks.end = index + 1;
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A chapter with all parts that it needs.
    fn chapter(number: usize) -> String {
        let own = PARTS.iter().filter(|(_, chapters)| chapters.needs(number));
        let parts: String = own.map(|(name, _)| format!("### {name}\n")).collect();
        format!("## {number}. A\n{parts}")
    }

    fn told(text: &str) -> Vec<String> {
        parts(&Book::parse(text)).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_missing_or_foreign_or_misplaced_part_is_named() {
        for text in [
            format!("{}{}{}## Appendix\n### Any\n", chapter(0), chapter(6), chapter(16)),
            chapter(16).replace("### Read", "### The small thing\n### Read"),
            chapter(6).replace("### Bottleneck", "### Bottleneck: one core"),
        ] {
            assert_eq!(told(&text), [""; 0]);
        }
        for (number, from, to, what) in [
            (6, "### Bottleneck\n", "", "BOOK.md:1: chapter 6 lacks the part `### Bottleneck`"),
            (4, "### The small thing\n", "", "lacks the part `### The small thing`"),
            (5, "### What", "### Bottleneck\n### What", "chapter 5 has no part `Bottleneck`"),
            (0, "### Read", "### Reading\n### Read", "no chapter has a part `Reading`"),
            (0, "### Next", "### Run\n### Next", "`Run` stands too late, or twice"),
        ] {
            let told = told(&chapter(number).replace(from, to));
            assert!(told.len() == 1 && told[0].contains(what), "{what}: {told:?}");
        }
    }

    #[test]
    fn chapters_are_counted_without_a_gap_to_the_last() {
        let all: Vec<_> = (0..=LAST).map(chapter).collect();
        let count = |text: &str| numbers(&Book::parse(text)).len();
        assert_eq!(count(&all.concat()), 0);
        assert_eq!((count(&all[..LAST].concat()), count(&all[1..].concat())), (1, 1));
    }
}
