//! The commands in four groups, and which command a misspelt word stands for.

use super::commands::{Cli, Command};
use crate::args::misuse;
use crate::experiments::common::{REPEAT, WINDOW};
use crate::experiments::{explain, rate, run, scale};
use crate::resilience::command::Check;
use crate::targets;
use anyhow::Error;
use clap::error::ContextKind;
use clap::{CommandFactory, Subcommand};
use std::ffi::OsString;

/// A group: what it is for, its commands, and an example.
const GROUPS: [(&str, &[&str], &str); 4] = [
    (
        "Measure: how fast, and at what cost",
        &["run", "load", "rate", "scale", "idle", "matrix", "plateau"],
        "bench run stage1 stage2 --quick",
    ),
    (
        "Understand: why it is so",
        &["explain", "watch", "timeline", "uring", "baseline", "fit", "book"],
        "bench explain stage3 -c 200",
    ),
    (
        "Judge: what the figures are worth",
        &["report", "compare", "claims", "aa", "doctor"],
        "bench claims",
    ),
    (
        "Check: whether a server does what it must",
        &["verify", "check"],
        "bench verify 127.0.0.1:8080; bench check drain stage3",
    ),
];

/// What a script needs to know.
const EXIT: &str = "Exit status:
  0    done
  1    failed; one line on standard error says why, and what to do
  2    the command line was not understood
       (verify has its own three: see bench verify --help)
  3    a claim did not hold (claims), a regression (compare --fail-on-regression), the figures
       cannot be told from chance as they must be (aa), or something must be mended first (doctor)
  4    a condition of --fail-if holds (load)
  130  interrupted (143 by SIGTERM): what was measured is printed and written, marked as interrupted

Results go to standard output, progress and errors to standard error. Nothing is coloured.";

const TEMPLATE: &str = "{about}

{usage-heading} bench COMMAND [OPTIONS]
       bench [SERVERS] [OPTIONS]    (the same as bench run)

{before-help}bench COMMAND --help tells a command's options.

{after-help}";

/// The command line with its commands in groups. The checks outside of `check` are not listed.
pub(super) fn command() -> clap::Command {
    let mut command = Cli::command();
    for check in Check::augment_subcommands(clap::Command::new("check")).get_subcommands() {
        command = command.mut_subcommand(check.get_name(), |one| one.hide(true));
    }
    for (name, targets, duration, repeat) in defaults() {
        let own = |arg: clap::Arg| match arg.get_id().as_str() {
            // The plateau has one server, and takes no other.
            "targets" => with_default(arg, targets).hide(targets.is_empty()),
            "duration" => with_default(arg, &duration),
            "repeat" => with_default(arg, &repeat),
            _ => arg,
        };
        command = command.mut_subcommand(name, |one| one.mut_args(own));
    }
    let groups = groups(&command);
    command.help_template(TEMPLATE).before_help(groups).after_help(EXIT)
}

/// Where commands that share an argument differ in its default: which servers, how long a trial takes, its repeats.
fn defaults() -> [(&'static str, &'static str, String, String); 7] {
    let [whole, full] = run::REPEATS;
    let repeats = format!("{REPEAT}; the whole run: {whole}, with --full {full}");
    let of_rate = format!("{:?}; with -R {:?}", rate::SWEEP_WINDOW, rate::WINDOW);
    let [second, once] = [format!("{WINDOW:?}"), REPEAT.to_string()];
    let usual = |name, targets| (name, targets, second.clone(), once.clone());
    [
        ("run", "all", second.clone(), repeats),
        ("rate", "stages; with -R all", of_rate, once.clone()),
        ("scale", "stage4", second.clone(), scale::REPEAT.to_string()),
        usual("idle", "stages"),
        usual("matrix", "all"),
        usual("plateau", ""),
        ("explain", "none: name one", format!("{:?}", explain::WINDOW), once.clone()),
    ]
}

fn with_default(arg: clap::Arg, default: &str) -> clap::Arg {
    let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    arg.help(format!("{help} [default: {default}]"))
}

