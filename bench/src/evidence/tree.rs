//! A process with its threads and all that it forked: what they have used so far, and between two looks.

use super::sleep::Sleep;
use crate::proc;
use serde::{Deserialize, Serialize};
use shared::sys::process::ticks_per_second;
use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;
use std::process;

/// All threads of a tree at one moment.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    threads: HashMap<u32, Counters>,
    /// User and kernel.
    ticks: Option<[u64; 2]>,
    /// Reads and writes.
    calls: Option<[u64; 2]>,
    memory: Option<u64>,
}

#[derive(Clone, Debug, Default)]
struct Counters {
    name: String,
    /// Nanoseconds on a CPU, and waiting for one.
    schedstat: Option<[u64; 2]>,
    /// Voluntary and involuntary.
    switches: Option<[u64; 2]>,
    /// By SIGSTOP or a debugger.
    stopped: bool,
}

/// Threads or processes ended whose work counts when the process used so many seconds more than its threads, and this share: a few
/// ticks are the rounding.
const ENDED: f64 = 0.1;

/// What a tree used between two snapshots. What is unknown is `None`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Use {
    /// Seconds on a CPU, user and kernel together, to the nanosecond; to a tick of 10 ms where threads ended.
    pub cpu: f64,
    /// The part of them that was spent in the kernel, and the ticks of 10 ms that it was found with:
    /// less than 200 are a guess.
    pub kernel: Option<(f64, u64)>,
    /// Seconds that threads waited for a CPU although they had work.
    pub run_wait: f64,
    /// Times that a thread went to sleep by itself; unknown where threads ended.
    pub voluntary: Option<u64>,
    /// Times that a thread was taken off its CPU.
    pub involuntary: Option<u64>,
    /// Calls of read and its like, recv apart.
    pub reads: Option<u64>,
    /// Calls of write and its like, send apart.
    pub writes: Option<u64>,
    /// Bytes of memory at the end (Pss).
    pub memory: Option<u64>,
}

/// What one thread did between two snapshots.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Thread {
    /// Its number.
    pub tid: u32,
    /// Its name.
    pub name: String,
    /// Seconds on a CPU.
    pub cpu: f64,
    /// Seconds that it waited for one.
    pub run_wait: f64,
    /// Times that it went to sleep by itself.
    pub voluntary: Option<u64>,
    /// Where most samples found it, and their share.
    pub mostly: Option<(Sleep, f64)>,
}

impl Snapshot {
    /// Looks at the processes `roots` and at all that they forked.
    ///
    /// # Errors
    /// When there is no such process.
    pub fn of(roots: &[u32]) -> io::Result<Self> {
        let processes = all(roots);
        if processes.is_empty() {
            return Err(ErrorKind::NotFound.into());
        }
        let tasks = processes.iter().filter_map(|pid| proc::tasks(*pid).ok());
        let tasks: Vec<_> = tasks.flatten().collect();
        // What is compared with the generator's own window comes first: the rest takes a millisecond.
        let mut snapshot = Self::default();
        for (tid, folder) in &tasks {
            let schedstat = read(folder.join("schedstat")).as_deref().and_then(proc::schedstat);
            snapshot.threads.insert(*tid, Counters { schedstat, ..Counters::default() });
        }
        for (tid, folder) in &tasks {
            let counters = snapshot.threads.entry(*tid).or_default();
            let status = read(folder.join("status")).unwrap_or_default();
            counters.switches = proc::switches(&status);
            counters.stopped = matches!(proc::field(&status, "State:"), Some('T' | 't'));
            counters.name = proc::name(&status).to_owned();
        }
        let of = |file: &str, parser: fn(&str) -> Option<[u64; 2]>| {
            let texts = processes.iter().map(|pid| read(format!("/proc/{pid}/{file}")));
            sum(texts.map(|text| parser(&text?)))
        };
        snapshot.ticks = of("stat", proc::ticks);
        snapshot.calls = of("io", proc::calls);
        snapshot.memory = of("smaps_rollup", |text| Some([proc::pss(text)?, 0])).map(|sum| sum[0]);
        Ok(snapshot)
    }

