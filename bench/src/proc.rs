//! The kernel's formats, see proc(5): pure functions from a file's text to figures, and where the files of threads lie.

use std::path::PathBuf;
use std::str::FromStr;
use std::{fs, io};

/// The threads of one process and their folders.
///
/// # Errors
/// When there is no such process.
pub fn tasks(pid: u32) -> io::Result<Vec<(u32, PathBuf)>> {
    let entries = fs::read_dir(format!("/proc/{pid}/task"))?.collect::<io::Result<Vec<_>>>()?;
    let task = |path: PathBuf| Some((path.file_name()?.to_str()?.parse().ok()?, path));
    Ok(entries.into_iter().filter_map(|entry| task(entry.path())).collect())
}

/// Two numbers that follow each other, behind `skip` others.
fn pair(text: &str, skip: usize) -> Option<[u64; 2]> {
    let mut fields = text.split_whitespace().skip(skip);
    Some([fields.next()?.parse().ok()?, fields.next()?.parse().ok()?])
}

/// User and kernel time in ticks, from `/proc/PID/stat`: of all threads, those that ended included, and of the processes that
/// it forked, waited for, and has no more: a server may have one for each request. The program's name may hold spaces and
/// brackets, so the fields are counted from the last bracket.
pub fn ticks(stat: &str) -> Option<[u64; 2]> {
    let fields = stat.rsplit_once(')')?.1;
    let ([user, kernel], [waited_user, waited_kernel]) = (pair(fields, 11)?, pair(fields, 13)?);
    Some([user + waited_user, kernel + waited_kernel])
}

/// Nanoseconds on a CPU, and nanoseconds spent waiting for one, from a thread's `schedstat`.
pub fn schedstat(text: &str) -> Option<[u64; 2]> {
    pair(text, 0)
}

/// Voluntary and involuntary context switches, from a thread's `status`.
pub fn switches(status: &str) -> Option<[u64; 2]> {
    let count = |name| field(status, name);
    Some([count("voluntary_ctxt_switches:")?, count("nonvoluntary_ctxt_switches:")?])
}

/// Calls of the read and of the write family, from `/proc/PID/io`. recv and send are not in it.
pub fn calls(io: &str) -> Option<[u64; 2]> {
    Some([field(io, "syscr:")?, field(io, "syscw:")?])
}

/// Memory that is the process's own, shared pages counted in part: bytes, from `smaps_rollup`.
pub fn pss(smaps_rollup: &str) -> Option<u64> {
    Some(field::<u64>(smaps_rollup, "Pss:")? * 1024)
}

/// The thread's name, from its `status`. A line end in it is written `\n`.
pub fn name(status: &str) -> &str {
    let rest = status.lines().next().and_then(|line| line.strip_prefix("Name:"));
    rest.unwrap_or_default().trim()
}

/// The word behind a name that begins a line, as a number or whatever it stands for.
pub fn field<T: FromStr>(text: &str, name: &str) -> Option<T> {
    let rest = text.lines().find_map(|line| line.strip_prefix(name))?;
    rest.split_whitespace().next()?.parse().ok()
}

/// A counter of the network stack by its name: each line of names is followed by one of figures,
/// and new kernels add columns anywhere.
pub fn netstat(text: &str, name: &str) -> Option<u64> {
    let lines: Vec<_> = text.lines().collect();
    lines.chunks_exact(2).find_map(|pair| {
        let at = pair[0].split_whitespace().position(|column| column == name)?;
        pair[1].split_whitespace().nth(at)?.parse().ok()
    })
}

/// Ticks of several CPUs together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cpus {
    /// On behalf of some process, user and kernel.
    pub processes: u64,
    /// In interrupts, soft ones included: packets on loopback are received in one. Where the kernel keeps
    /// this time apart, no process is charged for it.
    pub interrupts: u64,
    /// Wanted, and given to another virtual machine by the host.
    pub stolen: u64,
}

