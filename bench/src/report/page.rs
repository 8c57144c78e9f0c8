//! Tables and pictures of a run, written into its folder.

use super::{blocks, chart, html};
use crate::results::{Results, folder};
use anyhow::{Context, Result};
use std::fs;
use std::path::{Path, PathBuf};

/// The page of a run.
pub const PAGE: &str = "report.html";

/// All that a report of the run in `folder` consists of: files by their names there, with their texts. `charts/*.svg`, the
/// flame graphs, `report.md` and [`PAGE`]; of a timeline, charts only.
///
/// # Errors
/// When `folder` holds no run, or a file of it cannot be read.
pub fn files(folder: &Path) -> Result<Vec<(String, String)>> {
    let is_run = !folder::is_timeline(folder);
    let results = if is_run { folder::read(folder)? } else { Results::default() };
    let charts = chart::of(&results, folder).into_iter();
    let mut files: Vec<_> =
        charts.map(|chart| (format!("charts/{}.svg", chart.name), chart.file())).collect();
    for profile in &results.profiles {
        if let (Some(stacks), Some(flame)) = (&profile.stacks, profile.flame()) {
            let stacks = folder.join(stacks);
            let text = fs::read_to_string(&stacks)
                .with_context(|| format!("cannot read {}", stacks.display()))?;
            let title = format!("{}: where its CPU time goes", profile.target);
            files.push((flame, chart::flame::file(&title, &text)));
        }
    }
    if is_run {
        files.push(("report.md".to_owned(), blocks::document(&results)));
        files.push((PAGE.to_owned(), html::of(&results, folder)));
    }
    Ok(files)
}

/// Writes all [`files`], and says where the page is; of a timeline, where the picture of all stages is.
///
/// # Errors
/// When `folder` holds no run, or cannot be written to.
pub fn write(folder: &Path) -> Result<PathBuf> {
    for (name, text) in files(folder)? {
        folder::file(&folder.join(name), &text)?;
    }
    Ok(folder.join(if folder::is_timeline(folder) { "charts/timeline.svg" } else { PAGE }))
}
