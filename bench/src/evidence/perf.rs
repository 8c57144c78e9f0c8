//! Where the CPU time goes, by function: `perf record` on a server that runs.

use super::strace::end;
use crate::tools::{self, Folder};
use anyhow::{Context, Result, ensure};
use shared::sys::process;
use shared::sys::signal::{self, Signal};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

/// How long it samples.
pub const PASS: Duration = Duration::from_secs(2);
/// From its start until it samples, about.
const ATTACH: Duration = Duration::from_millis(300);
/// Functions with a smaller share are left out.
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
pub struct Perf {
    child: Child,
    folder: Folder,
}

impl Perf {
    /// Begins to sample all threads of `pid`.
    pub fn attach(pid: u32) -> Result<Self> {
        let program = tools::find("perf")
            .context("perf is not installed; on Debian or Ubuntu: apt-get install linux-perf")?;
        let folder = Folder::create()?;
        let mut command = Command::new(program);
        command.args(["record", "-q", "-F", "999", "-p", &pid.to_string(), "-o"]);
        command.arg(folder.path().join("samples"));
        // It is ended by SIGINT, which our threads are deaf to, and it would inherit that.
        process::unblock_signals(process::die_with_parent(&mut command));
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("cannot start perf")?;
        let mut perf = Self { child, folder };
        thread::sleep(ATTACH);
        ensure!(
            perf.child.try_wait()?.is_none(),
            "perf may not look; sysctl kernel.perf_event_paranoid=1 as root lets it"
        );
        Ok(perf)
    }

    /// Ends, and tells the functions with the largest shares.
    pub fn finish(mut self) -> Result<Vec<Symbol>> {
        signal::send(self.child.id(), Signal::Interrupt)?;
        end(&mut self.child)?;
        let program = tools::find("perf").context("perf is gone")?;
        let output = Command::new(program)
            .args(["report", "--stdio", "-q", "--no-children", "-F", "overhead,sym", "-i"])
            .arg(self.folder.path().join("samples"))
            .stdin(Stdio::null())
            .output()
            .context("cannot start perf report")?;
        let symbols = parse(&String::from_utf8_lossy(&output.stdout));
        ensure!(!symbols.is_empty(), "perf took no samples; in some virtual machines it cannot");
        Ok(symbols)
    }
}

impl Drop for Perf {
    fn drop(&mut self) {
        if !matches!(self.child.try_wait(), Ok(Some(_))) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// Lines such as `12.34%  [k] tcp_sendmsg`.
fn parse(report: &str) -> Vec<Symbol> {
    let line = |line: &str| {
        let (share, rest) = line.trim().split_once('%')?;
        let (kind, name) = rest.trim().split_once(' ')?;
        let share: f64 = share.parse().ok()?;
        (share >= LEAST).then(|| Symbol {
            name: name.trim().to_owned(),
            share,
            kernel: kind == "[k]",
        })
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
