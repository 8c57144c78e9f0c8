//! What an operator does to a server, and what happens to it on a real machine: logs are rotated, readers stop,
//! disks are full, limits are low, and nobody looks at standard error.

pub mod ends;
pub mod limits;
pub mod rotation;
pub mod start;
pub mod streams;

use super::client::Client;
use super::{PATIENCE, Stage};
use crate::targets::server::Server;
use anyhow::{Context, Result, ensure};
use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Command, ExitStatus};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// A new folder, which goes with all that is in it.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Result<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("operator-{}-{number}", std::process::id()));
        fs::create_dir_all(&path).context("a folder for logs")?;
        Ok(Self(path))
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }

    /// A FIFO that is open for reading and writing: nobody who opens it waits, and it has no end.
    fn fifo(&self, name: &str) -> Result<(String, fs::File)> {
        let path = self.path(name);
        ensure!(Command::new("mkfifo").arg(&path).status()?.success(), "mkfifo failed");
        let file = fs::File::options().read(true).write(true).open(&path)?;
        Ok((path, file))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The stage under other limits, in the words of prlimit(1), of util-linux.
fn limited(stage: &Stage, limit: &str, args: &[&str]) -> Command {
    let mut command = Command::new("prlimit");
    command.arg(limit).arg(stage.program).args(["--listen", "127.0.0.1:0"]);
    command.args(stage.flags).args(args);
    command
}

/// Waits for a state.
fn wait_until(what: &str, mut is_so: impl FnMut() -> Result<bool>) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    while !is_so()? {
        ensure!(Instant::now() < deadline, "not within {PATIENCE:?}: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
    Ok(())
}

/// Asks so many times for `path` on one connection, 25 at once.
fn ask(address: SocketAddr, path: &str, times: usize) -> Result<()> {
    let mut client = Client::connect(address)?;
    for _ in 0..times.div_ceil(25) {
        (0..25).for_each(|_| client.get(path));
        (0..25).try_for_each(|_| client.expect(200).map(drop))?;
    }
    Ok(())
}

/// Lines for responses in a log whose every line is whole, and those that it says are missing.
fn lines(log: &str) -> Result<[usize; 2]> {
    ensure!(log.is_empty() || log.ends_with('\n'), "the last line is torn: {log}");
    let mut count = [0, 0];
    for line in log.lines() {
        if let Some(gap) = line.strip_prefix("# ") {
            let number = gap.split(' ').next().unwrap_or_default();
            count[1] += number.parse::<usize>().with_context(|| line.to_owned())?;
        } else {
            let seconds = line.rsplit(' ').next().unwrap_or_default();
            let whole = line.starts_with("127.0.0.1 - - [")
                && line.matches(" HTTP/1.1\" ").count() == 1
                && seconds.split_once('.').is_some_and(|(_, micros)| micros.len() == 6);
            ensure!(whole, "no line: {line}");
            count[0] += 1;
        }
    }
    Ok(count)
}

/// Waits until a log has so many lines for responses, all of them whole.
fn wait_for_lines(path: &str, count: usize) -> Result<()> {
    let what = format!("{count} lines in {path}");
    wait_until(&what, || Ok(fs::read_to_string(path)?.lines().count() >= count))?;
    let found = lines(&fs::read_to_string(path)?)?;
    ensure!(found == [count, 0], "{found:?}, expected {count} lines and no gap");
    Ok(())
}

fn ended(server: &mut Server) -> Result<ExitStatus> {
    server.wait(PATIENCE)?.context("it does not end")
}
