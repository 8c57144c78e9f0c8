//! What strangers rely on agrees with the sources: the container, the workflows, the page for contributors.
#![allow(clippy::unwrap_used)]

use bench::{tools, workspace};
use std::fs;
use std::process::Command;

fn read(file: &str) -> String {
    fs::read_to_string(workspace::root().join(file)).unwrap()
}

#[test]
fn the_container_has_every_program_that_bench_may_use() {
    let file = read(".devcontainer/Dockerfile");
    let words: Vec<_> = file.split_whitespace().collect();
    for (program, _, package) in tools::PROGRAMS {
        assert!(words.contains(&package), ".devcontainer/Dockerfile: {program} needs {package}");
    }
    let settings = read(".devcontainer/devcontainer.json");
    serde_json::from_str::<serde_json::Value>(&settings).unwrap();
}

#[test]
fn the_oldest_rust_of_the_workflow_is_the_one_that_cargo_toml_promises() {
    let manifest = read("Cargo.toml");
    let line = manifest.lines().find(|line| line.starts_with("rust-version")).unwrap();
    let oldest = line.split('"').nth(1).unwrap();
    let workflow = read(".github/workflows/ci.yml");
    assert!(workflow.contains(&format!("rust: [stable, \"{oldest}\"]")), "ci.yml: {oldest}");
}

#[test]
fn every_file_and_test_that_contributors_are_sent_to_is_there() {
    let page = read(".github/CONTRIBUTING.md");
    let quoted = page.split('`').skip(1).step_by(2);
    for quote in quoted {
        let words: Vec<_> = quote.split(' ').collect();
        if let ["cargo", "test", "-p", package, rest @ ..] = words.as_slice() {
            let tests = workspace::root().join(package).join("tests");
            for pair in rest.windows(2).filter(|pair| pair[0] == "--test") {
                let is_there = |name: String| tests.join(name).exists();
                let found =
                    is_there(format!("{}.rs", pair[1])) || is_there(format!("{}/main.rs", pair[1]));
                assert!(found, "CONTRIBUTING.md: {quote}");
            }
        } else if words.len() == 1 && quote.contains('/') && !quote.contains('*') {
            assert!(workspace::root().join(quote).exists(), "CONTRIBUTING.md: {quote}");
        }
    }
}

#[test]
fn the_scripts_are_shell() {
    for script in ["run", "fuzz", "memory", "container"] {
        let file = workspace::root().join(".ci").join(script);
        assert!(Command::new("bash").arg("-n").arg(file).status().unwrap().success(), "{script}");
    }
}
