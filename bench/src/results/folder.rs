//! The folder of a run.

use super::anonymous::anonymous;
use super::{Results, SCHEMA, csv, hgrm, trace};
use crate::numbers::counted;
use crate::workspace;
use anyhow::{Context, Result, ensure};
use hdrhistogram::Histogram;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// What everything else is made from.
const FILE: &str = "results.json";

/// Writes `results`, and one percentile file per row, to `folder`, which is made if it is not there.
/// `latencies` are of the rows, in their order.
///
/// # Errors
/// When a file cannot be written.
pub fn write(folder: &Path, results: &Results, latencies: &[Histogram<u64>]) -> Result<()> {
    // A line for each row. Inside of a JSON string the quotation marks would be escaped.
    let text = serde_json::to_string(results)?.replace("{\"target\":", "\n{\"target\":");
    file(&folder.join(FILE), &(text + "\n"))?;
    file(&folder.join("results.csv"), &csv::write(&results.rows))?;
    for (row, latency) in results.rows.iter().zip(latencies) {
        file(&folder.join(&row.hgrm), &hgrm::write(latency))?;
    }
    Ok(())
}

/// Makes a folder for a run, and says at once if that cannot be: not after minutes of measuring. One that
/// holds a run already is refused: measurements are not overwritten.
///
/// # Errors
/// When it holds a run, or cannot be written to.
pub fn make(folder: &Path) -> Result<()> {
    ensure!(
        !folder.join(FILE).exists(),
        "there is a run in {} already; choose another folder: --out DIR",
        folder.display()
    );
    // Creating a folder that exists says nothing about writing to it.
    let made = || fs::create_dir_all(folder).and_then(|()| fs::write(folder.join(".begun"), ""));
    made().with_context(|| {
        format!("cannot write to {}; choose another folder: --out DIR", folder.display())
    })?;
    fs::remove_file(folder.join(".begun")).context("the folder of the run changes meanwhile")
}

/// Writes one file, and the folders above it. The text does not name the user or the machine ([`anonymous`]). The file is
/// there when it is whole: half of a run would be taken for one.
///
/// # Errors
/// When it cannot be written; the error names it.
pub fn file(path: &Path, text: &str) -> Result<()> {
    let part = path.with_extension("part");
    let write = || {
        fs::create_dir_all(path.parent().unwrap_or(path))?;
        fs::write(&part, anonymous(text))?;
        fs::rename(&part, path)
    };
    let written = write().inspect_err(|_| drop(fs::remove_file(&part)));
    written.with_context(|| format!("cannot write {}", path.display()))
}

/// Reads a run back.
///
/// # Errors
/// When it holds no run, or a run of a newer bench.
pub fn read(folder: &Path) -> Result<Results> {
    let path = folder.join(FILE);
    let text = fs::read_to_string(&path)
        .with_context(|| format!("cannot read {}; is it the folder of a run?", path.display()))?;
    let results: Results = serde_json::from_str(&text)
        .with_context(|| format!("{} is not what `bench run` writes", path.display()))?;
    ensure!(results.schema > 0, "{} is not what `bench run` writes: no schema", path.display());
    ensure!(
        results.schema <= SCHEMA,
        "{} has schema {} and this bench knows {SCHEMA}; build a newer one",
        path.display(),
        results.schema
    );
    Ok(results)
}

/// Whether a folder holds traces and no run: what `bench timeline` leaves.
pub fn is_timeline(folder: &Path) -> bool {
    folder.join(trace::FOLDER).is_dir() && !folder.join(FILE).exists()
}

/// Where a run goes that was not told where: `<date>-<cores>-cores`, and a number if there is one already.
pub fn fresh(results: &Results) -> PathBuf {
    let name =
        format!("{}-{}", results.day(), counted(results.host.cores, "core").replace(' ', "-"));
    let numbered = (2..).map(|number| format!("{name}-{number}"));
    let names = std::iter::once(name.clone()).chain(numbered);
    let mut folders = names.map(|name| default_place().join(name));
    folders.find(|folder| !folder.exists()).unwrap_or_default()
}

/// The run that was written last in the default place.
///
/// # Errors
/// When there is none.
pub fn latest() -> Result<PathBuf> {
    let place = default_place();
    let written = |folder: &Path| fs::metadata(folder.join(FILE)).and_then(|file| file.modified());
    last(&place, |folder| written(folder).ok())
        .with_context(|| format!("no run in {}; make one: bench run", place.display()))
}

/// The last of the recorded runs, by the day in its name: a checkout gives all files the same age.
///
/// # Errors
/// When there is none.
pub fn recorded() -> Result<PathBuf> {
    let place = workspace::root().join("bench/results");
    last(&place, |folder| Some(folder.file_name()?.to_owned()))
        .with_context(|| format!("no recorded run in {}; name a folder", place.display()))
}

/// The last of the runs in `place`, in the order of `key`.
fn last<K: Ord>(place: &Path, key: impl Fn(&Path) -> Option<K>) -> Option<PathBuf> {
    let entries = fs::read_dir(place).into_iter().flatten().flatten().map(|entry| entry.path());
    let runs = entries.filter(|folder| folder.join(FILE).exists());
    let (_, folder) = runs.filter_map(|folder| Some((key(&folder)?, folder))).max()?;
    Some(folder)
}

/// Where runs go: beside what cargo builds, so that `cargo clean` and `.gitignore` know it.
pub fn default_place() -> PathBuf {
    let root = workspace::root();
    let target = env::var_os("CARGO_TARGET_DIR").map_or("target".into(), PathBuf::from);
    // A path that is absolute already stays as it is.
    let place = if root.exists() { root.join(target) } else { "target".into() };
    place.join("bench")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::Sample;

    #[test]
    fn a_run_is_read_back_as_it_was_written_and_a_newer_one_refused() {
        let folder = env::temp_dir().join(format!("bench-folder-{}", std::process::id()));
        let rows = vec![Sample { hgrm: "hgrm/x-0.hgrm".to_owned(), ..Sample::default() }];
        let mut results = Results { schema: SCHEMA, rows, ..Results::default() };
        write(&folder, &results, &[]).unwrap();
        assert_eq!(read(&folder).unwrap(), results);
        assert!(make(&folder).unwrap_err().to_string().contains("choose another folder"));
        results.schema = SCHEMA + 1;
        write(&folder, &results, &[]).unwrap();
        assert!(read(&folder).unwrap_err().to_string().contains("build a newer one"));
        // Of any other JSON object every field would be its default.
        fs::write(folder.join(FILE), "{}").unwrap();
        assert!(read(&folder).unwrap_err().to_string().contains("not what `bench run` writes"));
        fs::remove_dir_all(&folder).unwrap();
        assert!(read(&folder).unwrap_err().to_string().contains("the folder of a run"));
    }

    #[test]
    fn a_fresh_folder_has_the_day_and_the_machine() {
        let mut results =
            Results { began: "1999-01-02T03:04:05Z".to_owned(), ..Results::default() };
        results.host.cores = 8;
        assert!(fresh(&results).ends_with("bench/1999-01-02-8-cores"));
    }
}
