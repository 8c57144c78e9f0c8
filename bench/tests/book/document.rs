//! BOOK.md as a list of blocks: headings, instructions to this test, fences, and lines of text.

use std::fmt;
use std::ops::Range;

/// Instructions whose lines, up to `<!-- end -->`, are made by this test.
pub(crate) const WOVEN: [&str; 2] = ["table", "picture"];

/// A part of the book. Line numbers count from 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Block {
    /// `## Text`.
    Heading { level: usize, text: String },
    /// `<!-- kind: args -->` on a line of its own, invisible to readers.
    Directive { kind: String, args: String },
    /// What stands between two lines of three backquotes. `inside`: its lines.
    Fence { language: String, inside: Range<usize> },
    /// One line of anything else.
    Text(String),
}

/// The whole book: its lines, and its blocks with the line on which each begins.
pub(crate) struct Book {
    pub(crate) lines: Vec<String>,
    pub(crate) blocks: Vec<(usize, Block)>,
}

impl Book {
    pub(crate) fn parse(text: &str) -> Self {
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let (mut blocks, mut at) = (Vec::new(), 0);
        while at < lines.len() {
            let start = at;
            let block = match lines[at].strip_prefix("```") {
                Some(language) => {
                    let rest = &lines[at + 1..];
                    let length = rest.iter().position(|line| line == "```").unwrap_or(rest.len());
                    at += 1 + length;
                    let inside = start + 1..at;
                    Block::Fence { language: language.to_owned(), inside }
                }
                None => block(&lines[at]),
            };
            blocks.push((start, block));
            at += 1;
        }
        Self { lines, blocks }
    }

    /// What a fence holds, one line below the other.
    pub(crate) fn inside(&self, lines: &Range<usize>) -> String {
        self.lines[lines.clone()].iter().map(|line| format!("{line}\n")).collect()
    }

    /// The fence that follows block `index`, past empty lines.
    pub(crate) fn fence_after(&self, index: usize) -> Option<(usize, &str, &Range<usize>)> {
        let next = self.blocks[index + 1..].iter().position(|(_, block)| !block.is_empty())?;
        match &self.blocks[index + 1 + next].1 {
            Block::Fence { language, inside } => Some((index + 1 + next, language, inside)),
            _ => None,
        }
    }

    /// The instruction on a line, if one stands there: kind and arguments.
    pub(crate) fn directive(&self, line: usize) -> Option<(&str, &str)> {
        let index = self.blocks.binary_search_by_key(&line, |(line, _)| *line).ok()?;
        match &self.blocks[index].1 {
            Block::Directive { kind, args } => Some((kind, args)),
            _ => None,
        }
    }

    /// Texts between empty lines, each with the line where it begins. What tables and pictures are woven of is none.
    pub(crate) fn paragraphs(&self, blocks: Range<usize>) -> Vec<(usize, String)> {
        let mut paragraphs: Vec<(usize, String)> = Vec::new();
        let (mut woven, mut inside) = (false, false);
        for (line, block) in &self.blocks[blocks] {
            if let Block::Directive { kind, .. } = block {
                woven = kind != "end" && (woven || WOVEN.contains(&kind.as_str()));
            }
            let text = match block {
                Block::Text(text) if !woven && !text.is_empty() => Some(text),
                _ => None,
            };
            match (text, paragraphs.last_mut()) {
                (Some(text), Some((_, paragraph))) if inside => *paragraph += &format!("\n{text}"),
                (Some(text), _) => paragraphs.push((*line, text.clone())),
                (None, _) => {}
            }
            inside = text.is_some();
        }
        paragraphs
    }

    /// Chapters and appendices: title, and the blocks that belong to it.
    pub(crate) fn chapters(&self) -> Vec<(&str, Range<usize>)> {
        let is_start = |(index, (_, block)): (usize, &(usize, Block))| match block {
            Block::Heading { level: 2, .. } => Some(index),
            _ => None,
        };
        let starts: Vec<usize> = self.blocks.iter().enumerate().filter_map(is_start).collect();
        let ends = starts[1.min(starts.len())..].iter().copied().chain([self.blocks.len()]);
        let title = |start: usize| match &self.blocks[start].1 {
            Block::Heading { text, .. } => text.as_str(),
            _ => "",
        };
        starts.iter().zip(ends).map(|(&start, end)| (title(start), start..end)).collect()
    }
}

impl Block {
    fn is_empty(&self) -> bool {
        matches!(self, Self::Text(text) if text.is_empty())
    }
}

fn block(line: &str) -> Block {
    let directive = line.strip_prefix("<!-- ").and_then(|rest| rest.strip_suffix(" -->"));
    if let Some(directive) = directive {
        let (kind, args) = directive.split_once(':').unwrap_or((directive, ""));
        return Block::Directive { kind: kind.trim().to_owned(), args: args.trim().to_owned() };
    }
    let level = line.bytes().take_while(|&byte| byte == b'#').count();
    match line[level..].strip_prefix(' ') {
        Some(text) if level > 0 => Block::Heading { level, text: text.trim().to_owned() },
        _ => Block::Text(line.to_owned()),
    }
}

/// Something in the book that is not true, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    line: usize,
    what: String,
}

impl Problem {
    /// `line` counts from 0, as in [`Book::blocks`].
    pub(crate) fn new(line: usize, what: impl Into<String>) -> Self {
        Self { line, what: what.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "BOOK.md:{}: {}", self.line + 1, self.what)
    }
}

#[test]
fn blocks_are_told_apart() {
    let book = Book::parse("# T\n\n<!-- run: x -->\n```sh\n# no heading\n```\ntext\n## A\n## B");
    let kinds: Vec<_> = book.blocks.iter().map(|(line, _)| *line).collect();
    assert_eq!(kinds, [0, 1, 2, 3, 6, 7, 8]);
    assert_eq!(book.fence_after(2).map(|(_, language, _)| language), Some("sh"));
    assert_eq!(book.fence_after(3), None);
    let titles: Vec<_> = book.chapters().into_iter().map(|(title, _)| title).collect();
    assert_eq!(titles, ["A", "B"]);
}

#[test]
fn paragraphs_are_what_was_typed() {
    let text = "# T\na\nb\n\n> c\n<!-- from: x -->\nd\n<!-- table: t -->\n| e |\n\n<!-- end -->\nf\n```\ng\n```";
    let book = Book::parse(text);
    let owned = |(line, text): (usize, &str)| (line, text.to_owned());
    let expected = [(1, "a\nb"), (4, "> c"), (6, "d"), (11, "f")].map(owned);
    assert_eq!(book.paragraphs(0..book.blocks.len()), expected);
    assert_eq!((book.directive(5), book.directive(6)), (Some(("from", "x")), None));
}
