//! A tool that looks into a running server, attached as a child process: strace or perf.

use crate::tools::{self, Folder};
use anyhow::{Context, Result, ensure};
use shared::sys::process;
use shared::sys::signal::{self, Signal};
use std::io::Read;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// How long it may take to attach to all threads, or to end.
const PATIENCE: Duration = Duration::from_secs(5);

/// A tool at work. Dropping it ends it.
pub(super) struct Tool {
    child: Child,
    folder: Folder,
}

impl Tool {
    /// Starts `name` with `args`, behind which stands the file that it writes.
    pub(super) fn start(name: &str, args: &[&str]) -> Result<Self> {
        let program = tools::require(name)?;
        let folder = Folder::create()?;
        let mut command = Command::new(program);
        command.args(args).arg(folder.join("output"));
        // SIGINT ends it. Our threads block that signal, and a child process inherits the mask.
        process::supervised(&mut command);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let child = command.spawn().with_context(|| format!("cannot start {name}"))?;
        Ok(Self { child, folder })
    }

    /// Its process id.
    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits until the tool looks, as `looks` tells; `remedy` is for the user who lacks the right.
    pub(super) fn wait_until(&mut self, looks: impl Fn() -> bool, remedy: &str) -> Result<()> {
        let begun = tools::poll(PATIENCE, || {
            if looks() {
                return Ok(Some(()));
            }
            self.still_runs(remedy).map(|()| None)
        })?;
        begun.with_context(|| format!("it did not begin to look within {PATIENCE:?}"))
    }

    /// That it has not ended at once, as a tool does that may not look.
    pub(super) fn still_runs(&mut self, remedy: &str) -> Result<()> {
        let ended = self.child.try_wait()?.is_some();
        ensure!(!ended, "not allowed to look: {}; {remedy}", self.complaint());
        Ok(())
    }

    fn complaint(&mut self) -> String {
        let _ = self.child.kill();
        let mut text = String::new();
        if let Some(stderr) = &mut self.child.stderr {
            let _ = stderr.read_to_string(&mut text);
        }
        text.lines().last().unwrap_or("it gave no reason").to_owned()
    }

    /// Asks it to end, and waits: then the file that it wrote is whole.
    pub(super) fn end(&mut self) -> Result<PathBuf> {
        signal::send(self.child.id(), Signal::Interrupt)?;
        let ended = tools::poll(PATIENCE, || Ok(self.child.try_wait()?))?;
        ensure!(ended.is_some(), "it ran on for {PATIENCE:?} after it was asked to end");
        Ok(self.folder.join("output"))
    }
}

impl Drop for Tool {
    fn drop(&mut self) {
        if !matches!(self.child.try_wait(), Ok(Some(_))) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}