    /// Whether no thread may run, by SIGSTOP or a debugger.
    pub fn is_stopped(&self) -> bool {
        !self.threads.is_empty() && self.threads.values().all(|thread| thread.stopped)
    }

    /// What was used since `before`.
    pub fn use_since(&self, before: &Self) -> Use {
        let threads = self.threads_since(before, &HashMap::new());
        let switches = |of: &Self| sum(of.threads.values().map(|thread| thread.switches));
        let switches = difference(switches(self), switches(before));
        let calls = difference(self.calls, before.calls);
        let ticks = difference(self.ticks, before.ticks);
        let cpu = threads.iter().map(|thread| thread.cpu).sum();
        // A server with a thread for each connection: what they did is known of the process alone.
        let ended = ticks.and_then(seconds).filter(|all| all - cpu > ENDED * (1.0 + cpu));
        let remain = before.threads.keys().all(|tid| self.threads.contains_key(tid));
        let switches = switches.filter(|_| remain && ended.is_none());
        Use {
            cpu: ended.unwrap_or(cpu),
            kernel: ticks.and_then(kernel_share),
            run_wait: threads.iter().map(|thread| thread.run_wait).sum(),
            voluntary: switches.map(|[voluntary, _]| voluntary),
            involuntary: switches.map(|[_, involuntary]| involuntary),
            reads: calls.map(|[reads, _]| reads),
            writes: calls.map(|[_, writes]| writes),
            memory: self.memory,
        }
    }

    /// What each thread did since `before`, the busiest first. `most_often`: where samples found it.
    pub fn threads_since(
        &self,
        before: &Self,
        most_often: &HashMap<u32, (Sleep, f64)>,
    ) -> Vec<Thread> {
        let thread = |(tid, after): (&u32, &Counters)| {
            let before = before.threads.get(tid);
            let start = before.and_then(|before| before.schedstat).unwrap_or_default();
            let [cpu, run_wait] = difference(after.schedstat, Some(start))?;
            let switches = before.and_then(|before| before.switches).unwrap_or_default();
            Some(Thread {
                tid: *tid,
                name: after.name.clone(),
                cpu: cpu as f64 / 1e9,
                run_wait: run_wait as f64 / 1e9,
                voluntary: difference(after.switches, Some(switches))
                    .map(|[voluntary, _]| voluntary),
                mostly: most_often.get(tid).copied(),
            })
        };
        let mut threads: Vec<_> = self.threads.iter().filter_map(thread).collect();
        threads
            .sort_by(|left, right| right.cpu.total_cmp(&left.cpu).then(left.tid.cmp(&right.tid)));
        threads
    }
}

/// Ticks as seconds.
fn seconds([user, kernel]: [u64; 2]) -> Option<f64> {
    Some((user + kernel) as f64 / ticks_per_second().ok()? as f64)
}

/// The kernel's share of user and kernel ticks, and how many there are.
fn kernel_share([user, kernel]: [u64; 2]) -> Option<(f64, u64)> {
    // A tick is the kernel's unit of reporting (10 ms as a rule); shares do not depend on it.
    let all = user + kernel;
    let hundredths = 100 * all / ticks_per_second().ok()?;
    (all > 0).then(|| (kernel as f64 / all as f64, hundredths))
}

/// The processes `roots` and all below them, each once.
pub fn all(roots: &[u32]) -> Vec<u32> {
    let found = roots.iter().flat_map(|root| processes(*root).unwrap_or_default());
    found.collect::<BTreeSet<_>>().into_iter().collect()
}

/// `pid`, and all below it; this process and what is below that only when it is `pid`: a server may have started the
/// program that measures it.
///
/// # Errors
/// When there is no such process.
pub fn processes(pid: u32) -> io::Result<Vec<u32>> {
    let mut found = vec![pid];
    for (_, task) in proc::tasks(pid)? {
        // A thread may end between the listing and the reading.
        let children = read(task.join("children")).unwrap_or_default();
        let children = children.split_whitespace().filter_map(|pid| pid.parse().ok());
        for child in children.filter(|child| *child != process::id()) {
            found.extend(processes(child).unwrap_or_default());
        }
    }
    Ok(found)
}

