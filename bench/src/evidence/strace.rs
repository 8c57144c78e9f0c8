//! System calls by name and number: `strace -c -f`, attached to a server that runs.

use crate::tools::{self, Folder};
use anyhow::{Context, Result, ensure};
use shared::sys::process;
use shared::sys::signal::{self, Signal};
use std::fs;
use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// How long it counts: ratios need no more.
pub const PASS: Duration = Duration::from_secs(1);
/// How long it may take to attach to all threads.
const PATIENCE: Duration = Duration::from_secs(5);

/// strace, attached. Dropping it ends it.
pub struct Strace {
    child: Child,
    folder: Folder,
}

impl Strace {
    /// Attaches to all threads of `pid`, and returns when it has.
    pub fn attach(pid: u32) -> Result<Self> {
        let program = tools::find("strace")
            .context("strace is not installed; on Debian or Ubuntu: apt-get install strace")?;
        let folder = Folder::create()?;
        let mut command = Command::new(program);
        command
            .args(["-c", "-f", "-q", "-p", &pid.to_string(), "-o"])
            .arg(folder.path().join("calls"));
        // It is ended by SIGINT, which our threads are deaf to, and it would inherit that.
        process::unblock_signals(process::die_with_parent(&mut command));
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .context("cannot start strace")?;
        let mut strace = Self { child, folder };
        strace.wait_until_attached(pid)?;
        Ok(strace)
    }

    fn wait_until_attached(&mut self, pid: u32) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        let traced = || {
            let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
            status.lines().any(|line| line.starts_with("TracerPid:") && !line.ends_with("\t0"))
        };
        while !traced() {
            let ended = self.child.try_wait()?.is_some();
            ensure!(
                !ended && Instant::now() < deadline,
                "strace may not attach: {}; sysctl kernel.yama.ptrace_scope=0 as root lets it",
                self.complaint()
            );
            thread::sleep(Duration::from_millis(5));
        }
        // The first thread is attached before the others.
        thread::sleep(Duration::from_millis(100));
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

    /// Detaches, and tells how often each call was made, the most frequent first.
    pub fn finish(mut self) -> Result<Vec<(String, u64)>> {
        signal::send(self.child.id(), Signal::Interrupt)?;
        end(&mut self.child)?;
        let text =
            fs::read_to_string(self.folder.path().join("calls")).context("strace's summary")?;
        Ok(parse(&text))
    }
}

/// Waits for a tool that was asked to end. One that does not is an error, and is killed when it is dropped.
pub(super) fn end(tool: &mut Child) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    while tool.try_wait()?.is_none() {
        ensure!(Instant::now() < deadline, "it did not end within {PATIENCE:?} of being asked to");
        thread::sleep(Duration::from_millis(5));
    }
    Ok(())
}

impl Drop for Strace {
    fn drop(&mut self) {
        if !matches!(self.child.try_wait(), Ok(Some(_))) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// The summary's lines: `% time, seconds, usecs/call, calls[, errors], syscall`.
fn parse(summary: &str) -> Vec<(String, u64)> {
    let line = |line: &str| {
        let fields: Vec<_> = line.split_whitespace().collect();
        let (name, calls) = (*fields.last()?, fields.get(3)?.parse().ok()?);
        (fields.len() >= 5 && name != "total").then(|| (name.to_owned(), calls))
    };
    let mut calls: Vec<_> = summary.lines().filter_map(line).collect();
    calls.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    calls
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary() {
        let text = "% time     seconds  usecs/call     calls    errors syscall\n\
            ------ ----------- ----------- --------- --------- ----------------\n \
            52.10    0.100000          11      9000           write\n \
            47.90    0.090000          10      9064        64 read\n\
            ------ ----------- ----------- --------- --------- ----------------\n\
            100.00    0.190000          10     18064        64 total\n";
        assert_eq!(parse(text), [("read".to_owned(), 9064), ("write".to_owned(), 9000)]);
        assert!(parse("").is_empty());
    }
}
