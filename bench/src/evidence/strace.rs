//! System calls by name and number: `strace -c -f`, attached to a server that runs.

use super::tool::Tool;
use crate::proc;
use anyhow::{Context, Result};
use std::cmp::Reverse;
use std::fs;
use std::thread;
use std::time::Duration;

/// How long it counts: ratios need no more.
pub const PASS: Duration = Duration::from_secs(1);

/// strace, attached. Dropping it ends it.
pub struct Strace(Tool);

impl Strace {
    /// Attaches to all threads of `pid`, and returns when it has.
    ///
    /// # Errors
    /// When strace is not installed, or may not trace `pid`.
    pub fn attach(pid: u32) -> Result<Self> {
        let args = ["-c", "-f", "-q", "-p", &pid.to_string(), "-o"];
        let mut tool = Tool::start("strace", &args)?;
        let traced = || {
            let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
            proc::field::<u32>(&status, "TracerPid:").is_some_and(|tracer| tracer != 0)
        };
        tool.wait_until(traced, "as root, sysctl kernel.yama.ptrace_scope=0 allows it")?;
        // The first thread is attached before the others.
        thread::sleep(Duration::from_millis(100));
        Ok(Self(tool))
    }

    /// Detaches, and tells how often each call was made, the most frequent first.
    ///
    /// # Errors
    /// When strace does not end, or wrote no summary.
    pub fn finish(mut self) -> Result<Vec<(String, u64)>> {
        let summary = fs::read_to_string(self.0.end()?).context("strace's summary")?;
        Ok(parse(&summary))
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
    calls.sort_by_key(|(_, count)| Reverse(*count));
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
