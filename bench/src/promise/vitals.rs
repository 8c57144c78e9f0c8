//! What a server holds: descriptors, threads, memory; from `/proc`, without asking it.

use super::PATIENCE;
use anyhow::{Context, Result, bail};
use std::fs;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// What a process holds at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vitals {
    /// Open descriptors.
    pub fds: usize,
    /// Threads.
    pub threads: usize,
}

impl Vitals {
    /// Of process `pid`, now.
    pub fn of(pid: u32) -> Result<Self> {
        let count = |what: &str| {
            let entries = fs::read_dir(format!("/proc/{pid}/{what}"));
            entries.map(Iterator::count).with_context(|| format!("process {pid} is gone"))
        };
        Ok(Self { fds: count("fd")?, threads: count("task")? })
    }

    /// Of a process that may still be starting threads: the same ten times in a row.
    pub fn at_rest(pid: u32) -> Result<Self> {
        at_rest(|| Self::of(pid), Instant::now() + PATIENCE)
    }

    /// Waits until the process holds no more and no less than this again.
    pub fn come_back(self, pid: u32) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        while Self::of(pid)? != self {
            if Instant::now() > deadline {
                bail!("{self:?} before, {:?} for {PATIENCE:?} now", Self::of(pid)?);
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }
}

/// Resident memory of a process, in KiB.
pub fn memory(pid: u32) -> Result<u64> {
    kib(pid, "VmRSS:")
}

/// The most that it ever was.
pub fn peak_memory(pid: u32) -> Result<u64> {
    kib(pid, "VmHWM:")
}

/// Waits until a process needs no more than `most` KiB again, and tells where it comes to rest.
pub fn memory_down_to(pid: u32, most: u64) -> Result<u64> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let now = at_rest(|| memory(pid), deadline)?;
        if now <= most {
            return Ok(now);
        }
        if Instant::now() > deadline {
            bail!("{now} KiB of memory for {PATIENCE:?}, {most} are allowed");
        }
    }
}

/// What `look` sees when it has seen the same ten times in a row, or at the deadline.
fn at_rest<T: PartialEq>(look: impl Fn() -> Result<T>, deadline: Instant) -> Result<T> {
    let (mut last, mut same) = (look()?, 0);
    while same < 10 && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(20));
        let now = look()?;
        same = if now == last { same + 1 } else { 0 };
        last = now;
    }
    Ok(last)
}

fn kib(pid: u32, name: &str) -> Result<u64> {
    let value = status(pid, name)?;
    let number = value.split_whitespace().next().with_context(|| format!("{name} has no value"))?;
    number.parse().with_context(|| name.to_owned())
}

/// Places in the process's table of descriptors, used or not.
pub fn descriptor_places(pid: u32) -> Result<u64> {
    status(pid, "FDSize:")?.trim().parse().context("FDSize")
}

/// Whether the process has taken every signal that was sent to it.
pub fn has_taken_signals(pid: u32) -> Result<bool> {
    Ok(status(pid, "ShdPnd:")?.trim().bytes().all(|digit| digit == b'0'))
}

/// Bytes that have come to connections of the server at `address` and that it has not read yet.
pub fn unread(address: SocketAddr) -> Result<u64> {
    let local = format!("{:04X}", address.port());
    let sockets = fs::read_to_string("/proc/net/tcp").context("reading /proc/net/tcp")?;
    let bytes = |line: &str| {
        let fields: Vec<_> = line.split_whitespace().collect();
        let (port, queues) = (fields.get(1)?.rsplit(':').next()?, fields.get(4)?);
        let received = queues.split(':').nth(1).filter(|_| port == local)?;
        u64::from_str_radix(received, 16).ok()
    };
    Ok(sockets.lines().filter_map(bytes).sum())
}

fn status(pid: u32, name: &str) -> Result<String> {
    let status =
        fs::read_to_string(format!("/proc/{pid}/status")).context("the process is gone")?;
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    line.map(str::to_owned).with_context(|| format!("/proc/{pid}/status has no {name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_descriptor_more_is_seen() {
        let pid = std::process::id();
        // Other tests have memory of this process meanwhile.
        assert!(peak_memory(pid).unwrap() > 0 && memory(pid).unwrap() > 0);
        assert!(has_taken_signals(pid).unwrap());
        assert!(Vitals::of(pid).unwrap().fds > 0 && Vitals::of(u32::MAX).is_err());
    }
}
