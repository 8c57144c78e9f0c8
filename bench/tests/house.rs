//! Imports point one way: a module imports only what its crate's table allows, and no two files import each other.
//!
//! The check reads the sources: `use crate::`, `use super::`, paths inside of code, and a module's own children.
//! `mod` and `pub use` lines are a module's front, and no imports: a name that is passed on counts as its own file's.
//! Tests may import what they like.

#![allow(clippy::unwrap_used)] // clippy allows it in test functions, but not in what they call.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// A crate, and which of its modules may import which.
struct House {
    /// Its folder in the workspace.
    sources: &'static str,
    /// Modules that all others may import. They import only each other.
    leaves: &'static [&'static str],
    /// A module, and what else it may import.
    arrows: &'static [(&'static str, &'static [&'static str])],
    /// Modules whose files may still import each other in a circle.
    circles: &'static [&'static str],
}

const ALL: &[&str] = &[
    "load",
    "targets",
    "evidence",
    "experiments",
    "results",
    "report",
    "verify",
    "resilience",
    "wire",
];

const HOUSES: &[House] = &[
    House {
        sources: "shared/src",
        leaves: &[],
        arrows: &[
            ("sys", &[]),
            ("http", &[]),
            ("telemetry", &["http", "sys"]),
            ("app", &["http", "telemetry", "sys"]),
            ("server", &["app", "http", "telemetry", "sys"]),
        ],
        circles: &[],
    },
    House {
        sources: "bench/src",
        leaves: &[
            "args",
            "interrupt",
            "numbers",
            "proc",
            "table",
            "terminal",
            "tools",
            "workspace",
        ],
        arrows: &[
            ("load", &[]),
            ("targets", &["load"]),
            ("evidence", &[]),
            // A recorded row holds the generator's own counts of errors and latencies, as they are.
            ("results", &["load"]),
            ("experiments", &["load", "targets", "evidence", "results"]),
            ("report", &["results"]),
            ("wire", &["load"]),
            ("verify", &["load", "targets", "wire"]),
            ("resilience", &["load", "targets", "wire"]),
            ("cli", ALL),
        ],
        circles: &[],
    },
    House {
        sources: "bench/watch/src",
        leaves: &["frame", "setup"],
        arrows: &[
            ("tour", &[]),
            ("threads", &[]),
            ("second", &["threads"]),
            ("engine", &["second", "threads"]),
            ("draw", &["tour"]),
            ("screen", &["draw", "engine", "tour"]),
            ("play", &["draw", "engine", "svg", "tour"]),
        ],
        circles: &[],
    },
    House {
        sources: "bench/book/src",
        leaves: &["anchor", "cells", "chapters", "events", "own", "rust"],
        arrows: &[
            ("beside", &[]),
            ("table", &["beside"]),
            ("markdown", &["beside", "table"]),
            ("page", &["markdown"]),
        ],
        circles: &[],
    },
    House {
        sources: "bench/stage-tests/src",
        leaves: &["attempts", "shutdown"],
        arrows: &[("handlers", &["conformance"])],
        circles: &[],
    },
];

/// A crate's files, each with the files that it imports.
struct Sources {
    /// By the path of the module, such as `load::worker`; the crate's root has none.
    files: BTreeMap<String, String>,
}

impl Sources {
    fn read(folder: &Path) -> Self {
        let mut paths = Vec::new();
        collect(folder, &mut paths);
        let module = |path: &PathBuf| {
            let path = path.strip_prefix(folder).unwrap().with_extension("");
            let mut names: Vec<_> =
                path.iter().map(|name| name.to_str().unwrap().to_owned()).collect();
            names.pop_if(|name| name == "mod" || name == "lib");
            names.join("::")
        };
        let code = |path: &PathBuf| without_tests(&fs::read_to_string(path).unwrap());
        Self { files: paths.iter().map(|path| (module(path), code(path))).collect() }
    }

