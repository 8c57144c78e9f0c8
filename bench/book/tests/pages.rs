//! The pages as a reader opens them, without and with a run of the reader's own.

#![allow(clippy::unwrap_used)] // clippy allows it in test functions, but not in what they call.

use bench::results::folder;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn fresh(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    folder
}

/// Runs the program where no runs of anybody lie about.
fn book(out: &Path, run: Option<&Path>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bench-book"));
    command.env("CARGO_TARGET_DIR", fresh("no-runs")).arg("--out").arg(out).args(run);
    command.output().unwrap()
}

/// The pages in a folder, by their names.
fn pages(out: &Path, run: Option<&Path>) -> BTreeMap<String, String> {
    let output = book(out, run);
    assert!(output.status.success(), "{output:?}");
    let files = fs::read_dir(out).unwrap().map(|entry| entry.unwrap().path());
    let name = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().to_owned();
    let pages = files.filter(|path| path.extension().unwrap() == "html");
    pages.map(|path| (name(&path), fs::read_to_string(path).unwrap())).collect()
}

/// All values of an attribute.
fn values<'a>(page: &'a str, attribute: &str) -> Vec<&'a str> {
    let begin = format!(" {attribute}=\"");
    page.split(begin.as_str()).skip(1).map(|rest| rest.split('"').next().unwrap()).collect()
}

/// The recorded run with every figure of a trial doubled.
fn doubled() -> PathBuf {
    let mut results = folder::read(&folder::recorded().unwrap()).unwrap();
    for row in &mut results.rows {
        row.load.rps *= 2.0;
        row.server_cpu_us = row.server_cpu_us.map(|cpu| cpu * 2.0);
    }
    let folder = fresh("doubled");
    folder::write(&folder, &results, &[]).unwrap();
    folder
}

#[test]
fn every_chapter_has_its_page_and_every_link_leads_somewhere() {
    let out = fresh("pages");
    let pages = pages(&out, None);
    let anchors: BTreeMap<_, BTreeSet<_>> = pages
        .iter()
        .map(|(name, page)| (name.as_str(), values(page, "id").into_iter().collect()))
        .collect();
    let text = fs::read_to_string(bench::workspace::root().join("BOOK.md")).unwrap();
    let lines = |begin: &str| text.lines().filter(|line| line.starts_with(begin)).count();
    // Besides the chapters: what stands before them, all of them, and the claims.
    assert_eq!(pages.len(), lines("## ") + 3, "{:?}", pages.keys());
    for (name, page) in &pages {
        assert_eq!(values(page, "id").len(), anchors[&**name].len(), "{name}: an anchor twice");
        assert!(!page.contains("<!--") && !page.contains("<img"), "{name}");
        let loaded = ["src", "data", "srcset"].map(|attribute| values(page, attribute)).concat();
        assert_eq!(loaded, [""; 0], "{name}");
        for link in values(page, "href").into_iter().filter(|link| !link.starts_with("https://")) {
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let file = if file.is_empty() { name } else { file };
            assert!(link == "data:," || out.join(file).exists(), "{name}: {link}");
            let known = anchors.get(file).is_some_and(|anchors| anchors.contains(anchor));
            assert!(anchor.is_empty() || known, "{name}: {link}");
        }
    }
    for table in pages["whole.html"].split("<table").skip(1) {
        let table = table.split("</table>").next().unwrap();
        let rows = table.split("<tr>").skip(1);
        let cells: BTreeSet<_> =
            rows.map(|row| row.matches("</td>").count() + row.matches("</th>").count()).collect();
        assert_eq!(cells.len(), 1, "{table}");
        assert_eq!(table.matches("</tr>").count(), table.matches("<tr>").count(), "{table}");
    }
    let css = fs::read_to_string(out.join("book.css")).unwrap();
    assert!(!css.contains("url(") && !css.contains("@import"));
    let whole = &pages["whole.html"];
    assert_eq!(whole.matches("<figcaption><a href=").count(), lines("<!-- listing: "));
    assert_eq!(whole.matches("<svg ").count(), lines("!["));
    assert!(pages["index.html"].contains("<code>cargo run --release -p bench</code>"));
}

#[test]
fn a_run_of_the_readers_stands_beside_the_books_with_its_factor() {
    let pages = pages(&fresh("beside"), Some(&doubled()));
    let whole = &pages["whole.html"];
    let rows = whole.split("<tr><td>stage3-epoll</td>").skip(1);
    let mut rows = rows.map(|rest| rest.split("</tr>").next().unwrap());
    let users = rows.find(|row| row.contains("<td class=\"figure\">1000/1000</td>")).unwrap();
    assert!(users.contains(" <b>2.00×</b></small></td>"), "{users}");
    assert!(pages["yours.html"].contains("<td>held</td>"));
}

#[test]
fn what_cannot_be_read_or_written_is_one_line() {
    for (out, run, told) in [
        (Path::new("/proc/none"), None, "choose another folder: --out DIR"),
        (&fresh("no-run"), Some(Path::new("/none")), "is it the folder of a run?"),
    ] {
        let output = book(out, run);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && error.contains(told), "{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
}
