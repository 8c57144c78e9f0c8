//! `bench report`: tables and pictures from a run's folder, into the same folder.

use super::{blocks, chart, html};
use crate::results::folder;
use crate::terminal;
use anyhow::Result;
use clap::Args;
use std::path::{Path, PathBuf};

/// What `bench report` takes.
#[derive(Args, Debug)]
pub struct ReportArgs {
    /// A run's folder [default: the last run]
    dir: Option<PathBuf>,
    /// Print one block (such as `ladder close`) instead of writing files; `all` prints all of them
    #[arg(long, value_name = "NAME")]
    print: Option<String>,
}

impl ReportArgs {
    /// Makes the report again: the same results give the same bytes.
    pub fn run(self) -> Result<()> {
        let folder = self.dir.map_or_else(folder::latest, Ok)?;
        let Some(name) = self.print else {
            let page = write(&folder)?;
            return terminal::print(&format!("Page: {}\n", page.display()));
        };
        let results = folder::read(&folder)?;
        if name == "all" {
            return terminal::print(&blocks::document(&results));
        }
        match blocks::find(&results, &name) {
            Some(block) => terminal::print(&block.markdown()),
            None => {
                let names: Vec<_> =
                    blocks::of(&results).into_iter().map(|block| block.name).collect();
                anyhow::bail!("no block `{name}`; there are: {}", names.join(", "))
            }
        }
    }
}

/// Writes `report.html`, `report.md` and `charts/*.svg`; says where the page is.
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