fn groups(command: &clap::Command) -> String {
    let mut text = String::new();
    for (title, names, example) in GROUPS {
        text += &format!("{title}\n");
        for name in names {
            let about = command.find_subcommand(name).and_then(clap::Command::get_about);
            text +=
                &format!("  {name:<10}{}\n", about.map(ToString::to_string).unwrap_or_default());
        }
        text += &format!("  Example:  {example}\n\n");
    }
    text.trim_end().to_owned()
}

/// What to say of the first word on the command line, when it is neither a command nor a server and looks like a
/// command: without a command it would be a run.
pub(super) fn misspelt(word: Option<OsString>) -> Option<Error> {
    let word = word?.into_string().ok()?;
    let word = Some(word).filter(|word| !word.starts_with('-') && !word.contains("://"))?;
    let known = Command::augment_subcommands(clap::Command::new("bench"));
    let is_known = word == "help" || known.find_subcommand(&word).is_some();
    if is_known || targets::parse(std::slice::from_ref(&word)).is_ok() {
        return None;
    }
    let meant = nearest(&word, known.get_subcommands().map(clap::Command::get_name))?;
    let what = "is neither a command nor a server; did you mean";
    Some(misuse(format!("`{word}` {what} `{meant}`?")))
}

/// What clap answers, but for its advice how to give a misspelt flag as a value.
pub(super) fn answer(mut answer: clap::Error) -> String {
    answer.remove(ContextKind::Suggested);
    answer.render().to_string()
}

/// The name that `word` is a slip of.
fn nearest<'a>(word: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let near = names.map(|name| (strsim::osa_distance(word, name), name)).min()?;
    // Two letters of a short word are not a slip any more, but another word.
    (near.0 <= 1 + word.len() / 5).then_some(near.1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_command_that_is_listed_has_its_group() {
        let command = command();
        command.clone().debug_assert();
        let listed = command.get_subcommands().filter(|one| !one.is_hide_set());
        let listed: BTreeSet<_> = listed.map(clap::Command::get_name).collect();
        let grouped = GROUPS.iter().flat_map(|(_, names, _)| *names).copied().collect();
        assert_eq!(listed, grouped);
    }

    #[test]
    fn every_line_of_help_fits_into_100_columns() {
        let (mut todo, mut too_long) = (vec![command()], Vec::new());
        while let Some(mut command) = todo.pop() {
            let help = command.render_long_help().to_string();
            too_long
                .extend(help.lines().filter(|line| line.chars().count() > 100).map(str::to_owned));
            todo.extend(command.get_subcommands().cloned());
        }
        assert_eq!(too_long, [""; 0]);
    }

    #[test]
    fn every_example_is_a_command_line() {
        for example in GROUPS.iter().flat_map(|(.., examples)| examples.split("; ")) {
            let found = command().try_get_matches_from(example.split(' '));
            assert!(found.is_ok(), "{example}: {}", found.unwrap_err());
        }
    }

    #[test]
    fn a_misspelt_flag_is_told_which_one_was_meant() {
        for (line, meant) in [
            ("bench load x --conections 5", "'--connections'"),
            ("bench load x --no-such-flag", ""),
            ("bench check drain --statge x", ""),
            ("bench stage1 --qiuck", "'--quick'"),
        ] {
            let error = command().try_get_matches_from(line.split(' ')).unwrap_err();
            let text = answer(error);
            assert_eq!(text.contains("tip:"), !meant.is_empty(), "{text}");
            assert!(text.contains(meant), "{text}");
        }
    }

    #[test]
    fn a_misspelt_command_is_told_which_one_was_meant() {
        let told = |word: &str| misspelt(Some(word.into())).map(|error| error.to_string());
        for (word, meant) in
            [("laod", "load"), ("claimz", "claims"), ("basline", "baseline"), ("drian", "drain")]
        {
            assert!(told(word).unwrap().ends_with(&format!("did you mean `{meant}`?")), "{word}");
        }
        for word in
            ["run", "fleet", "floor", "stage2", "all", "--help", "http://127.0.0.1/", "help"]
        {
            assert_eq!(told(word), None, "{word}");
        }
    }
}
