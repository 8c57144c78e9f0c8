//! A run's folder, from the run to the report.

#![allow(clippy::unwrap_used)] // clippy allows it in test functions, but not in what they call.

use bench::report::{blocks, page};
use bench::results::{folder, hgrm, source};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn bench(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bench")).args(args).output().unwrap()
}

/// A very short run of the floor, in a folder of the test's own.
fn run(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let out = folder.to_str().unwrap();
    let output =
        bench(&["run", "floor", "-c", "2,3", "-d", "100ms", "--repeat", "2", "--out", out]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && text.contains(out), "{text}");
    folder
}

#[test]
fn a_run_leaves_every_row_and_says_where_and_of_what() {
    let folder = run("rows");
    let results = folder::read(&folder).unwrap();
    assert_eq!((results.schema, results.interrupted, results.rows.len()), (1, false, 8));
    assert_eq!(results.groups().len(), 4);
    assert_eq!(results.source.servers, source::hash(&source::workspace()).unwrap());
    assert!(results.host.cores > 0 && results.command.contains(&"floor".to_owned()));
    for row in &results.rows {
        assert!(row.requests > 0 && row.served > 0 && row.server_cpu_us.is_some(), "{row:?}");
        let points = hgrm::read(&fs::read_to_string(folder.join(&row.hgrm)).unwrap());
        assert!(points.len() > 5 && points.last().unwrap().0 == 1.0);
    }
    let csv = fs::read_to_string(folder.join("results.csv")).unwrap();
    assert_eq!(csv.lines().count(), 1 + results.rows.len());
}

#[test]
fn the_same_results_give_the_same_bytes() {
    let folder = run("bytes");
    let files = || -> Vec<(PathBuf, Vec<u8>)> {
        let page = page::write(&folder).unwrap();
        vec![(page.clone(), fs::read(page).unwrap())]
    };
    assert_eq!(files(), files());
    let results = folder::read(&folder).unwrap();
    let blocks = blocks::of(&results);
    let names: Vec<_> = blocks.iter().map(|block| block.name.as_str()).collect();
    assert_eq!(names, ["origin", "ladder close", "ladder keep-alive", "table floor"]);
    let printed = bench(&["report", folder.to_str().unwrap(), "--print", "ladder close"]);
    assert_eq!(String::from_utf8(printed.stdout).unwrap(), blocks[1].markdown);
}
