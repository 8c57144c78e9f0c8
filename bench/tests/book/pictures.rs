//! Pictures that are made and never drawn: each is a chart of a recorded run, whose files are as the run makes them
//! ([`crate::recorded`]).

use bench::report::chart;
use bench::results::{Results, folder};
use std::path::Path;

/// The Markdown for `<!-- picture: FOLDER NAME -->`: a chart of a recorded run by its name.
pub(crate) fn make(args: &str, root: &Path) -> Result<String, String> {
    let (folder, name) = args.split_once(' ').ok_or("name a folder and a chart")?;
    let path = root.join(folder);
    let results = match folder::is_timeline(&path) {
        true => Results::default(),
        false => folder::read(&path).map_err(|error| format!("{error:#}"))?,
    };
    let charts = chart::of(&results, &path);
    let chart = charts.iter().find(|chart| chart.name == name);
    let chart = chart.ok_or_else(|| {
        let names: Vec<_> = charts.iter().map(|chart| chart.name.as_str()).collect();
        format!("that run has no such chart, but {}", names.join(", "))
    })?;
    Ok(format!("![{}]({folder}/charts/{name}.svg)\n\n*{}*", chart.title, chart.caption))
}

/// What is wrong with the pictures in a text, each with its line, which counts from 0.
pub(crate) fn untrue(text: &str, root: &Path) -> Vec<(usize, String)> {
    let (mut found, mut in_code) = (Vec::new(), false);
    for (number, line) in text.lines().enumerate() {
        in_code ^= line.starts_with("```");
        // In code, `#![...]` is an attribute.
        for image in line.split("![").skip(1).filter(|_| !in_code) {
            let target = image.split_once("](").and_then(|(_, rest)| rest.split_once(')'));
            let target = target.map_or("", |(target, _)| target);
            if let Err(what) = check(target, root) {
                found.push((number, format!("picture `{target}`: {what}")));
            }
        }
    }
    found
}

fn check(target: &str, root: &Path) -> Result<(), String> {
    let parts = target.strip_suffix(".svg").and_then(|path| path.split_once("/charts/"));
    match parts.filter(|(folder, _)| folder.starts_with("bench/results/")) {
        Some((folder, name)) => make(&format!("{folder} {name}"), root).map(drop),
        None => Err("it is no chart of a run in bench/results".to_owned()),
    }
}

#[test]
fn a_picture_that_no_run_has_made_is_named() {
    let recorded = folder::recorded().unwrap();
    let name = recorded.file_name().unwrap().to_string_lossy();
    let of = |chart: &str| {
        untrue(&format!("a\n![x](bench/results/{name}/charts/{chart}.svg)"), &crate::root())
    };
    assert_eq!(of("users"), []);
    assert_eq!(untrue("```rust\n#![cfg(test)]\n```", &crate::root()), []);
    assert!(of("none").iter().all(|(line, what)| *line == 1 && what.contains("no such chart")));
    assert_eq!(
        untrue("![x](README.md) ![y](bench/results/none/charts/a.svg)", &crate::root()).len(),
        2
    );
}
