//! Tables and pictures of a run, written into its folder.

use super::{blocks, chart, html};
use crate::results::folder;
use anyhow::Result;
use std::path::{Path, PathBuf};

/// Writes `report.html`, `report.md` and `charts/*.svg`; says where the page is.
///
/// # Errors
/// When `folder` holds no run, or cannot be written to.
pub fn write(folder: &Path) -> Result<PathBuf> {
    let results = folder::read(folder)?;
    for chart in chart::of(&results, folder) {
        let path = folder.join("charts").join(format!("{}.svg", chart.name));
        folder::file(&path, &chart.file())?;
    }
    folder::file(&folder.join("report.md"), &blocks::document(&results))?;
    let page = folder.join("report.html");
    folder::file(&page, &html::of(&results, folder))?;
    Ok(page)
}
