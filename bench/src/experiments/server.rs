//! What the kernel said about the server of a load, in lines for people.

use crate::evidence::tree::Thread;
use crate::evidence::{Evidence, process};
use crate::numbers::{as_micros, grouped};
use anyhow::Result;

/// User and kernel time are told apart by ticks of 10 ms: fewer than the first tell nothing, fewer than the second are a
/// guess.
pub const TICKS: [u64; 2] = [20, 200];

/// The server's CPU per request, what its threads were doing, and how busy the busiest of them was; or why nothing can be
/// seen of them. `requests`: the correct responses of the window.
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
    if let Some(Thread { name, cpu, .. }) = evidence.threads.first() {
        let busy = 100.0 * cpu / evidence.seconds.max(f64::MIN_POSITIVE);
        let text = format!("{}; busiest: {name} {busy:.0} %", states(evidence));
        lines.push(("Threads in", text));
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

/// What its threads were doing: how many were found in which state, on average over the looks.
pub fn states(evidence: &Evidence) -> String {
    let sleeps = evidence.sleeps.iter();
    let list: Vec<_> =
        sleeps.map(|(sleep, threads)| format!("{} {threads:.1}", sleep.name())).collect();
    if list.is_empty() { "unknown".to_owned() } else { list.join(", ") + " (threads, on average)" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::sleep::Sleep;
    use crate::evidence::tree::Use;

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
            threads: vec![Thread { name: "loop-0".to_owned(), cpu: 0.9, ..Thread::default() }],
            sleeps: vec![(Sleep::Running, 0.5), (Sleep::Epoll, 1.5)],
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
            lines[1].1,
            "running 0.5, epoll_wait 1.5 (threads, on average); busiest: loop-0 45 %"
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
