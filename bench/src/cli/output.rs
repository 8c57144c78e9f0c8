//! What is printed of a run that was made.

use crate::experiments::record::Finished;
use crate::report::{blocks, page};
use crate::results::trace;
use crate::terminal;
use anyhow::Result;
use std::env;
use std::path::{Path, PathBuf};

/// Prints what a run measured, and makes its page. A server that failed is an error then.
pub(super) fn finished(run: Finished) -> Result<()> {
    terminal::print(&blocks::terminal(&run.results))?;
    let failed = run.check();
    written(run.folder)?;
    failed
}

/// Makes the page of a run, and says where it is.
pub(super) fn written(folder: Result<PathBuf>) -> Result<()> {
    let folder = folder?;
    let page = page::write(&folder)?;
    // The shorter name, where the folder is below the current one.
    let here = env::current_dir().unwrap_or_default();
    let [folder, page] = [&folder, &page].map(|path| path.strip_prefix(&here).unwrap_or(path));
    terminal::print(&format!("\nResults: {}  Page: {}\n", folder.display(), page.display()))
}

/// Draws the traces in `folder`, and says where the picture of all stages is; that of each lies beside it.
pub(super) fn drawn(folder: &Path, text: &str) -> Result<()> {
    page::write(folder)?;
    let (charts, traces) = (folder.join("charts"), folder.join(trace::FOLDER));
    terminal::print(&format!(
        "{text}\nPicture: {}/timeline.svg\nTraces:  {}/*.json, for ui.perfetto.dev\n",
        charts.display(),
        traces.display()
    ))
}