/// The lines of `/proc/stat` of the CPUs with these `numbers`, added up; `None` without any.
pub fn cpus(stat: &str, numbers: &[usize]) -> Option<Cpus> {
    let cpu = |line: &str| {
        // The first line, which is of all CPUs, has no number.
        let (number, ticks) = line.strip_prefix("cpu")?.split_once(' ')?;
        let number: usize = number.parse().ok()?;
        numbers.contains(&number).then_some(())?;
        let ticks: Vec<u64> = ticks.split_whitespace().map_while(|one| one.parse().ok()).collect();
        // user nice system idle iowait irq softirq steal; a guest's time is in user already.
        let &[user, nice, system, _, _, irq, softirq, stolen, ..] = ticks.as_slice() else {
            return None;
        };
        Some(Cpus { processes: user + nice + system, interrupts: irq + softirq, stolen })
    };
    stat.lines().filter_map(cpu).reduce(|sum, one| Cpus {
        processes: sum.processes + one.processes,
        interrupts: sum.interrupts + one.interrupts,
        stolen: sum.stolen + one.stolen,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_of_processes_and_threads() {
        let stat = "30603 (a) R (b) S 30595 30595 14102 0 -1 4194304 100 0 0 0 17 42 5 6 20 0 1 0";
        assert_eq!((ticks(stat), ticks("30603 (cat) R 1 2")), (Some([22, 48]), None));
        assert_eq!((schedstat("1500 20 3\n"), schedstat("")), (Some([1500, 20]), None));
        assert_eq!((name("Name:\ta b\nState:\tS\n"), name("")), ("a b", ""));
        let status = "Name:\tx\nvoluntary_ctxt_switches:\t150\nnonvoluntary_ctxt_switches:\t7\n";
        assert_eq!((switches(status), switches("Name:\tx\n")), (Some([150, 7]), None));
        let state = field("Name:\tx\nState:\tS (sleeping)\n", "State:");
        assert_eq!((state, field::<char>("Name:\tx\n", "State:")), (Some('S'), None));
        let memory = "MemTotal:        8148336 kB\nMemFree: 1 kB\n";
        assert_eq!(
            (field(memory, "MemTotal:"), field(memory, "MemFree:")),
            (Some(8_148_336), Some(1))
        );
        let io = "rchar: 6976\nwchar: 0\nsyscr: 10\nsyscw: 3\nread_bytes: 0\n";
        assert_eq!(calls(io), Some([10, 3]));
        let rollup = "55f5fc2c6000-7ffeeb243000 ---p 00000000 00:00 0   [rollup]\nRss:  1752 kB\nPss:   235 kB\nPss_Dirty: 116 kB\n";
        assert_eq!((pss(rollup), pss("")), (Some(235 * 1024), None));
    }

    #[test]
    fn counters_are_found_by_name_wherever_the_column_stands() {
        let text = "TcpExt: SyncookiesSent ListenOverflows ListenDrops\nTcpExt: 0 12 13\nIpExt: InNoRoutes\nIpExt: 5\n";
        for (name, count) in [
            ("ListenOverflows", Some(12)),
            ("ListenDrops", Some(13)),
            ("InNoRoutes", Some(5)),
            ("No", None),
        ] {
            assert_eq!(netstat(text, name), count, "{name}");
        }
    }

    #[test]
    fn only_the_cpus_that_may_be_used_are_added_up() {
        let stat = "cpu  111 0 111 0 0 0 111 111 0 0\ncpu0 1 0 1 9 9 0 1 1 0 0\ncpu1 10 0 10 9 9 0 10 10 0 0\n\
                    cpu12 100 0 100 9 9 0 100 100 0 0\nintr 1 2\n";
        let of: [(&[usize], u64); 4] =
            [(&[0, 1, 2, 12], 111), (&[0], 1), (&[1], 10), (&[5, 12], 100)];
        for (numbers, sum) in of {
            let expected = Cpus { processes: 2 * sum, interrupts: sum, stolen: sum };
            assert_eq!(cpus(stat, numbers), Some(expected), "{numbers:?}");
        }
        assert_eq!(cpus(stat, &[7, 8, 9]), None);
    }
}
