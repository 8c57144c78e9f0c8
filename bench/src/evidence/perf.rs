//! `perf record` on a server that runs, and what `perf script` tells of it.

use super::profile::Profile;
use super::tool::Tool;
use crate::tools;
use anyhow::{Context, Result};
use std::fs;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

/// From the moment that perf has its events until all of them count, about.
const ENABLE: Duration = Duration::from_millis(100);
/// The timer of the kernel, which virtual machines have too; and stacks by the unwind tables of a release build, which
/// keeps no frame pointers. Build ids would only be of use for a later look.
const OPTIONS: [&str; 6] = ["-B", "-N", "-e", "cpu-clock", "--call-graph", "dwarf,4096"];
/// What a user lacks who may not sample.
const RIGHTS: &str = "as root, sysctl kernel.perf_event_paranoid=0 allows it";

/// perf, sampling stacks. Dropping it ends it.
pub struct Profiler {
    tool: Tool,
    pid: u32,
    /// Whether it follows the server's threads one by one. Then it sets a timer at every switch from thread to thread,
    /// which can double what a switch costs; samples of the whole machine cost a server next to nothing.
    by_thread: bool,
}

impl Profiler {
    /// Has perf take about a thousand samples per second and CPU of the whole machine; where that is not allowed, of the
    /// threads of `pid`. Returns when it samples.
    ///
    /// # Errors
    /// When perf is not installed, or may not sample `pid`.
    pub fn attach(pid: u32) -> Result<Self> {
        tools::require("perf")?;
        if let Ok(tool) = start(&["-a"]) {
            return Ok(Self { tool, pid, by_thread: false });
        }
        let tool = start(&["-p", &pid.to_string()])?;
        Ok(Self { tool, pid, by_thread: true })
    }

    /// Ends, and tells what it saw of the server.
    ///
    /// # Errors
    /// When perf does not end, took no samples, or was not shown the kernel's part of them.
    pub fn finish(mut self) -> Result<Profile> {
        let samples = self.tool.end()?;
        let output = Command::new(tools::require("perf")?)
            .args(["script", "--no-inline", "-F", "comm,ip,sym"])
            .args(["--pid", &self.pid.to_string(), "-i"])
            .arg(samples)
            .stdin(Stdio::null())
            .output()
            .context("cannot start perf script")?;
        Profile::parse(&String::from_utf8_lossy(&output.stdout), self.by_thread)
    }
}

fn start(whom: &[&str]) -> Result<Tool> {
    let args = [&["record", "-q", "-F", "999"], &OPTIONS[..], whom, &["-o"]].concat();
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
