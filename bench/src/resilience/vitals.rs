//! What a server holds: descriptors, threads, memory; from `/proc`, without asking it.

use super::PATIENCE;
use crate::evidence::tree;
use anyhow::{Context, Result, bail, ensure};
use std::collections::BTreeMap;
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

    /// Of a process that may still be busy: once it has come to [rest](at_rest).
    pub fn at_rest(pid: u32) -> Result<Self> {
        at_rest(pid)?;
        Self::of(pid)
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
        at_rest(pid)?;
        let now = memory(pid)?;
        if now <= most {
            return Ok(now);
        }
        if Instant::now() > deadline {
            bail!("{now} KiB of memory for {PATIENCE:?}, {most} are allowed");
        }
    }
}

/// Waits until a process has nothing to do: every thread is asleep, and none has run between two looks. What the
/// kernel still carries to its sockets gets there between the two.
pub fn at_rest(pid: u32) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    let mut before = switches_asleep(pid)?;
    loop {
        std::thread::sleep(BETWEEN_LOOKS);
        let now = switches_asleep(pid)?;
        if now.is_some() && now == before {
            return Ok(());
        }
        ensure!(Instant::now() < deadline, "process {pid} does not come to rest in {PATIENCE:?}");
        before = now;
    }
}

/// Shorter than a server's pause between two attempts to accept, so that one without descriptors rests too.
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);

/// How often threads have gone to sleep so far, by thread; `None` if one of them is not asleep.
fn switches_asleep(pid: u32) -> Result<Option<BTreeMap<u32, String>>> {
    let mut switches = BTreeMap::new();
    for (tid, folder) in tree::tasks(pid) {
        // A thread may end between the listing and the reading.
        let Ok(text) = fs::read_to_string(folder.join("status")) else { return Ok(None) };
        let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name));
        if !field("State:").is_some_and(|state| state.trim_start().starts_with('S')) {
            return Ok(None);
        }
        let count = field("voluntary_ctxt_switches:").context("the kernel counts no switches")?;
        switches.insert(tid, count.to_owned());
    }
    ensure!(!switches.is_empty(), "process {pid} is gone");
    Ok(Some(switches))
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
