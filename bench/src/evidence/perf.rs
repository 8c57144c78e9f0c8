//! Where the CPU time goes, by function: `perf record` on a server that runs.

use super::tool::Tool;
use crate::tools;
use anyhow::{Context, Result, ensure};
use std::fs;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

/// How long it samples.
pub const PASS: Duration = Duration::from_secs(2);
/// From the moment that perf has its events until all of them count, about.
const ENABLE: Duration = Duration::from_millis(100);
/// What a user lacks who may not sample.
const RIGHTS: &str = "as root, sysctl kernel.perf_event_paranoid=0 allows it";
/// Functions with a smaller share, in percent, are left out.
const LEAST: f64 = 1.0;
/// So many are shown.
const MOST: usize = 15;

/// One function and its share of the server's time, in percent.
#[derive(Clone, Debug, PartialEq)]
pub struct Symbol {
    /// Its name.
    pub name: String,
    /// Its share.
    pub share: f64,
    /// Whether it is the kernel's.
    pub kernel: bool,
}

/// perf, sampling. Dropping it ends it.
pub struct Perf(Recording);

impl Perf {
    /// Begins to sample all threads of `pid`.
    ///
    /// # Errors
    /// When perf is not installed, or may not sample `pid`.
    pub fn attach(pid: u32) -> Result<Self> {
        record(pid, &[]).map(Self)
    }

    /// Ends, and tells the functions with the largest shares.
    ///
    /// # Errors
    /// When perf does not end, or took no samples.
    pub fn finish(self) -> Result<Vec<Symbol>> {
        let columns = ["--no-children", "-F", "overhead,sym", "--percentage", "relative"];
        let report = self.0.end(&[&["report", "--stdio", "-q"], &columns[..]].concat())?;
        let symbols = parse(&report);
        ensure!(!symbols.is_empty(), "perf took no samples; in some virtual machines it cannot");
        Ok(symbols)
    }
}

/// perf at work, and how.
pub(super) struct Recording {
    tool: Tool,
    pid: u32,
    /// Whether it follows the server's threads one by one. Then it sets a timer at every switch from thread to thread,
    /// which can double what a switch costs; samples of the whole machine cost a server next to nothing.
    pub(super) by_thread: bool,
}

impl Recording {
    /// Ends, and has perf tell of the samples of the server: what `command` prints.
    pub(super) fn end(mut self, command: &[&str]) -> Result<String> {
        let samples = self.tool.end()?;
        let output = Command::new(tools::require("perf")?)
            .args(command)
            .args(["--pid", &self.pid.to_string(), "-i"])
            .arg(samples)
            .stdin(Stdio::null())
            .output()
            .with_context(|| format!("cannot start perf {}", command[0]))?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

/// Has perf take about a thousand samples per second and CPU of the whole machine; where that is not allowed, of the
/// threads of `pid`. Returns when it samples.
///
/// # Errors
/// When perf is not installed, or may not sample `pid`.
pub(super) fn record(pid: u32, options: &[&str]) -> Result<Recording> {
    tools::require("perf")?;
    if let Ok(tool) = start(options, &["-a"]) {
        return Ok(Recording { tool, pid, by_thread: false });
    }
    let tool = start(options, &["-p", &pid.to_string()])?;
    Ok(Recording { tool, pid, by_thread: true })
}

fn start(options: &[&str], whom: &[&str]) -> Result<Tool> {
    let args = [&["record", "-q", "-F", "999"], options, whom, &["-o"]].concat();
    let mut tool = Tool::start("perf", &args)?;
    let files = format!("/proc/{}/fd", tool.pid());
    let has_events = || {
        let files = fs::read_dir(&files).into_iter().flatten().flatten();
        let mut targets = files.filter_map(|file| fs::read_link(file.path()).ok());
        targets.any(|target| target.as_os_str() == "anon_inode:[perf_event]")
    };
    tool.wait_until(has_events, RIGHTS)?;
    thread::sleep(ENABLE);
    tool.still_runs(RIGHTS)?;
    Ok(tool)
}

/// Lines such as `12.34%  [k] tcp_sendmsg`.
fn parse(report: &str) -> Vec<Symbol> {
    let line = |line: &str| {
        let (share, rest) = line.trim().split_once('%')?;
        let (kind, name) = rest.trim().split_once(' ')?;
        let share = share.parse().ok().filter(|share| *share >= LEAST)?;
        Some(Symbol { name: name.trim().to_owned(), share, kernel: kind == "[k]" })
    };
    report.lines().filter_map(line).take(MOST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_report() {
        let text = "\n    12.34%  [k] tcp_sendmsg  \n     3.50%  [.] shared::http::head::parse\n     0.10%  [k] x\n";
        let symbol = |name: &str, share, kernel| Symbol { name: name.to_owned(), share, kernel };
        let expected =
            [symbol("tcp_sendmsg", 12.34, true), symbol("shared::http::head::parse", 3.5, false)];
        assert_eq!(parse(text), expected);
    }
}
