//! What an operator does to a server, and what happens to it on a real machine: logs are rotated, readers stop,
//! disks are full, limits are low, and standard error is read by no process.

pub mod at_exit;
pub mod log_rotation;
pub mod slow_log;
pub mod standard_streams;
pub mod startup;

use crate::attempts::side_by_side;
use anyhow::{Context, Result, ensure};
use bench::resilience::client::Client;
use bench::resilience::{Stage, TIMEOUT, wait_until};
use bench::targets::server::Server;
use bench::tools::Folder;
use std::fs;
use std::net::SocketAddr;
use std::process::Command;

/// One of the checks of a file.
type Check = fn(&Stage) -> Result<()>;

/// All of a file: each has a server of its own, and mostly waits.
fn together(stage: &Stage, checks: &[Check]) -> Result<()> {
    side_by_side(checks, checks.len(), |check| check(stage))
}

/// A new folder for logs, and the path of a log in it.
fn folder_and_log() -> Result<(Folder, String)> {
    let folder = Folder::create()?;
    let log = path(&folder, "log");
    Ok((folder, log))
}

fn path(folder: &Folder, name: &str) -> String {
    folder.join(name).display().to_string()
}

/// A FIFO that is open for reading and writing: opening it waits for no process, and it has no end.
fn fifo(folder: &Folder) -> Result<(String, fs::File)> {
    let path = path(folder, "fifo");
    ensure!(Command::new("mkfifo").arg(&path).status()?.success(), "mkfifo failed");
    let file = fs::File::options().read(true).write(true).open(&path)?;
    Ok((path, file))
}

/// GETs `path` so many times on one connection, 25 at once.
fn ask(address: SocketAddr, path: &str, times: usize) -> Result<()> {
    let mut client = Client::connect(address)?;
    for _ in 0..times.div_ceil(25) {
        (0..25).for_each(|_| client.get(path));
        (0..25).try_for_each(|_| client.expect(200).map(drop))?;
    }
    Ok(())
}

/// Lines for responses in a log whose every line is whole, and how many it says are missing.
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

/// Waits until a log, which may not be there yet, has so many lines for responses, all of them whole.
fn wait_for_lines(path: &str, count: usize) -> Result<()> {
    let what = format!("{count} lines in {path}");
    let has_them = |log: String| log.lines().count() >= count;
    wait_until(&what, || Ok(fs::read_to_string(path).is_ok_and(has_them)))?;
    let found = lines(&fs::read_to_string(path)?)?;
    ensure!(found == [count, 0], "{found:?}, expected {count} lines and no gap");
    Ok(())
}
