//! What is printed of a run that was made.

use crate::experiments::record::Finished;
use crate::report::chart::{self, Chart};
use crate::report::{blocks, page};
use crate::results::{folder, trace};
use crate::terminal;
use anyhow::{Context, Result, bail};
use std::env;
use std::path::Path;

/// Prints what a run measured, and makes its page. A server that failed is an error then.
pub(super) fn finished(run: &Finished) -> Result<()> {
    terminal::print(&blocks::terminal(&run.results))?;
    written(&run.folder)?;
    run.check()
}

/// Makes the page of a run, and says where it is.
pub(super) fn written(folder: &Path) -> Result<()> {
    let page = page::write(folder)?;
    // The shorter name, where the folder is below the current one.
    let here = env::current_dir().unwrap_or_default();
    let [folder, page] = [folder, &page].map(|path| path.strip_prefix(&here).unwrap_or(path));
    terminal::print(&format!("\nResults: {}  Page: {}\n", folder.display(), page.display()))
}

/// Draws the traces in `folder`, and says where the picture of all stages is; that of each lies beside it.
pub(super) fn drawn(folder: &Path, text: &str) -> Result<()> {
    let charts = chart::timeline::of_folder(folder);
    let Some(first) = charts.first() else { bail!("nothing was recorded") };
    let place = folder.join("charts");
    let file = |chart: &Chart| place.join(format!("{}.svg", chart.name));
    for chart in &charts {
        folder::file(&file(chart), &chart.file()).context("the picture of a timeline")?;
    }
    let traces = folder.join(trace::FOLDER);
    terminal::print(&format!(
        "{text}\nPicture: {}\nTraces:  {}/*.json, for ui.perfetto.dev\n",
        file(first).display(),
        traces.display()
    ))
}
