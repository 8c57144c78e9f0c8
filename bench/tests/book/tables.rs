//! Tables that are made and never typed.

use crate::runs;
use bench::report::article;
use clap::CommandFactory;
use shared::server::config::Args;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

/// The Markdown for `<!-- table: ARGS -->`: a table of this module by its name, or the folder of a
/// recorded run and the name of one of its blocks.
pub(crate) fn make(args: &str, root: &Path) -> Result<String, String> {
    match args.split_once(' ').unwrap_or((args, "")) {
        ("limits", _) => Ok(limits()),
        ("article", _) => Ok(article::history().markdown()),
        ("suite", _) => suite(),
        (folder, block) if folder.starts_with("bench/results/") => {
            let text = runs::block(&root.join(folder), block)?.markdown();
            // The run's own files: links start at the repository's root here.
            Ok(text.replace("](profiles/", &format!("]({folder}/profiles/")))
        }
        _ => Err("there is no such table".to_owned()),
    }
}

/// How many cases the conformance suite has, by group and weight.
fn suite() -> Result<String, String> {
    let output = Command::new(env!("CARGO_BIN_EXE_bench"))
        .args(["verify", "--list"])
        .output()
        .map_err(|error| format!("cannot list the cases: {error}"))?;
    let mut groups: BTreeMap<String, [usize; 3]> = BTreeMap::new();
    let list = String::from_utf8_lossy(&output.stdout).into_owned();
    for line in list.lines().filter(|line| !line.starts_with(' ')) {
        let mut words = line.split_whitespace();
        let group = words.next().and_then(|id| id.split_once('/')).map(|(group, _)| group);
        let level = words.next().and_then(|level| LEVELS.iter().position(|known| *known == level));
        if let (Some(group), Some(level)) = (group, level) {
            groups.entry(group.to_owned()).or_default()[level] += 1;
        }
    }
    let mut text = "| Group | MUST | SHOULD | robustness |\n|---|--:|--:|--:|\n".to_owned();
    let mut total = [0; 3];
    for (group, counts) in &groups {
        let _ = writeln!(text, "| {group} | {} | {} | {} |", counts[0], counts[1], counts[2]);
        total.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
    }
    let _ = writeln!(text, "| **all** | {} | {} | {} |", total[0], total[1], total[2]);
    Ok(text)
}

const LEVELS: [&str; 3] = ["MUST", "SHOULD", "robustness"];

/// The flags that bound a server, as `--help` explains them.
fn limits() -> String {
    let command = Args::command();
    let mut text = "| Flag | Default | What it bounds |\n|---|---|---|\n".to_owned();
    let is_limit = |flag: &&clap::Arg| flag.get_help_heading() == Some("Limits");
    for flag in command.get_arguments().filter(is_limit) {
        let default = flag.get_default_values().iter().map(|value| value.to_string_lossy());
        let (name, default) = (flag.get_long().unwrap_or_default(), default.collect::<String>());
        let help = flag.get_help().map(ToString::to_string).unwrap_or_default();
        let _ = writeln!(text, "| `--{name}` | {default} | {help} |");
    }
    text
}
