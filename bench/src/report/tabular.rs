//! A table that can be written in more than one way.

use super::chart::svg::escape;

/// Names stand in the first column, figures in the others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tabular {
    /// Names of the columns.
    pub header: Vec<String>,
    /// As many cells each.
    pub rows: Vec<Vec<String>>,
    /// Whether the other columns hold sentences instead.
    pub prose: bool,
}

impl Tabular {
    /// `None` when it would have no rows.
    pub fn new(header: Vec<String>, rows: Vec<Vec<String>>) -> Option<Self> {
        (!rows.is_empty()).then_some(Self { header, rows, prose: false })
    }

    /// For a document.
    pub fn markdown(&self) -> String {
        let line = |cells: &[String]| {
            let cells: Vec<_> = cells.iter().map(|cell| cell.replace('|', "\\|")).collect();
            format!("| {} |\n", cells.join(" | "))
        };
        let mut text = line(&self.header);
        let rule = if self.prose { "---|" } else { "--:|" };
        text += &format!("|---|{}\n", rule.repeat(self.header.len() - 1));
        self.rows.iter().for_each(|row| text += &line(row));
        text
    }

    /// For a page. The frame around it scrolls where the window is narrower.
    pub fn html(&self) -> String {
        let line = |tag: &str, cells: &[String]| {
            let cells: String =
                cells.iter().map(|cell| format!("<{tag}>{}</{tag}>", escape(cell))).collect();
            format!("<tr>{cells}</tr>\n")
        };
        let rows: String = self.rows.iter().map(|row| line("td", row)).collect();
        let class = if self.prose { " class=\"prose\"" } else { "" };
        format!(
            "<div class=\"scroll\"><table{class}>\n<thead>{}</thead>\n<tbody>{rows}</tbody>\n</table></div>\n",
            line("th", &self.header)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_stay_cells() {
        let table =
            Tabular::new(vec!["A".into(), "B".into()], vec![vec!["a|b".into(), "<1>".into()]]);
        let table = table.unwrap();
        assert_eq!(table.markdown(), "| A | B |\n|---|--:|\n| a\\|b | <1> |\n");
        assert!(table.html().contains("<td>a|b</td><td>&lt;1&gt;</td>"));
        assert_eq!(Tabular::new(vec!["A".into()], Vec::new()), None);
    }
}
