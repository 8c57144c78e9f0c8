//! The recorded runs, with those in their subfolders: their reports are what this program makes of them, and they are small
//! enough for a checkout, and of no one's machine.
//!
//! So every table, sentence and picture is tested on figures that were measured. A change of one shows as a difference of
//! these files, which `BOOK_REFRESH=1` writes anew.

use bench::report::{blocks, chart, page};
use bench::results::{Figures, anonymous, csv, folder};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// Of all files of a run together.
const LARGEST: u64 = 3_000_000;
/// Where a user's files lie.
const PRIVATE: [&str; 4] = ["/home/", "/root/", "/tmp/", "/Users/"];

/// All files of all runs, as they stand, or as a refresh has left them.
pub(crate) static FILES: LazyLock<Vec<PathBuf>> = LazyLock::new(|| {
    let files = files(&crate::root().join("bench/results"));
    if std::env::var_os("BOOK_REFRESH").is_some() {
        runs(&files).for_each(|run| drop(page::write(run).unwrap()));
        runs(&files).for_each(|run| drop(fs::remove_file(run.join(page::PAGE))));
    }
    files
});

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let of = |path: PathBuf| if path.is_dir() { files(&path) } else { vec![path] };
    entries.flat_map(of).collect()
}

/// The folders of runs, and of timelines by the trace of their first stage.
fn runs(files: &[PathBuf]) -> impl Iterator<Item = &Path> {
    files.iter().filter_map(|file| match file {
        _ if file.ends_with("results.json") => file.parent(),
        _ if file.ends_with("traces/stage1-blocking.json") => file.parent()?.parent(),
        _ => None,
    })
}

#[test]
fn their_reports_are_what_this_program_makes_of_them() {
    let mut stale = Vec::new();
    for run in runs(&FILES) {
        let mut made = page::files(run).unwrap();
        made.retain(|(name, _)| name != page::PAGE);
        if let Ok(results) = folder::read(run) {
            made.push(("results.csv".to_owned(), csv::write(&results.rows)));
        }
        let is_stale = |(name, text): &(String, String)| {
            fs::read_to_string(run.join(name)).ok() != Some(anonymous::anonymous(text))
        };
        stale.extend(made.into_iter().filter(is_stale).map(|(name, _)| run.join(name)));
    }
    let remedy = "`BOOK_REFRESH=1 cargo test -p bench --test book` writes them anew";
    assert_eq!(stale, [""; 0].map(PathBuf::from), "{remedy}");
}

/// Of a machine without perf and without /proc, and with servers that answered nothing.
#[test]
fn what_a_run_does_not_know_is_a_dash() {
    for run in runs(&FILES) {
        let Ok(mut results) = folder::read(run) else { continue };
        results.profiles.clear();
        for row in &mut results.rows {
            (row.server_cpu_us, row.client_cpu_us) = (None, None);
            row.evidence.clear();
            let Figures { served, seconds, .. } = row.load;
            row.load = Figures { served, seconds, ..Figures::default() };
        }
        let pictures = chart::of(&results, run).into_iter().map(|chart| chart.drawing);
        let texts = [blocks::document(&results), blocks::terminal(&results)];
        for text in pictures.chain(texts) {
            assert!(!text.contains("NaN"), "{}: a figure that is none", run.display());
        }
        if let Some(card) = blocks::find(&results, "card stage1-blocking") {
            let dashes = "| Limit | - |\n| Served | 1/1000 |\n| Busy cores | - |";
            assert!(card.markdown().contains(dashes), "{}", card.markdown());
        }
    }
}

#[test]
fn they_are_small_and_name_no_one() {
    for run in fs::read_dir(crate::root().join("bench/results")).unwrap() {
        let run = run.unwrap().path();
        let own: Vec<_> = FILES.iter().filter(|file| file.starts_with(&run)).collect();
        let bytes: u64 = own.iter().map(|file| fs::metadata(file).unwrap().len()).sum();
        assert!(bytes <= LARGEST, "{bytes} bytes: remove what no table needs");
        for file in own {
            let text = fs::read_to_string(file).unwrap();
            let found = PRIVATE.iter().find(|name| text.contains(**name));
            assert_eq!(found, None, "{}", file.display());
        }
    }
}
