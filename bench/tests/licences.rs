//! A program built on this repository takes its dependencies along: their licences ask for no more than to be named.

#![allow(clippy::unwrap_used)] // clippy allows it in test functions, but not in what they call.

use std::process::Command;

/// They permit use, change and distribution, closed or open.
const ALLOWED: [&str; 9] = [
    "MIT",
    "MIT-0",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "0BSD",
    "ISC",
    "Zlib",
    "Unicode-3.0",
];

/// Whether one of each choice is allowed. `OR` is taken to bind closer than `AND`, and parentheses are
/// not looked at: that may refuse a licence which is fine, and then a person reads it.
fn is_allowed(licence: &str) -> bool {
    let one_is = |choice: &str| {
        let names = choice.replace('/', " OR ");
        names.split(" OR ").any(|name| ALLOWED.contains(&name.trim_matches(['(', ')', ' '])))
    };
    licence.split(" AND ").all(one_is)
}

/// Name and licence of every package that is built on this kind of machine. Others, as those for Windows,
/// need not have been downloaded, and without a network they cannot be.
fn licences() -> Vec<(String, String)> {
    let run = |args: &[&str]| {
        let output = Command::new(env!("CARGO")).args(args).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let version = run(&["-vV"]);
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    let metadata = ["metadata", "--offline", "--locked", "--format-version", "1"];
    let text = run(&[&metadata[..], &["--filter-platform", host]].concat());
    let metadata: serde_json::Value = serde_json::from_str(&text).unwrap();
    let of = |package: &serde_json::Value, key: &str| {
        package[key].as_str().unwrap_or("no licence").to_owned()
    };
    let packages = metadata["packages"].as_array().unwrap().iter();
    packages.map(|package| (of(package, "name"), of(package, "license"))).collect()
}

#[test]
fn every_dependency_has_a_licence_that_is_allowed() {
    let licences = licences();
    assert!(licences.iter().any(|(name, _)| name == "clap"), "{licences:?}");
    let refused: Vec<_> = licences.iter().filter(|(_, licence)| !is_allowed(licence)).collect();
    assert!(refused.is_empty(), "not on the list of allowed licences: {refused:?}");
}

#[test]
fn a_licence_is_allowed_if_one_of_each_choice_is() {
    for licence in ["MIT", "GPL-3.0 OR MIT", "Apache-2.0/MIT", "(MIT OR X) AND Unicode-3.0"] {
        assert!(is_allowed(licence), "{licence}");
    }
    for licence in ["", "no licence", "GPL-3.0-only", "MIT AND GPL-3.0-only", "(X OR Y) AND MIT"] {
        assert!(!is_allowed(licence), "{licence}");
    }
}
