//! The reader's figures beside the book's: in the cells of tables, and in sentences.

use crate::cells::{self, figure};
use crate::own::Own;
use bench::table::escape;
use std::collections::BTreeSet;

/// How many of its first cells a row is called by: one, or two where that is not enough.
pub(crate) fn name_cells(rows: &[Vec<String>]) -> usize {
    let firsts: BTreeSet<_> = rows.iter().map(|row| row.first()).collect();
    if firsts.len() == rows.len() { 1 } else { 2 }
}

/// The reader's figure with its factor to the book's; words only where they differ.
pub(crate) fn note(book: &str, own: &str) -> String {
    let (shown, factor) = match factor(book, own) {
        Some(factor) => (figure(own, &[]), format!(" <b>{factor}</b>")),
        None if own == book || own == "-" => return String::new(),
        None => (Ok(own.to_owned()), String::new()),
    };
    let shown = shown.unwrap_or_else(|_| own.to_owned());
    format!("<small class=\"own\">{}{factor}</small>", escape(&shown))
}

/// `1.08×`, where both are numbers.
fn factor(book: &str, own: &str) -> Option<String> {
    let (book, own) = (number(book)?, number(own)?);
    (book > 0.0).then(|| format!("{:.2}×", own / book))
}

/// The number that a cell begins with, in the unit's base: `57,156 ×1.66 (served 1/64)`, `46.0 ms`, `29 MiB`.
fn number(cell: &str) -> Option<f64> {
    let cell = figure(cell, &[]).ok()?;
    let is_number = |letter: char| letter.is_ascii_digit() || ".,".contains(letter);
    let end = cell.find(|letter| !is_number(letter)).unwrap_or(cell.len());
    let scale = match cell[end..].trim() {
        "" | "%" | "s" | "B" => 1.0,
        "ms" => 1e-3,
        "µs" => 1e-6,
        "ns" => 1e-9,
        "KiB" => 1024.0,
        "MiB" => 1_048_576.0,
        "GiB" => 1_073_741_824.0,
        _ => return None,
    };
    Some(cell[..end].replace(',', "").parse::<f64>().ok()? * scale)
}

/// `<!--= BLOCK | ROW | COLUMN -->TEXT<!--/-->` as TEXT with the reader's figure behind it. The comments go: at the
/// beginning of a line they would end the paragraph.
pub(crate) fn woven(source: &str, own: &Own) -> String {
    let mut is_code = false;
    let line = |line: &str| {
        is_code ^= line.starts_with("```");
        if is_code { line.to_owned() } else { woven_line(line, own) }
    };
    source.split_inclusive('\n').map(line).collect()
}

fn woven_line(line: &str, own: &Own) -> String {
    let Some((before, rest)) = line.split_once("<!--=") else { return line.to_owned() };
    // In a code span the syntax is shown.
    let parts = rest.split_once("-->").filter(|_| !before.ends_with('`'));
    let parts = parts.and_then(|(address, rest)| Some((address, rest.split_once("<!--/-->")?)));
    let Some((address, (text, rest))) = parts else {
        return format!("{before}<!--={}", woven_line(rest, own));
    };
    let note = looked_up(address, own).map_or(String::new(), |(figure, label)| {
        let factor = factor(text, &figure).map_or(String::new(), |factor| format!(": {factor}"));
        let title = format!("{label}{factor}");
        format!(" <small class=\"own\" title=\"{}\">{}</small>", escape(&title), escape(&figure))
    });
    format!("{before}{text}{note}{}", woven_line(rest, own))
}

/// The reader's figure of that name, and of which run it is.
fn looked_up(address: &str, own: &Own) -> Option<(String, String)> {
    let names: Vec<_> = address.split('|').map(str::trim).collect();
    let [block, row, column, word @ ..] = &names[..] else { return None };
    // What stands in a subfolder of the recorded run is a run of its own.
    let block = block.split_once(": ").map_or(*block, |(_, block)| block);
    let (label, table) = own.table(block)?;
    let cell = cells::cell(&table, row, column).ok().filter(|cell| *cell != "-")?;
    Some((figure(cell, word).ok()?, label))
}

#[test]
fn numbers_are_compared_and_nothing_else() {
    for (book, own, expected) in [
        ("57,156 ×1.66 (served 1/64)", "114,312", Some("2.00×")),
        ("46.0 ms", "920 µs", Some("0.02×")),
        ("×2", "×3", None),
        ("29 MiB", "58 MiB", Some("2.00×")),
        ("0", "7", None),
        ("1/64", "1/64", None),
        ("1/s = 14,974", "3", None),
        ("-", "-", None),
    ] {
        assert_eq!(factor(book, own).as_deref(), expected, "{book} and {own}");
    }
}

#[test]
fn a_figure_in_a_sentence_has_the_readers_behind_it() {
    let own = Own::read(Some(&bench::results::folder::recorded().unwrap())).unwrap();
    let figure = "<!--= x: users | stage3-epoll | Req/s -->7<!--/-->";
    let text = woven(&format!("{figure} a day, `{figure}`\n```\n{figure}\n```\n"), &own);
    assert!(text.starts_with("7 <small class=\"own\" title=\"your run of "), "{text}");
    assert_eq!((text.matches("<!--=").count(), text.matches("<small").count()), (2, 1), "{text}");
    let nowhere = woven("<!--= users | none | Req/s -->7<!--/-->.", &own);
    assert_eq!(nowhere, "7.");
}
