//! Figures in sentences: between `<!--= BLOCK | ROW | COLUMN -->` and `<!--/-->` stands a cell of a table of the recorded
//! run; with `SUBFOLDER: ` before the block, of a run in its subfolder; with `| 2` after the column, the cell's second word.

use crate::cells::{cell, figure};
use crate::document::{Book, Problem};
use crate::runs;
use crate::weave::{Change, REFRESH};
use crate::wrap::{self, OPEN};
use std::ops::Range;
use std::path::Path;

const CLOSE: &str = "<!--/-->";

/// Every paragraph with a figure that is stale, or with a line that begins with one; and every figure that is nowhere.
pub(crate) fn changes(book: &Book, run: &Path) -> (Vec<Change>, Vec<Problem>) {
    let (mut changes, mut problems) = (Vec::new(), Vec::new());
    for (first, paragraph) in book.paragraphs(0..book.blocks.len()) {
        let old: Vec<_> = paragraph.lines().map(str::to_owned).collect();
        let (mut new, mut stale) = (Vec::new(), Vec::new());
        for (line, text) in (first..).zip(&old) {
            let (text, told) = refreshed(text, run).unwrap_or_else(|what| {
                problems.push(Problem::new(line, what));
                (text.clone(), Vec::new())
            });
            new.push(text);
            stale.extend(told.into_iter().map(|told| (line, told)));
        }
        let new = wrap::mended(new);
        let bare = (first..).zip(&old).filter(|(_, line)| wrap::begins_bare(line));
        let bare = bare.map(|(line, _)| (line, BARE.to_owned()));
        match stale.into_iter().chain(bare).reduce(|one, other| (one.0, one.1 + "; " + &other.1)) {
            Some((line, told)) if new != old => {
                let problem = Problem::new(line, format!("{told}: {REFRESH}"));
                changes.push(Change { place: first..first + old.len(), lines: new, problem });
            }
            Some((line, told)) if told.contains(BARE) => {
                problems.push(Problem::new(line, told + ": begin it with a word"))
            }
            _ => {}
        }
    }
    (changes, problems)
}

const BARE: &str = "Markdown ends a paragraph at a line that begins with a woven figure";

/// The line as it ought to be, and what is stale in it.
fn refreshed(line: &str, run: &Path) -> Result<(String, Vec<String>), String> {
    let (mut new, mut stale, mut from) = (String::new(), Vec::new(), 0);
    for (address, place) in woven(line)? {
        let figure = look_up(run, address).map_err(|what| format!("figure `{address}`: {what}"))?;
        let old = &line[place.clone()];
        if old != figure {
            stale.push(format!("`{address}` is {figure} and not {old:?}"));
        }
        new += &line[from..place.start];
        new += &figure;
        from = place.end;
    }
    Ok((new + &line[from..], stale))
}

/// The figures of a line: what each is of, and where its text stands. In a code span the syntax is shown.
fn woven(line: &str) -> Result<Vec<(&str, Range<usize>)>, String> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = line[from..].find(OPEN).map(|at| from + at) {
        from = at + OPEN.len();
        if line[..at].ends_with('`') {
            continue;
        }
        if line.starts_with('|') {
            return Err(
                "no figure can be woven into a row, whose cells end at each bar: weave the table"
                    .to_owned(),
            );
        }
        let end = |start: usize, mark: &str| Some(start + line[start..].find(mark)?);
        let text = end(from, "-->").map(|end| end + 3);
        let close = text.and_then(|text| end(text, CLOSE));
        let (text, close) = text.zip(close).ok_or("a woven figure ends in its line: `<!--/-->`")?;
        found.push((line[from..text - 3].trim(), text..close));
        from = close + CLOSE.len();
    }
    Ok(found)
}

/// The figure that is meant, or what there is instead.
fn look_up(run: &Path, address: &str) -> Result<String, String> {
    let names: Vec<_> = address.split('|').map(str::trim).collect();
    let [block, row, column, word @ ..] = &names[..] else {
        return Err("write `BLOCK | ROW | COLUMN`".to_owned());
    };
    let (folder, block) = match block.split_once(": ") {
        Some((folder, block)) => (run.join(folder), block),
        None => (run.to_owned(), *block),
    };
    match runs::block(&folder, block)?.table {
        Some(table) => match cell(&table, row, column)? {
            "-" => Err("that run does not tell: the cell is `-`".to_owned()),
            cell => figure(cell, word),
        },
        None => Err("that is no table: weave it whole, between `<!-- table: RUN BLOCK -->` and `<!-- end -->`".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bench::results::folder;

    const FIGURE: &str = "users | stage1-blocking | Served";

    fn of(text: &str) -> (String, Vec<String>, Vec<String>) {
        let (changes, problems) = changes(&Book::parse(text), &folder::recorded().unwrap());
        let stale = changes.iter().map(|change| change.problem.to_string()).collect();
        let text = crate::weave::apply(&Book::parse(text), changes);
        (text, stale, problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_stale_figure_is_named_and_mended_and_a_wrong_name_told_what_there_is() {
        let figure = format!("<!--= {FIGURE} -->");
        let (text, stale, problems) =
            of(&format!("a\n- b {figure}0/7<!--/--> and {figure}<!--/-->.\n"));
        assert_eq!(problems, [""; 0]);
        assert!(
            stale.len() == 1
                && stale[0].starts_with("BOOK.md:2: `users | stage1-blocking | Served` is 1/")
        );
        assert_eq!(of(&text), (text.clone(), vec![], vec![]));
        assert!(text.starts_with(&format!("a\n- b {figure}1/")), "{text}");
        for (address, told) in [
            ("none | a | b", "no block `none`, but: origin, users"),
            ("users | stage9 | Served", "no row `stage9`, but: stage1-blocking"),
            ("users | stage1-blocking | None", "no column `None`, but: Users, Req/s"),
            ("users | stage1-blocking | Factor", "the cell is `-`"),
            ("origin | a | b", "that is no table"),
            ("users | a", "write `BLOCK | ROW | COLUMN`"),
            ("none: users | a | b", "is it the folder of a run?"),
        ] {
            let (_, _, problems) = of(&format!("a <!--= {address} -->1<!--/-->"));
            assert!(problems.len() == 1 && problems[0].contains(told), "{address}: {problems:?}");
        }
    }

    #[test]
    fn a_figure_that_cannot_be_woven_is_named_and_the_syntax_may_be_shown() {
        for rest in ["1\n<!--/-->", "1"] {
            assert_eq!(of(&format!("a <!--= users | a | b -->{rest}")).2.len(), 1, "{rest}");
        }
        let (text, _, _) = of(&format!("a\n\n- <!--= {FIGURE} --><!--/-->"));
        let (_, _, problems) = of(&text);
        assert!(
            problems.len() == 1 && problems[0].starts_with("BOOK.md:3: Markdown ends"),
            "{problems:?}"
        );
        let (text, stale, _) = of(&format!("a b\n<!--= {FIGURE} --><!--/-->"));
        assert!(text.starts_with("a\nb <!--=") && stale[0].starts_with("BOOK.md:2: "), "{text}");
        assert!(of("| <!--= users | a | b -->1<!--/--> |").2[0].contains("weave the table"));
        assert_eq!(of("`<!--= BLOCK | ROW | COLUMN -->1<!--/-->`").2, [""; 0]);
    }
}
