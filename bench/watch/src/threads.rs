//! The server's threads, by name, each with what it is doing just now.

use crate::frame::{Group, QUEUED, letter};
use bench::evidence::Evidence;
use bench::evidence::sleep::Sleep;
use bench::evidence::tree::Thread;
use bench::proc;
use std::collections::HashMap;
use std::fs;
use std::process;

/// The threads of the last second.
#[derive(Default)]
pub(crate) struct Threads {
    known: Vec<Known>,
    /// Nanoseconds on a CPU and waiting for one, of threads that were found running.
    schedstats: HashMap<u32, [u64; 2]>,
}

struct Known {
    tid: u32,
    /// Without its number.
    name: String,
    /// Of the second, on a CPU.
    share: f64,
    /// Whether it was found in a lock most of the time: a thread of a pool with nothing to do.
    rests: bool,
}

impl Threads {
    /// A second is over.
    pub(crate) fn update(&mut self, evidence: &Evidence) {
        let state = |thread: &Thread| thread.mostly.map(|(sleep, _)| sleep);
        // The thread that waits for signals has nothing to do with requests.
        let serving = evidence.threads.iter().filter(|thread| state(thread) != Some(Sleep::Signal));
        let known = serving.map(|thread| {
            let name = thread.name.trim_end_matches(|last: char| last.is_ascii_digit());
            // A stage's first thread has the name of the program.
            let name = if name.starts_with("stage") { "main" } else { name };
            let share = thread.cpu / evidence.seconds.max(f64::MIN_POSITIVE);
            let rests = state(thread) == Some(Sleep::Futex);
            Known { tid: thread.tid, name: name.trim_end_matches('-').to_owned(), share, rests }
        });
        self.known = known.collect();
        self.known.sort_unstable_by_key(|thread| thread.tid);
    }

    /// How many threads of this name have something to do.
    pub(crate) fn at_work(&self, name: &str) -> u64 {
        let at_work = self.known.iter().filter(|thread| thread.name == name && !thread.rests);
        at_work.count() as u64
    }

    /// By name, in the order in which they were started.
    pub(crate) fn groups(&mut self, latest: &HashMap<u32, Sleep>) -> Vec<Group> {
        let mut groups: Vec<Group> = Vec::new();
        for Known { tid, name, share, .. } in &self.known {
            let letter = match latest.get(tid) {
                Some(Sleep::Running) => queued(*tid, &mut self.schedstats).unwrap_or('R'),
                Some(sleep) => letter(*sleep),
                None => ' ',
            };
            let at = groups.iter().position(|group| group.name == *name).unwrap_or_else(|| {
                groups.push(Group { name: name.clone(), ..Group::default() });
                groups.len() - 1
            });
            groups[at].letters.push(letter);
            groups[at].busiest = groups[at].busiest.max(*share);
        }
        groups
    }
}

/// Whether a runnable thread has waited for a CPU longer than it was on one since it was last found running.
fn queued(tid: u32, schedstats: &mut HashMap<u32, [u64; 2]>) -> Option<char> {
    let [cpu, wait] = proc::schedstat(&fs::read_to_string(format!("/proc/{tid}/schedstat")).ok()?)?;
    let [cpu_before, wait_before] = schedstats.insert(tid, [cpu, wait])?;
    (wait.saturating_sub(wait_before) > cpu.saturating_sub(cpu_before)).then_some(QUEUED)
}

/// Nanoseconds of CPU time that this program has used, the threads of its load apart.
pub(crate) fn own_cpu() -> u64 {
    let read = |path| fs::read_to_string(path).unwrap_or_default();
    let is_load = |name: &str| name.starts_with("load-") || name == "idle";
    let threads = proc::tasks(process::id()).unwrap_or_default().into_iter();
    let own = threads.filter(|(_, folder)| !is_load(read(folder.join("comm")).trim()));
    own.filter_map(|(_, folder)| proc::schedstat(&read(folder.join("schedstat"))))
        .map(|[cpu, _]| cpu)
        .sum()
}
