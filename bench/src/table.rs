//! One table, written for a terminal, a document and a page.

use comfy_table::presets::{NOTHING, UTF8_FULL_CONDENSED};
use comfy_table::{CellAlignment, ContentArrangement};

/// Names stand in the first column, figures in the others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// Names of the columns.
    pub header: Vec<String>,
    /// As many cells each.
    pub rows: Vec<Vec<String>>,
    /// Whether the other columns hold sentences instead of figures.
    pub prose: bool,
}

/// A column: its name, and what stands in it of a row.
pub type Column<'a, R> = (&'a str, &'a dyn Fn(&R) -> String);

impl Table {
    /// A line for each row; `None` without rows.
    pub fn of<R>(rows: impl IntoIterator<Item = R>, columns: &[Column<'_, R>]) -> Option<Self> {
        let cells = |row: R| columns.iter().map(|(_, cell)| cell(&row)).collect();
        let header = columns.iter().map(|(name, _)| *name);
        Self::new(header).filled(rows.into_iter().map(cells).collect())
    }

    /// A table of figures without rows.
    pub fn new<T: Into<String>>(header: impl IntoIterator<Item = T>) -> Self {
        Self { header: header.into_iter().map(Into::into).collect(), ..Self::default() }
    }

    /// The same for sentences.
    pub fn of_prose<T: Into<String>>(header: impl IntoIterator<Item = T>) -> Self {
        Self { prose: true, ..Self::new(header) }
    }

    /// Adds a row: a cell for each column.
    pub fn add<T: Into<String>>(&mut self, cells: impl IntoIterator<Item = T>) {
        self.rows.push(cells.into_iter().map(Into::into).collect());
    }

    /// With these rows; `None` when there are none.
    pub fn filled(self, rows: Vec<Vec<String>>) -> Option<Self> {
        (!rows.is_empty()).then_some(Self { rows, ..self })
    }

    /// For a terminal: figures flush right, as figures are compared; sentences are wrapped.
    pub fn terminal(&self) -> String {
        let mut table = self.drawn(UTF8_FULL_CONDENSED);
        if self.prose {
            let width = crate::terminal::WIDTH as u16;
            table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
        }
        format!("{table}\n")
    }

    /// For a screen that has no space for a frame: a blank before each line, and one between columns.
    pub fn bare(&self) -> String {
        let mut table = self.drawn(NOTHING);
        for column in table.column_iter_mut() {
            column.set_padding((0, 1));
        }
        table.lines().map(|line| format!(" {}\n", line.trim_end())).collect()
    }

    /// In the frame of this preset, with figures flush right.
    fn drawn(&self, preset: &str) -> comfy_table::Table {
        let mut table = comfy_table::Table::new();
        table.load_preset(preset).set_header(&self.header).add_rows(&self.rows);
        // Figures are not wrapped: half a number is none.
        for column in table.column_iter_mut().skip(1).filter(|_| !self.prose) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        table
    }

    /// For a document.
    pub fn markdown(&self) -> String {
        let line = |cells: &[String]| {
            let cells: Vec<_> = cells.iter().map(|cell| cell.replace('|', "\\|")).collect();
            format!("| {} |\n", cells.join(" | "))
        };
        let rule = if self.prose { "---|" } else { "--:|" };
        let mut text = line(&self.header);
        text += &format!("|---|{}\n", rule.repeat(self.header.len() - 1));
        self.rows.iter().for_each(|row| text += &line(row));
        text
    }

    /// For a page. The frame around it scrolls where the window is narrower.
    pub fn html(&self) -> String {
        let line = |tag: &str, cells: &[String]| {
            let cell = |cell: &String| format!("<{tag}>{}</{tag}>", linked(&escape(cell)));
            format!("<tr>{}</tr>\n", cells.iter().map(cell).collect::<String>())
        };
        let rows: String = self.rows.iter().map(|row| line("td", row)).collect();
        let class = if self.prose { " class=\"prose\"" } else { "" };
        format!(
            "<div class=\"scroll\"><table{class}>\n<thead>{}</thead>\n<tbody>{rows}</tbody>\n</table></div>\n",
            line("th", &self.header)
        )
    }
}

/// The cell with `[text](file)`, if it is one, as a link.
fn linked(cell: &str) -> String {
    let link = cell.strip_prefix('[').and_then(|rest| rest.strip_suffix(')')?.split_once("]("));
    link.map_or(cell.to_owned(), |(text, file)| format!("<a href=\"{file}\">{text}</a>"))
}

/// Text as it may stand between tags and in attributes of HTML and SVG.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_stay_cells() {
        let mut table = Table::new(["A", "B"]);
        table.add(["a|b", "<1>"]);
        assert_eq!(table.markdown(), "| A | B |\n|---|--:|\n| a\\|b | <1> |\n");
        assert!(table.html().contains("<td>a|b</td><td>&lt;1&gt;</td>"));
        table.add(["[a]", "[flame graph](profiles/a.svg)"]);
        assert!(
            table
                .html()
                .contains("<td>[a]</td><td><a href=\"profiles/a.svg\">flame graph</a></td>")
        );
        table.rows.pop();
        assert!(table.terminal().contains("│ a|b ┆ <1> │"), "{}", table.terminal());
        assert_eq!(table.bare(), " A     B\n a|b <1>\n");
        assert_eq!(Table::new(["A"]).filled(Vec::new()), None);
    }

    #[test]
    fn sentences_are_wrapped() {
        let mut table = Table::of_prose(["A", "B"]);
        table.add(["a".to_owned(), "word ".repeat(50)]);
        let text = table.terminal();
        assert!(text.lines().all(|line| line.chars().count() <= crate::terminal::WIDTH), "{text}");
    }
}
