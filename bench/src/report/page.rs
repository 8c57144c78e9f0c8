//! Tables and pictures of a run, written into its folder.

use super::{blocks, chart, html};
use crate::results::{Results, folder};
use anyhow::{Context, Result};
use std::fs;
use std::path::{Path, PathBuf};

/// Writes `report.html`, `report.md`, `charts/*.svg` and the flame graphs; says where the page is. Of a timeline there are
/// pictures only: says where the first is.
///
/// # Errors
/// When `folder` holds no run, or cannot be written to.
pub fn write(folder: &Path) -> Result<PathBuf> {
    if folder::is_timeline(folder) {
        charts(&Results::default(), folder)?;
        return Ok(folder.join("charts/timeline.svg"));
    }
    let results = folder::read(folder)?;
    charts(&results, folder)?;
    for profile in &results.profiles {
        if let (Some(stacks), Some(flame)) = (&profile.stacks, profile.flame()) {
            let stacks = folder.join(stacks);
            let text = fs::read_to_string(&stacks)
                .with_context(|| format!("cannot read {}", stacks.display()))?;
            let title = format!("{}: where its CPU time goes", profile.target);
            folder::file(&folder.join(flame), &chart::flame::file(&title, &text))?;
        }
    }
    folder::file(&folder.join("report.md"), &blocks::document(&results))?;
    let page = folder.join("report.html");
    folder::file(&page, &html::of(&results, folder))?;
    Ok(page)
}

fn charts(results: &Results, folder: &Path) -> Result<()> {
    for chart in chart::of(results, folder) {
        let path = folder.join("charts").join(format!("{}.svg", chart.name));
        folder::file(&path, &chart.file())?;
    }
    Ok(())
}
