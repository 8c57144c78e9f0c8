//! Which programs a run has measured: the commit, and a hash of what the servers are made of.

use crate::load::Digest;
use crate::workspace::STAGES;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{fs, io};

/// Where the programs come from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Source {
    /// The commit that is checked out; `None` without git.
    pub commit: Option<String>,
    /// Whether files differ from it.
    pub changed: bool,
    /// Of the sources of `shared`, the four stages and the null server. Two runs with the same hash measured the same
    /// servers, even if the book or the bench has changed meanwhile. Compare with [`hash`]: tables of another are stale.
    pub servers: String,
}

impl Source {
    /// What stands in `workspace` now.
    pub fn here(workspace: &Path) -> Self {
        Self {
            commit: git(workspace, &["rev-parse", "HEAD"]),
            changed: git(workspace, &["status", "--porcelain"])
                .is_some_and(|text| !text.is_empty()),
            servers: hash(workspace).unwrap_or_default(),
        }
    }

    /// In one line.
    pub fn line(&self) -> String {
        let commit =
            self.commit.as_deref().map_or("without git", |hash| &hash[..hash.len().min(10)]);
        let changed = if self.changed { " with changes" } else { "" };
        format!("commit {commit}{changed}, servers' sources {}", self.servers)
    }
}

fn git(folder: &Path, args: &[&str]) -> Option<String> {
    let mut command = Command::new("git");
    command.arg("-C").arg(folder).args(args).stdin(Stdio::null()).stderr(Stdio::null());
    let output = command.output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Names and contents of all that the servers are built from, as 16 hexadecimal digits: they tell a
/// table that outlived its server. Lines of comments are left out: no processor sees them.
///
/// # Errors
/// A source that cannot be read.
pub fn hash(workspace: &Path) -> io::Result<String> {
    let mut files = vec![workspace.join("bench/src/targets/null_server.rs")];
    let mut packages = vec!["shared"];
    packages.extend(STAGES);
    for package in packages {
        files.push(workspace.join(package).join("Cargo.toml"));
        collect(&workspace.join(package).join("src"), &mut files)?;
    }
    files.sort();
    let mut all = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file)?;
        let is_code = |line: &&str| !line.trim_start().starts_with("//");
        let content = text.split_inclusive('\n').filter(is_code).collect::<String>();
        let name = file.strip_prefix(workspace).unwrap_or(&file);
        // The length keeps the end of one file apart from the beginning of the next.
        all.extend_from_slice(format!("{}\0{}\0", name.display(), content.len()).as_bytes());
        all.extend_from_slice(content.as_bytes());
    }
    Ok(Digest::of(&all).hex())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_changed_byte_in_a_server_shows() {
        let folder = std::env::temp_dir().join(format!("bench-source-{}", std::process::id()));
        let write = |file: String, text: &str| {
            let path = folder.join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("bench/src/targets/null_server.rs".to_owned(), "");
        for package in ["shared"].iter().chain(&STAGES) {
            write(format!("{package}/Cargo.toml"), "");
            write(format!("{package}/src/deep/main.rs"), "fn main() {}");
        }
        let before = hash(&folder).unwrap();
        write("stage1-blocking/src/notes.txt".to_owned(), "no source");
        write("shared/src/deep/main.rs".to_owned(), "/// Why.\nfn main() {}");
        assert_eq!(hash(&folder).unwrap(), before);
        write("stage1-blocking/src/deep/main.rs".to_owned(), "fn main(){ }");
        assert_ne!(hash(&folder).unwrap(), before);
        fs::remove_dir_all(&folder).unwrap();
    }
}