    /// All imports of a file: the modules whose files hold what is imported.
    fn imports(&self, module: &str) -> BTreeSet<String> {
        let code = &self.files[module];
        let mut paths = Vec::new();
        for statement in statements(code, "use ") {
            expand("", &statement, &mut paths);
        }
        for prefix in ["crate::", "super::"] {
            for (at, _) in code.match_indices(prefix) {
                let is_path = |letter: char| letter.is_alphanumeric() || "_:".contains(letter);
                let end = code[at..].find(|letter| !is_path(letter)).unwrap_or(code.len() - at);
                if !code[..at].ends_with(is_path) {
                    paths.push(code[at..at + end].trim_end_matches(':').to_owned());
                }
            }
        }
        let found = paths.iter().filter_map(|path| self.resolve(module, path));
        found.filter(|found| found != module && !found.is_empty()).collect()
    }

    /// The module whose file holds what `path` names in `module`; `None` for other crates.
    fn resolve(&self, module: &str, path: &str) -> Option<String> {
        let mut names = path.split("::").peekable();
        let mut base: Vec<&str> = module.split("::").filter(|name| !name.is_empty()).collect();
        match *names.peek()? {
            "crate" => {
                names.next();
                base.clear();
            }
            "self" => drop(names.next()),
            "super" => {
                while names.next_if_eq(&"super").is_some() {
                    base.pop()?;
                }
            }
            child => {
                let child = [&base[..], &[child]].concat().join("::");
                self.files.contains_key(&child).then_some(())?;
            }
        }
        for name in names {
            let deeper = [&base[..], &[name]].concat();
            if self.files.contains_key(&deeper.join("::")) {
                base = deeper;
            } else {
                return Some(self.origin(&base.join("::"), name));
            }
        }
        Some(base.join("::"))
    }

    /// Where a name comes from that `module` has, or passes on.
    fn origin(&self, module: &str, name: &str) -> String {
        let Some(code) = self.files.get(module) else { return module.to_owned() };
        let mut passed_on = Vec::new();
        for statement in ["pub use ", "pub(crate) use ", "pub(super) use "] {
            for statement in statements(code, statement) {
                expand("", &statement, &mut passed_on);
            }
        }
        let path = passed_on.iter().find(|path| path.rsplit("::").next() == Some(name));
        path.and_then(|path| self.resolve(module, path)).unwrap_or_else(|| module.to_owned())
    }
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        if path.is_dir() && name != "tests" {
            collect(&path, paths);
        } else if path.extension().is_some_and(|end| end == "rs")
            && !["main", "tests"].contains(&name)
        {
            paths.push(path);
        }
    }
}

/// The code before a file's tests, without comments.
fn without_tests(text: &str) -> String {
    let code = text.split("#[cfg(test)]\nmod tests").next().unwrap_or(text);
    let lines = code.lines().map(|line| if line.trim().starts_with("//") { "" } else { line });
    lines.collect::<Vec<_>>().join("\n")
}

/// What stands between a keyword at the beginning of a line and the next semicolon.
fn statements(code: &str, keyword: &str) -> Vec<String> {
    let lines: Vec<_> = code.match_indices(keyword).map(|(at, _)| at).collect();
    let begins =
        |at: &usize| code[..*at].rsplit('\n').next().is_some_and(|before| before.trim().is_empty());
    let whole = |at: usize| code[at + keyword.len()..].split(';').next().unwrap_or_default();
    lines.into_iter().filter(begins).map(|at| whole(at).split_whitespace().collect()).collect()
}

