//! What a server holds and uses: descriptors, threads, memory, CPU time; from `/proc`, without asking the server. A
//! process that is gone is an error everywhere.

use super::wait_until;
use crate::proc;
use anyhow::{Context, Result};
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::str::FromStr;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// What a process holds at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProcessUsage {
    /// Open descriptors.
    pub fds: usize,
    /// Threads.
    pub threads: usize,
}

impl ProcessUsage {
    /// Of process `pid`, now.
    pub fn of(pid: u32) -> Result<Self> {
        let count = |what: &str| {
            let entries = fs::read_dir(format!("/proc/{pid}/{what}"));
            entries.map(Iterator::count).with_context(|| gone(pid))
        };
        Ok(Self { fds: count("fd")?, threads: count("task")? })
    }

    /// Of a process that may still be busy: once it has come to [rest](at_rest).
    ///
    /// # Errors
    /// When it does not come to rest.
    pub fn at_rest(pid: u32) -> Result<Self> {
        at_rest(pid)?;
        Self::of(pid)
    }

    /// Waits until the process holds no more and no less than this again.
    ///
    /// # Errors
    /// When it does not; the error says what it holds.
    pub fn wait_for(self, pid: u32) -> Result<()> {
        let returned =
            wait_until("as many descriptors and threads as before", || Ok(Self::of(pid)? == self));
        returned.with_context(|| format!("{self:?} before, {:?} now", Self::of(pid)))
    }
}

/// Resident memory of a process, in KiB.
pub fn memory(pid: u32) -> Result<u64> {
    status(pid, "VmRSS:")
}

/// The most resident memory that it ever had, in KiB.
pub fn peak_memory(pid: u32) -> Result<u64> {
    status(pid, "VmHWM:")
}

/// Waits until a process needs no more than `most` KiB again, and tells where it comes to rest.
///
/// # Errors
/// When it still needs more after [`TIMEOUT`](super::TIMEOUT).
pub fn memory_down_to(pid: u32, most: u64) -> Result<u64> {
    let mut now = u64::MAX;
    let fallen = wait_until("less memory", || {
        at_rest(pid)?;
        now = memory(pid)?;
        Ok(now <= most)
    });
    fallen.with_context(|| format!("{now} KiB of memory, {most} are allowed")).map(|()| now)
}

/// Waits until a process has nothing to do: every thread is asleep, and none has run between two looks. What the
/// kernel still carries to its sockets gets there between the two.
///
/// # Errors
/// When it does not come to rest.
pub fn at_rest(pid: u32) -> Result<()> {
    let mut before = None;
    wait_until("the process comes to rest", || {
        let now = switches_asleep(pid)?;
        let rests = now.is_some() && now == before;
        before = now;
        sleep(BETWEEN_LOOKS);
        Ok(rests)
    })
}

/// Shorter than a server's pause between two attempts to accept, so that one without descriptors rests too.
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);

/// How often threads have gone to sleep so far, by thread; `None` if one of them is not asleep.
fn switches_asleep(pid: u32) -> Result<Option<BTreeMap<u32, u64>>> {
    let mut switches = BTreeMap::new();
    for (tid, task) in proc::tasks(pid).with_context(|| gone(pid))? {
        // A thread may end between the listing and the reading.
        let Ok(text) = fs::read_to_string(task.join("status")) else { return Ok(None) };
        if proc::field(&text, "State:") != Some('S') {
            return Ok(None);
        }
        let count = proc::field(&text, "voluntary_ctxt_switches:");
        switches.insert(tid, count.context("the kernel counts no switches")?);
    }
    Ok(Some(switches))
}

/// The share of a core that a process uses while it is looked at for a second.
///
/// # Errors
/// When there is no such process.
pub fn cpu_share(pid: u32) -> Result<f64> {
    let (start, before) = (Instant::now(), cpu(pid)?);
    sleep(Duration::from_secs(1));
    Ok(cpu(pid)?.saturating_sub(before).as_secs_f64() / start.elapsed().as_secs_f64())
}

/// CPU time of all threads that a process has now.
///
/// # Errors
/// When there is no such process.
pub fn cpu(pid: u32) -> Result<Duration> {
    let nanos = |(_, task): (u32, PathBuf)| {
        let [cpu, _] = proc::schedstat(&fs::read_to_string(task.join("schedstat")).ok()?)?;
        Some(cpu)
    };
    let tasks = proc::tasks(pid).with_context(|| gone(pid))?;
    Ok(Duration::from_nanos(tasks.into_iter().filter_map(nanos).sum()))
}

/// Places in the process's table of descriptors, used or not.
pub fn descriptor_places(pid: u32) -> Result<u64> {
    status(pid, "FDSize:")
}

/// Whether the process has taken every signal that was sent to it.
pub fn has_taken_signals(pid: u32) -> Result<bool> {
    Ok(status::<String>(pid, "ShdPnd:")?.bytes().all(|digit| digit == b'0'))
}

/// A field of the process's `status`.
fn status<T: FromStr>(pid: u32, name: &str) -> Result<T> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).with_context(|| gone(pid))?;
    proc::field(&status, name).with_context(|| format!("/proc/{pid}/status has no {name}"))
}

fn gone(pid: u32) -> String {
    format!("process {pid} is gone")
}
