//! The recorded runs, with those in their subfolders: small enough for a checkout, and of no one's machine.

use std::fs;
use std::path::{Path, PathBuf};

/// Of all files of a run together.
const LARGEST: u64 = 3_000_000;
/// Where a user's files lie.
const PRIVATE: [&str; 4] = ["/home/", "/root/", "/tmp/", "/Users/"];

/// What strangers should not be given.
fn problems(folder: &Path) -> Vec<String> {
    let (mut problems, mut bytes) = (Vec::new(), 0);
    for file in files(folder) {
        let text = fs::read_to_string(&file).unwrap_or_default();
        bytes += fs::metadata(&file).map_or(0, |file| file.len());
        let found = PRIVATE.iter().find(|name| text.contains(**name));
        problems
            .extend(found.map(|name| format!("{}: it names a folder in {name}", file.display())));
    }
    if bytes > LARGEST {
        problems.push(format!(
            "{}: {bytes} bytes, at most {LARGEST}: remove what no table needs",
            folder.display()
        ));
    }
    problems
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let of = |path: PathBuf| if path.is_dir() { files(&path) } else { vec![path] };
    entries.flat_map(of).collect()
}

#[test]
fn they_are_small_and_name_no_one() {
    let runs = fs::read_dir(crate::root().join("bench/results")).unwrap();
    for run in runs {
        assert_eq!(problems(&run.unwrap().path()), [""; 0]);
    }
}

#[test]
fn a_run_in_a_subfolder_that_is_large_or_names_someone_is_found() {
    let scratch = Path::new(env!("CARGO_TARGET_TMPDIR")).join("recorded");
    let _ = fs::remove_dir_all(&scratch);
    fs::create_dir_all(scratch.join("a/rate")).unwrap();
    fs::write(scratch.join("a/rate/results.json"), "{\"command\": \"/home/me/bench\"}").unwrap();
    fs::File::create(scratch.join("a/rate/large")).unwrap().set_len(LARGEST).unwrap();
    let found = problems(&scratch);
    assert!(
        found.len() == 2 && found[0].contains("/home/") && found[1].contains("bytes"),
        "{found:?}"
    );
}
