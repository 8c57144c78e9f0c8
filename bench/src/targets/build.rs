//! The stages' programs, built by cargo: the user need not build anything before the first run.

use crate::interrupt::Interrupt;
use crate::workspace;
use anyhow::{Context, Result, bail, ensure};
use shared::sys::process;
use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Names another profile than `release`: tests that measure nothing need not wait for an optimiser.
const PROFILE: &str = "BENCH_PROFILE";

/// The example of `shared` that serves by io_uring.
pub const URING_LOOP: &str = "uring_loop";

/// Builds `packages` of this workspace as a release and tells where each program lies. Cargo shows its
/// progress on standard error as usual.
///
/// # Errors
/// When cargo cannot be started, or the build fails.
pub fn release(packages: &[&str], interrupt: &Interrupt) -> Result<HashMap<String, PathBuf>> {
    let packages: Vec<_> = packages.iter().flat_map(|package| ["--package", package]).collect();
    build(&packages, None, interrupt)
}

/// The same for small programs of `shared/examples`; `profile`: of cargo, where it is not to be a release.
///
/// # Errors
/// As [`release`].
pub fn examples(
    names: &[&str],
    profile: Option<&str>,
    interrupt: &Interrupt,
) -> Result<HashMap<String, PathBuf>> {
    let mut what: Vec<_> = names.iter().flat_map(|name| ["--example", name]).collect();
    if !names.is_empty() {
        what.extend(["--package", "shared"]);
    }
    what.extend(names.contains(&URING_LOOP).then_some("--features=io-uring"));
    build(&what, profile, interrupt)
}

fn build(
    what: &[&str],
    profile: Option<&str>,
    interrupt: &Interrupt,
) -> Result<HashMap<String, PathBuf>> {
    if what.is_empty() {
        return Ok(HashMap::new());
    }
    let workspace = workspace::root();
    ensure!(
        workspace.join("Cargo.toml").exists(),
        "the sources are not in {} any more; build bench again where they are now",
        workspace.display()
    );
    let set = |name| std::env::var_os(name);
    let profile = profile.map(Into::into).or(set(PROFILE)).unwrap_or("release".into());
    let mut command = Command::new(set("CARGO").unwrap_or("cargo".into()));
    command
        .args(["build", "--message-format=json-render-diagnostics", "--profile"])
        .arg(profile)
        .args(what)
        .current_dir(workspace)
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    // Ctrl-C goes to the whole foreground group, cargo included: it ends itself, and the build fails.
    process::supervised(&mut command);
    let mut cargo = command.spawn().context("cannot start cargo; is it in the PATH?")?;
    let messages = cargo.stdout.take().context("cargo has no standard output")?;
    // Where programs lie is cargo's to say: CARGO_TARGET_DIR and its configuration may move them.
    let programs = executables(BufReader::new(messages))?;
    if !cargo.wait()?.success() && !interrupt.raised() {
        bail!("the build failed; see above");
    }
    Ok(programs)
}

/// Picks the programs out of cargo's messages, one JSON object per line.
fn executables(messages: impl BufRead) -> Result<HashMap<String, PathBuf>> {
    let mut programs = HashMap::new();
    for line in messages.lines() {
        // What is no JSON (a build script's print) is not for us.
        let message: serde_json::Value = serde_json::from_str(&line?).unwrap_or_default();
        let name = message["target"]["name"].as_str();
        if let (Some(name), Some(path)) = (name, message["executable"].as_str()) {
            programs.insert(name.to_owned(), PathBuf::from(path));
        }
    }
    Ok(programs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn programs_are_found_among_cargos_messages() {
        let messages = r#"{"reason":"compiler-artifact","target":{"name":"shared"},"executable":null}
{"reason":"compiler-artifact","target":{"name":"stage1-blocking"},"executable":"/t/stage1-blocking"}
not json
{"reason":"build-finished","success":true}"#;
        let programs = executables(messages.as_bytes()).unwrap();
        assert_eq!(programs.len(), 1);
        assert_eq!(programs["stage1-blocking"], Path::new("/t/stage1-blocking"));
    }
}
