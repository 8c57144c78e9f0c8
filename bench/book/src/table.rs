//! A table in a box that scrolls where the window is narrower.

use crate::beside;
use crate::cells;
use crate::events::{rendered, text};
use bench::table::Table;
use pulldown_cmark::{Alignment, Event, Tag, TagEnd};

/// HTML of the table, and whether the reader's own has any of its cells.
pub(crate) fn html(
    columns: &[Alignment],
    events: Vec<Event>,
    own: Option<&Table>,
) -> (String, bool) {
    let (cells, texts) = rows(events);
    let names = beside::name_cells(texts.get(1..).unwrap_or_default());
    let is_figure = |at: usize| columns.get(at) == Some(&Alignment::Right);
    let (mut html, mut has_own) = (String::new(), false);
    for (number, row) in cells.iter().enumerate() {
        html += "<tr>";
        for (at, cell) in row.iter().enumerate() {
            let tag = if number == 0 { "th" } else { "td" };
            let class = if is_figure(at) { " class=\"figure\"" } else { "" };
            let row = texts[number][..names.min(row.len())].join(" / ");
            let own = own.filter(|_| number > 0 && at >= names);
            let own = own.and_then(|own| cells::cell(own, &row, &texts[0][at]).ok());
            has_own |= own.is_some();
            let note = own.map_or(String::new(), |own| beside::note(&texts[number][at], own));
            html += &format!("<{tag}{class}>{cell}{note}</{tag}>");
        }
        html += "</tr>\n";
    }
    let class = if columns.contains(&Alignment::Right) { "figures" } else { "prose" };
    (format!("<div class=\"scroll\"><table class=\"{class}\">\n{html}</table></div>\n"), has_own)
}

/// The cells as HTML, and as text.
fn rows(events: Vec<Event>) -> (Vec<Vec<String>>, Vec<Vec<String>>) {
    let (mut cells, mut texts, mut cell) = (vec![], vec![], vec![]);
    for event in events {
        match event {
            Event::Start(Tag::TableHead | Tag::TableRow) => {
                cells.push(vec![]);
                texts.push(vec![]);
            }
            Event::End(TagEnd::TableCell) => {
                texts.last_mut().into_iter().for_each(|row| row.push(text(&cell)));
                let html = rendered(std::mem::take(&mut cell));
                cells.last_mut().into_iter().for_each(|row| row.push(html.clone()));
            }
            Event::Start(Tag::TableCell) => cell.clear(),
            event => cell.push(event),
        }
    }
    (cells, texts)
}