fn read(path: impl AsRef<Path>) -> Option<String> {
    fs::read_to_string(path).ok()
}

/// A part that is unknown makes the sum unknown.
fn sum(mut parts: impl Iterator<Item = Option<[u64; 2]>>) -> Option<[u64; 2]> {
    parts.try_fold([0, 0], |[a, b], part| part.map(|[c, d]| [a + c, b + d]))
}

fn difference(after: Option<[u64; 2]>, before: Option<[u64; 2]>) -> Option<[u64; 2]> {
    let ([a, b], [c, d]) = after.zip(before)?;
    Some([a.saturating_sub(c), b.saturating_sub(d)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{BufRead, BufReader, Write};
    use std::process::{Command, Stdio};

    fn snapshot(threads: &[(u32, u64, u64)]) -> Snapshot {
        let thread = |&(tid, cpu, switches)| {
            let (schedstat, switches) = (Some([cpu, cpu / 2]), Some([switches, 1]));
            let name = format!("t{tid}");
            (tid, Counters { name, schedstat, switches, stopped: false })
        };
        Snapshot { threads: threads.iter().map(thread).collect(), ..Snapshot::default() }
    }

    #[test]
    fn what_was_used_is_a_difference_and_the_busiest_comes_first() {
        let before = snapshot(&[(1, 1_000, 5), (2, 0, 0)]);
        let after = snapshot(&[(1, 2_000, 6), (2, 5_000_000_000, 7), (3, 500, 1)]);
        let threads = after.threads_since(&before, &HashMap::from([(1, (Sleep::Poll, 0.9))]));
        let order: Vec<_> = threads.iter().map(|thread| thread.tid).collect();
        assert_eq!(order, [2, 1, 3]);
        assert_eq!((threads[0].cpu, threads[0].voluntary), (5.0, Some(7)));
        assert_eq!(threads[1].mostly, Some((Sleep::Poll, 0.9)));
        let used = after.use_since(&before);
        assert_eq!(used.voluntary, Some(6 + 7 + 1 - 5));
        // Nothing was read of these: unknown, not zero.
        assert_eq!((used.reads, used.memory), (None, None));
        // A thread has ended, and with it the count of its switches.
        assert_eq!(snapshot(&[(1, 3_000, 9)]).use_since(&after).voluntary, None);
    }

    #[test]
    fn we_have_used_some_ourselves() {
        let snapshot = Snapshot::of(&[process::id()]).unwrap();
        let used = snapshot.use_since(&Snapshot::default());
        assert!(used.cpu > 0.0 && snapshot.memory.is_none_or(|bytes| bytes > 0));
        assert!(Snapshot::of(&[u32::MAX]).is_err() && Snapshot::of(&[]).is_err());
    }

    #[test]
    fn a_process_that_was_forked_and_has_ended_has_used_some() {
        // It computes for as long as it may, which is a second, and is waited for.
        let line = "read go; (ulimit -t 1; while :; do :; done); echo ended; read end";
        let mut server = Command::new("sh");
        server.args(["-c", line]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut server = server.stderr(Stdio::null()).spawn().unwrap();
        let before = Snapshot::of(&[server.id()]).unwrap();
        let mut stdin = server.stdin.take().unwrap();
        stdin.write_all(b"\n").unwrap();
        BufReader::new(server.stdout.take().unwrap()).read_line(&mut String::new()).unwrap();
        let used = Snapshot::of(&[server.id()]).unwrap().use_since(&before);
        drop(stdin);
        server.wait().unwrap();
        assert!(used.cpu > 0.5, "{used:?}");
    }

    #[test]
    fn the_kernels_share() {
        assert_eq!(kernel_share([0, 0]), None);
        assert_eq!(kernel_share([25, 75]).unwrap().0, 0.75);
    }
}
