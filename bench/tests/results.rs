//! A run's folder, from the run to the report.

#![allow(clippy::unwrap_used)] // clippy allows it in test functions, but not in what they call.

use bench::report::{blocks, page};
use bench::results::{Part, folder, source};
use bench::workspace;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

fn bench(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bench")).args(args).output().unwrap()
}

/// A folder that is not there yet.
fn fresh(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    folder
}

/// A very short run of the null server, which tests only read, and what it printed. How long its windows must be for a
/// response in each is a matter of the machine.
static RUN: LazyLock<(PathBuf, Output)> = LazyLock::new(|| {
    let folder = fresh("run");
    let out = folder.to_str().unwrap();
    let run = |window| {
        let _ = fs::remove_dir_all(&folder);
        let output =
            bench(&["run", "floor", "-c", "2,3", "-d", window, "--repeat", "2", "--out", out]);
        assert!(output.status.success(), "{output:?}");
        let rows = folder::read(&folder).unwrap().rows;
        rows.iter().all(|row| row.load.requests > 0).then_some(output)
    };
    let output = ["100ms", "1s", "10s"].into_iter().find_map(run).unwrap();
    (folder, output)
});

#[test]
fn a_run_prints_a_table_and_both_ladders_and_where_its_folder_is() {
    let (folder, output) = &*RUN;
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("2/2") && text.contains("3/3") && !text.contains("INTERRUPTED"));
    assert_eq!(text.matches("The ladder").count(), 2);
    assert!(text.contains(folder.to_str().unwrap()), "{text}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("this takes about"));
}

#[test]
fn a_run_leaves_every_row_and_says_where_and_of_what() {
    let (folder, _) = &*RUN;
    let results = folder::read(folder).unwrap();
    assert_eq!((results.schema, results.interrupted, results.rows.len()), (1, false, 8));
    assert_eq!(results.groups().len(), 4);
    assert_eq!(results.source.servers, source::hash(&workspace::root()).unwrap());
    assert!(results.host.cores > 0 && results.command.contains(&"floor".to_owned()));
    for row in &results.rows {
        assert!(
            row.load.requests > 0 && row.load.served > 0 && row.server_cpu_us.is_some(),
            "{row:?}"
        );
        let percentiles = fs::read_to_string(folder.join(&row.hgrm)).unwrap();
        let count = format!("Total count    = {:>12}]", row.load.requests);
        assert!(percentiles.contains(&count), "{percentiles}");
    }
    let csv = fs::read_to_string(folder.join("results.csv")).unwrap();
    assert_eq!(csv.lines().count(), 1 + results.rows.len());
}

#[test]
fn the_page_needs_nothing_else_and_has_every_chart() {
    let (folder, _) = &*RUN;
    let files = page::files(folder).unwrap();
    let page = &files.last().unwrap().1;
    // Percentiles need many answers, and how many come is a matter of speed.
    for mode in ["close", "keep-alive"] {
        let name = format!("charts/rps-{mode}.svg");
        assert!(files.iter().any(|(file, _)| *file == name), "{name}");
    }
    assert_eq!(page.matches("<svg ").count(), files.len() - 2);
    // Namespaces are names, not addresses; nothing else may lead elsewhere.
    let elsewhere = page.replace("http://www.w3.org/2000/svg", "");
    for word in ["http:", "https:", "<script", "src=", "url("] {
        assert!(!elsewhere.contains(word), "{word}");
    }
    let again = bench(&["report", folder.to_str().unwrap()]);
    let text = String::from_utf8(again.stdout).unwrap();
    assert!(text.starts_with(&blocks::terminal(&folder::read(folder).unwrap())), "{text}");
    assert_eq!(fs::read(folder.join("report.html")).unwrap(), page.as_bytes());
}

#[test]
fn a_run_is_the_same_as_itself_and_its_claims_are_judged() {
    let (folder, _) = &*RUN;
    let path = folder.to_str().unwrap();
    let compared = bench(&["compare", path, path]);
    let text = String::from_utf8(compared.stdout).unwrap();
    assert!(compared.status.success() && text.contains("×1.00") && !text.contains("differs"));
    // The null server alone shows nothing of any stage, and the command says so.
    let claims = bench(&["claims", path]);
    let text = String::from_utf8(claims.stdout).unwrap();
    assert!(text.contains("no row of stage1-blocking") && text.contains("0 held, 0 did not hold"));
    assert!(text.ends_with("or make one: bench run -c 50,200 --quick --repeat 5\n"), "{text}");
    assert_eq!(claims.status.code(), Some(0));
}

#[test]
fn a_constant_rate_and_an_explanation_leave_a_folder_too() {
    let rate = fresh("rate");
    let out = rate.to_str().unwrap();
    let output = bench(&["rate", "floor", "-R", "500", "-c", "2", "-d", "200ms", "--out", out]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && text.contains(out), "{text}");
    let row = &folder::read(&rate).unwrap().rows[0];
    assert_eq!((row.part, row.noted("target_rps")), (Part::Rate, Some(500.0)));
    let page = fs::read_to_string(rate.join("report.html")).unwrap();
    assert!(page.contains("<h2>The same rate for all") && !page.contains("closed loop"));

    let explained = fresh("explained");
    let out = explained.to_str().unwrap();
    let output = bench(&["explain", "floor", "-c", "2", "-d", "200ms", "--out", out]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && text.contains(out), "{text}");
    let kept = fs::read_to_string(explained.join("explain.txt")).unwrap();
    assert!(text.contains(&kept) && kept.contains("Bottleneck"), "{kept}");
    assert_eq!(folder::read(&explained).unwrap().rows[0].target, "floor");
}

#[test]
fn on_a_full_disk_what_was_measured_is_printed_and_nothing_is_left_that_looks_like_a_run() {
    let folder = fresh("full");
    // A file may have 512 bytes, and writing more is an error instead of a signal: as if the disk were full.
    let line = "trap '' XFSZ; ulimit -f 1; exec \"$@\"";
    let args = ["run", "floor", "-c", "2", "-d", "100ms", "--no-profile", "--out"];
    let mut bench = Command::new("sh");
    bench.args(["-c", line, "sh", env!("CARGO_BIN_EXE_bench")]).args(args).arg(&folder);
    let output = bench.output().unwrap();
    let [text, error] =
        [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(text.contains("The ladder") && error.contains("cannot write"), "{text}{error}");
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
}
