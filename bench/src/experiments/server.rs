//! What the kernel said about the server of a load, in lines for people.

use crate::evidence::sleep::Sleep;
use crate::evidence::tree::Thread;
use crate::evidence::{Evidence, process};
use crate::numbers::{self, as_micros, grouped};
use anyhow::Result;

/// So many kinds of threads are told; the others have next to nothing to do.
const KINDS: usize = 4;
/// User and kernel time are told apart by ticks of 10 ms: fewer than the first tell nothing, fewer than the second are a
/// guess.
pub const TICKS: [u64; 2] = [20, 200];

/// The server's CPU per request and its threads; or why nothing can be seen of them. `requests`: the
/// correct responses of the window.
pub fn lines(
    found: &Result<Vec<u32>>,
    evidence: &Evidence,
    requests: u64,
) -> Vec<(&'static str, String)> {
    let server = match (found, cost(evidence, requests)) {
        (Err(why), _) => format!("its CPU is unknown: {why}"),
        (_, None) => "its CPU is unknown: its processes ended meanwhile".to_owned(),
        (Ok(pids), Some(cost)) => format!("{}: {cost}", process::names(pids)),
    };
    let mut lines = vec![("Server", server)];
    if !evidence.threads.is_empty() {
        lines.push(("Threads", threads(evidence)));
    }
    lines
}

/// What one of the `requests` has cost the server, and what it used in all; `None` where nothing is known of it.
pub fn cost(evidence: &Evidence, requests: u64) -> Option<String> {
    let used = evidence.server.as_ref()?;
    let cores = used.cpu / evidence.seconds.max(f64::MIN_POSITIVE);
    let memory =
        used.memory.map(|bytes| format!(", {} KiB of memory", grouped(bytes as f64 / 1024.0)));
    let all = format!("{cores:.2} cores{}", memory.unwrap_or_default());
    let Some(each) = evidence.cpu_per(requests) else { return Some(all) };
    let (each, wait) = (as_micros(each), 1e6 * used.run_wait / requests as f64);
    let shares = used.kernel.filter(|(_, ticks)| *ticks >= TICKS[0]).map(|(kernel, ticks)| {
        let guess = if ticks < TICKS[1] { "; few ticks: a guess" } else { "" };
        format!(" (user {:.2}, system {:.2}{guess})", each * (1.0 - kernel), each * kernel)
    });
    let per_request =
        |counts: (u64, u64)| <[u64; 2]>::from(counts).map(|count| count as f64 / requests as f64);
    let switches = used.voluntary.zip(used.involuntary).map(per_request);
    let switches = switches.map(|[voluntary, involuntary]| {
        format!(
            "; context switches per request: {voluntary:.2} voluntary, {involuntary:.2} involuntary"
        )
    });
    let calls = used.reads.zip(used.writes).map(per_request);
    let calls = calls.map(|[reads, writes]| {
        format!("; calls per request: {reads:.2} of read, {writes:.2} of write")
    });
    Some(format!(
        "{each:.2} µs of CPU per request{}, {wait:.2} µs of waiting for a CPU, {all}{}{}",
        shares.unwrap_or_default(),
        switches.unwrap_or_default(),
        calls.unwrap_or_default()
    ))
}

/// Threads of one name, but for a number, that are found in the same state, with the CPU time of all of them.
struct Kind {
    name: String,
    state: Option<Sleep>,
    threads: usize,
    cpu: f64,
}

/// The kinds of threads, the busiest first.
fn kinds(threads: &[Thread]) -> Vec<Kind> {
    let mut kinds: Vec<Kind> = Vec::new();
    for Thread { name, cpu, mostly, .. } in threads {
        let state = mostly.map(|(state, _)| state);
        // `worker-3` is one of the workers.
        let stem = |name: &str| {
            name.trim_end_matches(|end: char| end.is_ascii_digit() || end == '-').to_owned()
        };
        let is_alike = |kind: &&mut Kind| stem(&kind.name) == stem(name) && kind.state == state;
        match kinds.iter_mut().find(is_alike) {
            Some(kind) => {
                kind.threads += 1;
                kind.cpu += cpu;
                if kind.name != *name {
                    kind.name = stem(name);
                }
            }
            None => kinds.push(Kind { name: name.clone(), state, threads: 1, cpu: *cpu }),
        }
    }
    kinds.sort_by(|left, right| right.cpu.total_cmp(&left.cpu));
    kinds
}

