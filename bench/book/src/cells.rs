//! A cell of a table by the names of its row and its column, and the figure in it.
//!
//! A row is called by its first cell, or the beginning of that, or its first two cells as `a / b`. What a cell adds to its
//! figure, a factor or a remark in brackets, stays away; asked for a word by its number, it gives that instead.

use bench::table::Table;

/// The cell in a row and a column.
///
/// # Errors
/// What there is instead.
pub(crate) fn cell<'a>(table: &'a Table, row: &str, column: &str) -> Result<&'a str, String> {
    let places: Vec<_> = (0..table.header.len()).filter(|at| table.header[*at] == column).collect();
    match places[..] {
        [place] => Ok(&table.rows[row_called(table, row)?][place]),
        [] => Err(format!("there is no column `{column}`, but: {}", table.header.join(", "))),
        _ => Err(format!("more than one column is called `{column}`")),
    }
}

/// Whether a row, by its cells, is the one that is asked for.
type IsCalled<'a> = &'a dyn Fn(&[String]) -> bool;

/// The row that is called so by its first two cells, else by its first, else by the beginning of that.
fn row_called(table: &Table, asked: &str) -> Result<usize, String> {
    let pair = |cells: &[String]| cells[..2.min(cells.len())].join(" / ");
    let begins = format!("{asked} ");
    let ways: [IsCalled<'_>; 3] =
        [&|cells| pair(cells) == asked, &|cells| cells[0] == asked, &|cells| {
            cells[0].starts_with(&begins)
        }];
    for way in ways {
        let places: Vec<_> = (0..table.rows.len()).filter(|at| way(&table.rows[*at])).collect();
        match places[..] {
            [] => {}
            [place] => return Ok(place),
            _ => {
                let pairs: Vec<_> = places.iter().map(|at| pair(&table.rows[*at])).collect();
                return Err(format!("more than one row is called `{asked}`: {}", pairs.join(", ")));
            }
        }
    }
    let mut names: Vec<_> = table.rows.iter().map(|cells| cells[0].as_str()).collect();
    names.dedup();
    Err(format!("there is no row `{asked}`, but: {}", names.join(", ")))
}

/// The cell's figure, or the word of it that was asked for.
///
/// # Errors
/// When the cell has no such word.
pub(crate) fn figure(cell: &str, word: &[&str]) -> Result<String, String> {
    let Some(word) = word.first() else {
        let end = [" (", " ×"].iter().filter_map(|mark| cell.find(mark)).min();
        let is_figure = cell.starts_with(|first: char| first.is_ascii_digit());
        return Ok(end.filter(|_| is_figure).map_or(cell, |end| &cell[..end]).to_owned());
    };
    let number = word.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
    let word = number.and_then(|number| cell.split_whitespace().nth(number));
    let word = word.ok_or_else(|| format!("say which word of the cell `{cell}`, from 1"))?;
    Ok(word.trim_matches(['(', ')', ',']).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_names_several_cells_or_none_is_told() {
        let mut table = Table::new(["Connection", "Connections", "Req/s", "Req/s"]);
        table.add(["close", "50", "1", "2"]);
        table.add(["close", "200", "3", "4"]);
        let of = |row, column| cell(&table, row, column);
        assert_eq!(of("close / 200", "Connections"), Ok("200"));
        assert!(of("close", "Connections").unwrap_err().contains("close / 50, close / 200"));
        assert!(of("close / 50", "Req/s").unwrap_err().contains("more than one column"));
        assert!(figure("57,156 ×1.66 (served 1/64)", &["9"]).unwrap_err().contains("which word"));
    }
}
