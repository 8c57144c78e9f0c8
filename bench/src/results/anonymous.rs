//! A run's folder is shown to strangers: names of the user, the machine and its folders do not go into its files.

use crate::workspace;
use std::path::{Path, PathBuf};
use std::{env, fs, iter};

/// `text` without what names this machine and its user. Every file of a run's folder passes through here.
pub fn anonymous(text: &str) -> String {
    let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let home = env::var_os("HOME").map(PathBuf::from);
    without(text, &workspace::root(), home.as_deref(), host.trim())
}

/// The longest names first: the workspace may lie in the home folder, whose last part may be the machine's name.
fn without(text: &str, root: &Path, home: Option<&Path>, host: &str) -> String {
    let mut text = path(text, root, ".");
    if let Some(home) = home {
        text = path(&text, home, "~");
    }
    words(&text, host, "this-machine")
}

/// A folder is replaced where its name stands as text; `/` and folders that are not text name no user.
fn path(text: &str, folder: &Path, replacement: &str) -> String {
    match folder.to_str() {
        Some(name) if name.len() > 1 => words(text, name, replacement),
        _ => text.to_owned(),
    }
}

/// Replaces `name` where it stands as a word of its own: a machine called `vm` is not part of `kvm`.
fn words(text: &str, name: &str, replacement: &str) -> String {
    let is_part = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == '-';
    if name.is_empty() {
        return text.to_owned();
    }
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(name) {
        let (before, after) = (&rest[..at], &rest[at + name.len()..]);
        let joined = before.ends_with(is_part) || after.starts_with(is_part);
        result += before;
        result += if joined { name } else { replacement };
        rest = after;
    }
    result + rest
}

/// The arguments of a command line, but for the folder that the run was told to go to: a server may have the same name.
pub fn arguments(all: &[String], out: Option<&Path>) -> Vec<String> {
    let Some(folder) = out.map(Path::to_string_lossy) else { return all.to_vec() };
    let before = iter::once("").chain(all.iter().map(String::as_str));
    let told = |(argument, before): (&String, &str)| match argument.strip_suffix(&*folder) {
        Some("") if ["-o", "--out"].contains(&before) => "DIR".to_owned(),
        Some(flag @ ("-o" | "-o=" | "--out=")) => format!("{flag}DIR"),
        _ => argument.clone(),
    };
    all.iter().zip(before).map(told).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_machines_and_folders_are_not_named() {
        let text = "cannot start /home/ada/code/http/target/stage1: see /home/ada/log on engine, not engines";
        let home = Some(Path::new("/home/ada"));
        assert_eq!(
            without(text, Path::new("/home/ada/code/http"), home, "engine"),
            "cannot start ./target/stage1: see ~/log on this-machine, not engines"
        );
        assert_eq!(without("GET / of vm", Path::new("/"), None, ""), "GET / of vm");
    }

    #[test]
    fn a_run_s_own_folder_is_not_told_and_a_server_of_the_same_name_is() {
        for (typed, told) in [
            ("run stage1 -o stage1", "run stage1 -o DIR"),
            ("run -ostage1 stage1", "run -oDIR stage1"),
            ("--out=stage1 http://h/stage1", "--out=DIR http://h/stage1"),
            ("stage1 --out stage1", "stage1 --out DIR"),
        ] {
            let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
            assert_eq!(arguments(&words(typed), Some(Path::new("stage1"))), words(told));
            assert_eq!(arguments(&words(typed), None), words(typed));
        }
    }
}