fn threads(evidence: &Evidence) -> String {
    let kinds = kinds(&evidence.threads);
    let told = kinds.iter().take(KINDS).map(|Kind { name, state, threads, cpu }| {
        let count = if *threads > 1 { format!("{threads} × ") } else { String::new() };
        let state = state.map_or(String::new(), |state| match state {
            Sleep::Running => ", mostly running".to_owned(),
            Sleep::Other => ", mostly asleep elsewhere".to_owned(),
            asleep => format!(", mostly in {}", asleep.name()),
        });
        let busy = 100.0 * cpu / evidence.seconds.max(f64::MIN_POSITIVE);
        format!("{count}{name} {busy:.0} %{state}")
    });
    let mut told: Vec<_> = told.collect();
    told.extend(ended(evidence));
    let others: usize = kinds.iter().skip(KINDS).map(|kind| kind.threads).sum();
    told.extend((others > 0).then(|| format!("and {}", numbers::counted(others, "other"))));
    told.join("; ")
}

/// The CPU of threads that are gone: a server may have one for each connection.
fn ended(evidence: &Evidence) -> Option<String> {
    let cpu: f64 = evidence.threads.iter().map(|thread| thread.cpu).sum();
    let gone = 100.0 * (evidence.server.as_ref()?.cpu - cpu) / evidence.seconds;
    (gone >= 1.0).then(|| format!("threads that ended {gone:.0} %"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::tree::Use;

    fn thread(name: &str, cpu: f64, state: Sleep) -> Thread {
        let (name, mostly) = (name.to_owned(), Some((state, 0.9)));
        Thread { tid: 1, name, cpu, run_wait: 0.0, voluntary: None, mostly }
    }

    #[test]
    fn a_server_in_lines() {
        let used = Use {
            cpu: 1.0,
            kernel: Some((0.75, 100)),
            run_wait: 0.5,
            voluntary: Some(5000),
            involuntary: Some(100),
            reads: Some(20_000),
            writes: Some(10_000),
            memory: Some(3 << 20),
        };
        let evidence = Evidence {
            seconds: 2.0,
            server: Some(used),
            threads: vec![
                thread("nginx", 0.5, Sleep::Epoll),
                thread("nginx", 0.5, Sleep::Epoll),
                thread("loop-1", 0.2, Sleep::Epoll),
                thread("loop-0", 0.1, Sleep::Epoll),
                thread("main", 0.0, Sleep::Running),
            ],
            ..Evidence::default()
        };
        let lines = lines(&Ok(Vec::new()), &evidence, 10_000);
        assert_eq!(
            lines[0].1,
            ": 100.00 µs of CPU per request (user 25.00, system 75.00; few ticks: a guess), \
             50.00 µs of waiting for a CPU, 0.50 cores, 3,072 KiB of memory; context switches per request: 0.50 voluntary, 0.01 involuntary; \
             calls per request: 2.00 of read, 1.00 of write"
        );
        assert_eq!(
            ended(&Evidence { threads: Vec::new(), ..evidence }).unwrap(),
            "threads that ended 50 %"
        );
        assert_eq!(
            lines[1].1,
            "2 × nginx 50 %, mostly in epoll_wait; 2 × loop 15 %, mostly in epoll_wait; main 0 %, mostly running"
        );
    }

    #[test]
    fn what_cannot_be_seen_is_said_in_one_line() {
        let found = Err(anyhow::anyhow!("the server is on another machine"));
        let lines = lines(&found, &Evidence::default(), 5);
        let expected = "its CPU is unknown: the server is on another machine";
        assert_eq!(lines, [("Server", expected.to_owned())]);
    }
}
