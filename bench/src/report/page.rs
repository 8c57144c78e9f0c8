//! `bench report`: tables and pictures from a run's folder, into the same folder.

use super::blocks;
use crate::results::folder;
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
            return Ok(super::print(&format!("Page: {}\n", page.display()))?);
        };
        let results = folder::read(&folder)?;
        if name == "all" {
            return Ok(super::print(&blocks::document(&results))?);
        }
        let blocks = blocks::of(&results);
        let names: Vec<_> = blocks.iter().map(|block| block.name.as_str()).collect();
        match blocks.iter().find(|block| block.name == name) {
            Some(block) => Ok(super::print(&block.markdown)?),
            None => anyhow::bail!("no block `{name}`; there are: {}", names.join(", ")),
        }
    }
}

/// Writes `report.md`; says where.
pub fn write(folder: &Path) -> Result<PathBuf> {
    let results = folder::read(folder)?;
    let page = folder.join("report.md");
    folder::file(&page, &blocks::document(&results))?;
    Ok(page)
}