/// `a::{self, b::{c, d}}` as `a`, `a::b::c` and `a::b::d`.
fn expand(prefix: &str, tree: &str, paths: &mut Vec<String>) {
    let Some((head, rest)) = tree.split_once('{') else {
        let path =
            format!("{prefix}{}", tree.split("as").next().unwrap_or(tree).trim_end_matches(','));
        return paths.push(path.trim_end_matches("::self").to_owned());
    };
    let (mut depth, mut from) = (0, 0);
    let inner = &rest[..rest.rfind('}').unwrap_or(rest.len())];
    let prefix = format!("{prefix}{head}");
    for (at, letter) in inner.char_indices().chain([(inner.len(), ',')]) {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                if at > from {
                    expand(&prefix, &inner[from..at], paths);
                }
                from = at + 1;
            }
            _ => {}
        }
    }
}

fn top(module: &str) -> &str {
    module.split("::").next().unwrap_or(module)
}

/// The imports that the table does not allow.
fn turned_back(house: &House, imports: &BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
    let allowed = |from: &str, to: &str| {
        let row = house.arrows.iter().find(|(module, _)| *module == from);
        from == to
            || from.is_empty()
            || house.leaves.contains(&to)
            || row.is_some_and(|(_, may)| may.contains(&to))
    };
    let edges = imports.iter().flat_map(|(from, all)| all.iter().map(move |to| (from, to)));
    let wrong = edges.filter(|(from, to)| !allowed(top(from), top(to)));
    wrong.map(|(from, to)| format!("{from} imports {to}")).collect()
}

/// A circle of files, if there is one.
fn circle(imports: &BTreeMap<String, BTreeSet<String>>) -> Option<Vec<String>> {
    fn walk<'a>(
        at: &'a str,
        imports: &'a BTreeMap<String, BTreeSet<String>>,
        way: &mut Vec<&'a str>,
        done: &mut BTreeSet<&'a str>,
    ) -> Option<Vec<String>> {
        if let Some(begin) = way.iter().position(|earlier| *earlier == at) {
            return Some(way[begin..].iter().map(|name| (*name).to_owned()).collect());
        }
        if !done.contains(at) {
            way.push(at);
            let next = imports.get(at).into_iter().flatten();
            if let Some(circle) = next.into_iter().find_map(|to| walk(to, imports, way, done)) {
                return Some(circle);
            }
            way.pop();
            done.insert(at);
        }
        None
    }
    let mut done = BTreeSet::new();
    imports.keys().find_map(|from| walk(from, imports, &mut Vec::new(), &mut done))
}

#[test]
fn imports_point_one_way() {
    for house in HOUSES {
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let sources = Sources::read(&workspace.join(house.sources));
        let of = |module: &String| (module.clone(), sources.imports(module));
        let mut imports: BTreeMap<_, _> = sources.files.keys().map(of).collect();
        assert_eq!(turned_back(house, &imports), Vec::<String>::new(), "{}", house.sources);
        imports.retain(|module, _| !house.circles.contains(&top(module)));
        assert_eq!(circle(&imports), None, "{}: files import each other", house.sources);
    }
}

#[test]
fn a_wrong_import_and_a_circle_are_found() {
    let files = [
        ("", "pub mod low;\npub mod high;\n"),
        ("low", "pub use deep::Thing;\nmod deep;\n"),
        ("low::deep", "use crate::high::{self, Roof};\n// use crate::none;\n"),
        ("high", "use std::fmt;\nfn f(x: crate::low::Thing) {}\n"),
    ];
    let owned = |(module, code): (&str, &str)| (module.to_owned(), without_tests(code));
    let sources = Sources { files: files.map(owned).into() };
    let imports: BTreeMap<_, _> =
        sources.files.keys().map(|module| (module.clone(), sources.imports(module))).collect();
    assert_eq!(imports["high"], ["low::deep".to_owned()].into());
    assert_eq!(imports["low::deep"], ["high".to_owned()].into());
    let house = House { sources: "", leaves: &[], arrows: &[("high", &["low"])], circles: &[] };
    assert_eq!(turned_back(&house, &imports), ["low::deep imports high"]);
    assert_eq!(circle(&imports).unwrap(), ["high", "low::deep"]);
}
