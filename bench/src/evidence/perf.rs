//! `perf record` on a server that runs.

use super::tool::Tool;
use crate::tools;
use anyhow::{Context, Result};
use std::fs;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

/// From the moment that perf has its events until all of them count, about.
const ENABLE: Duration = Duration::from_millis(100);
/// What a user lacks who may not sample.
const RIGHTS: &str = "as root, sysctl kernel.perf_event_paranoid=0 allows it";

/// perf at work, and how. Dropping it ends perf.
pub(super) struct Recording {
    tool: Tool,
    pid: u32,
    /// Whether it follows the server's threads one by one. Then it sets a timer at every switch from thread to thread,
    /// which can double what a switch costs; samples of the whole machine cost a server next to nothing.
    pub(super) by_thread: bool,
}

impl Recording {
    /// Has perf take about a thousand samples per second and CPU of the whole machine; where that is not allowed, of the
    /// threads of `pid`. Returns when it samples.
    ///
    /// # Errors
    /// When perf is not installed, or may not sample `pid`.
    pub(super) fn start(pid: u32, options: &[&str]) -> Result<Self> {
        tools::require("perf")?;
        if let Ok(tool) = start(options, &["-a"]) {
            return Ok(Self { tool, pid, by_thread: false });
        }
        let tool = start(options, &["-p", &pid.to_string()])?;
        Ok(Self { tool, pid, by_thread: true })
    }

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
