//! Recorded runs that tables and figures are taken from: each is read once.

use bench::report::blocks::{self, Block};
use bench::results::folder;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex};

static READ: LazyLock<Mutex<HashMap<PathBuf, Arc<Vec<Block>>>>> = LazyLock::new(Mutex::default);

/// All that the run in `folder` has to show.
pub(crate) fn blocks(folder: &Path) -> Result<Arc<Vec<Block>>, String> {
    let mut read = READ.lock().expect("no test panics here");
    if let Some(blocks) = read.get(folder) {
        return Ok(Arc::clone(blocks));
    }
    let results = folder::read(folder).map_err(|error| format!("{error:#}"))?;
    let blocks = Arc::new(blocks::of(&results));
    read.insert(folder.to_owned(), Arc::clone(&blocks));
    Ok(blocks)
}

/// The block `name` of a run, or what blocks there are.
pub(crate) fn block(folder: &Path, name: &str) -> Result<Block, String> {
    let blocks = blocks(folder)?;
    let found = blocks.iter().find(|block| block.name == name);
    found.cloned().ok_or_else(|| {
        let names: Vec<_> = blocks.iter().map(|block| block.name.as_str()).collect();
        format!("that run has no block `{name}`, but: {}", names.join(", "))
    })
}
