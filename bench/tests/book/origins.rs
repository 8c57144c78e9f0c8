//! A figure with a unit is woven, or `<!-- from: WHERE -->` directly above its paragraph says from where it is.

use crate::document::{Book, Problem};
use pulldown_cmark::{Event, Parser};

/// What WHERE may begin with.
const WHERE: [&str; 8] = [
    "settings",
    "arithmetic",
    "the article",
    "this machine",
    "kernel documentation",
    "a guess",
    "RFC",
    "literature",
];

/// The longer ones first.
const UNITS: [&str; 11] = ["req/s", "KiB", "MiB", "GiB", "µs", "μs", "ms", "ns", "s", "%", "×"];

/// Paragraphs whose figures are from nowhere, and origins that nothing needs.
pub(crate) fn problems(book: &Book) -> Vec<Problem> {
    let mut problems = Vec::new();
    let paragraphs = book.paragraphs(0..book.blocks.len());
    for (line, text) in &paragraphs {
        let origin = line.checked_sub(1).and_then(|above| book.directive(above));
        let figures = figures(&typed(text));
        match origin.filter(|(kind, _)| *kind == "from") {
            Some((_, place)) if !WHERE.iter().any(|known| place.starts_with(known)) => {
                let what = format!("`{place}`: say where figures are from: {}", WHERE.join(", "));
                problems.push(Problem::new(line - 1, what));
            }
            None if !figures.is_empty() => {
                let found: Vec<_> =
                    figures.iter().map(|(_, figure)| format!("`{figure}`")).collect();
                let what = format!(
                    "{}: weave what a recorded run has (`<!--= BLOCK | ROW | COLUMN --><!--/-->`), or say from where it is \
                     in a line above the paragraph (`<!-- from: settings -->`)",
                    found.join(", ")
                );
                problems.push(Problem::new(line + figures[0].0, what));
            }
            _ => {}
        }
    }
    let starts = |line: usize| paragraphs.iter().any(|(start, _)| *start == line);
    let lost = (0..book.lines.len()).filter(|line| {
        book.directive(*line).is_some_and(|(kind, _)| kind == "from") && !starts(line + 1)
    });
    problems.extend(
        lost.map(|line| Problem::new(line, "no paragraph begins directly below this `from`")),
    );
    problems
}

/// The text with a mark for each letter that is no prose: woven figures, comments, code, the targets of links, tags. So a
/// figure before them and a unit behind them do not become one. Lines stay lines.
fn typed(text: &str) -> String {
    let (mut is_prose, mut is_woven) = (vec![false; text.len()], false);
    for (event, place) in Parser::new(text).into_offset_iter() {
        match event {
            Event::InlineHtml(html) if html.starts_with("<!--=") => is_woven = true,
            Event::InlineHtml(html) if *html == *"<!--/-->" => is_woven = false,
            Event::Text(_) if !is_woven => is_prose[place].fill(true),
            _ => {}
        }
    }
    let letters = text.char_indices();
    letters.map(|(at, letter)| if is_prose[at] || letter == '\n' { letter } else { '¤' }).collect()
}

/// The figures with a unit, each with its line from the text's beginning.
fn figures(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) =
        text[at..].find(|letter: char| letter.is_ascii_digit()).map(|next| at + next)
    {
        let is_number = |letter: char| letter.is_ascii_digit() || ".,".contains(letter);
        let end =
            text[start..].find(|letter| !is_number(letter)).map_or(text.len(), |end| start + end);
        at = end;
        let number = text[start..end].trim_end_matches(['.', ',']);
        let (before, after) = (&text[..start], &text[start + number.len()..]);
        if before.ends_with(|letter: char| letter.is_alphanumeric() || letter == '_') {
            continue;
        }
        let factor = before.trim_end().ends_with('×').then(|| format!("× {number}"));
        if let Some(figure) = unit(after).map(|unit| format!("{number} {unit}")).or(factor) {
            found.push((before.matches('\n').count(), figure));
        }
    }
    found
}

/// The unit that a text begins with, a blank before it or none.
fn unit(text: &str) -> Option<&'static str> {
    let text = text.strip_prefix([' ', '\n', '\u{a0}']).unwrap_or(text);
    let text = text.strip_prefix("k ").unwrap_or(text);
    UNITS.into_iter().find(|unit| {
        text.strip_prefix(unit).is_some_and(|rest| {
            !rest.starts_with(|next: char| next.is_alphanumeric() || next == '_')
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<String> {
        problems(&Book::parse(text)).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_figure_from_nowhere_is_named_with_its_line() {
        for figure in [
            "5 s",
            "1.5 ms",
            "20 µs",
            "7,000 req/s",
            "14 k req/s",
            "16 KiB",
            "3 MiB",
            "1 GiB",
            "50 %",
            "50%",
            "3 ×",
            "3\n×",
            "×3",
            "× 3",
        ] {
            let told = told(&format!("# T\n\n- Text\n  that takes {figure}.\n"));
            assert!(told.len() == 1 && told[0].starts_with("BOOK.md:4: `"), "{figure}: {told:?}");
        }
        assert!(
            told("It takes 5 s, 6 MiB\nand 7 %.")[0]
                .starts_with("BOOK.md:1: `5 s`, `6 MiB`, `7 %`: weave")
        );
    }

    #[test]
    fn what_is_no_figure_or_no_prose_or_has_an_origin_is_none() {
        for text in [
            "Chapter 5, 64 workers, 200 connections, HTTP/1.1 says p99 and 3 steps; RFC 9112, section 4.",
            "Woven: <!--= users | stage3-epoll | p99 -->63.1 ms<!--/-->, and `sleep 5 s`, ``a ` 5 s``, [a](b-5%20c).",
            "<details title=\"5 ms\"><summary>Answer</summary>",
            "5 `x` ms, 5 <!-- no --> ms",
            "## 5 ms\n```text\n5 ms\n```\n<!-- table: limits -->\n\n| 5 ms |\n\n<!-- end -->",
            "<!-- from: settings -->\nIt takes 5 s\nor 6 s.",
            "<!-- from: this machine, 2026-11-26 -->\n> It took 5 s.",
        ] {
            assert_eq!(told(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn an_origin_that_is_unknown_or_stands_elsewhere_is_named() {
        assert!(
            told("<!-- from: hearsay -->\n5 s")[0]
                .starts_with("BOOK.md:1: `hearsay`: say where figures are from: settings")
        );
        let told = told("<!-- from: settings -->\n\n5 s");
        assert!(
            told.len() == 2
                && told[1] == "BOOK.md:1: no paragraph begins directly below this `from`"
        );
    }
}
