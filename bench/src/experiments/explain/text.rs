//! The long answer as a page of text.

use crate::evidence::profile::Function;
use crate::experiments::plan::Trial;
use crate::experiments::server;
use crate::experiments::trial::Measurement;
use crate::load::output;
use crate::numbers::grouped;
use crate::table::Table;
use crate::targets::Connection;
use crate::terminal::wrapped;
use anyhow::Result;

/// So many threads are shown; the others of a pool look alike.
const THREADS: usize = 8;

/// What only root sees.
pub(super) const HINTS: &str = "
As root there is more to see, while `bench load` keeps a server busy:
  perf trace -s -p PID                                   which system calls take how long, in each thread
  bpftrace -e 'kprobe:tcp_v4_syn_recv_sock { @=count() }'  new connections, as the kernel makes them
  ss -tlnp; nstat -az TcpExtListenOverflows              accept queues, their limits, and connections that found one full
";

/// The pass that only looked.
pub(super) fn of(look: &Measurement, name: &str) -> String {
    let verdict = look.verdict(None);
    let Trial { connection, connections, workload, .. } = look.trial;
    let kept = if connection == Connection::Close { "one request each" } else { "kept alive" };
    let workload = workload.name();
    let mut page = format!("\n{name}, {connections} connections, {kept}, {workload}\n\n");
    for (label, line) in verdict.lines() {
        page += &wrapped(&format!("{label:<16}"), &line);
    }
    for doubt in &verdict.doubts {
        page += &wrapped("Not trusted     ", doubt);
    }
    for (label, line) in [
        ("Clients", clients(look)),
        ("Server", server(look)),
        ("Queues", queues(look)),
        ("Threads in", server::states(&look.evidence)),
        ("Generator", output::generator(&look.outcome)),
        ("Machine", machine(look)),
    ] {
        page += &wrapped(&format!("{label:<16}"), &line);
    }
    page + &threads(look)
}

/// System calls per request.
pub(super) fn calls(calls: Result<Vec<(String, f64)>>) -> String {
    let calls = match calls {
        Ok(calls) => calls,
        Err(error) => return format!("\nSystem calls: {error:#}\n"),
    };
    let worth = calls.iter().filter(|(_, ratio)| *ratio >= 0.005);
    let list: Vec<_> = worth.map(|(name, ratio)| format!("{name} {ratio:.2}")).collect();
    let line = wrapped("System calls    ", &format!("{} per request", list.join(", ")));
    format!(
        "\n{line}                (under strace, which slows the server down: only the ratios hold)\n"
    )
}

/// Where the CPU time goes.
pub(super) fn functions(functions: Result<Vec<Function>>) -> String {
    let functions = match functions {
        Ok(functions) => functions,
        Err(error) => return format!("\nFunctions: {error:#}\n"),
    };
    let line = |Function { name, share, kernel }: &Function| {
        let owner = if *kernel { "kernel" } else { "server" };
        format!("  {share:>5.1} %  {owner}  {name}\n")
    };
    let lines: String = functions.iter().map(line).collect();
    format!("\nFunctions by their share of the server's CPU time (perf)\n{lines}")
}

/// A figure that may be unknown.
fn known<T: ToString>(figure: Option<T>) -> String {
    figure.map_or("?".to_owned(), |figure| figure.to_string())
}

fn clients(look: &Measurement) -> String {
    let (seen, tally) = (look.seen(), &look.outcome.tally);
    format!(
        "{} requests per second; {}; {} of {} served; by Little's law {:.1} are in service at any moment",
        grouped(seen.rps),
        output::summary(&tally.latency),
        seen.served,
        seen.open,
        seen.in_service()
    )
}

fn server(look: &Measurement) -> String {
    let cost = server::cost(&look.evidence, look.outcome.tally.requests);
    cost.unwrap_or("not a process of ours: nothing is known of it".to_owned())
}

fn queues(look: &Measurement) -> String {
    let evidence = &look.evidence;
    let queue = evidence.queue.map_or("accept queue unknown".to_owned(), |queue| {
        format!("{:.1} connections wait to be accepted, {} at most", queue.mean, queue.max)
    });
    let sockets = evidence.sockets.map(|sockets| {
        format!("; of {} accepted, {} have something unread", sockets.accepted, sockets.unread)
    });
    let (overflows, drops) = (known(evidence.overflows), known(evidence.drops));
    format!("{queue}{}; overflows {overflows}, drops {drops}", sockets.unwrap_or_default())
}

fn machine(look: &Measurement) -> String {
    look.evidence.machine.map_or("unknown".to_owned(), |machine| {
        format!(
            "{:.2} of {} cores busy for programs, {:.2} in interrupts, {:.2} taken by the host",
            machine.processes, look.evidence.cores, machine.interrupts, machine.stolen
        )
    })
}

fn threads(look: &Measurement) -> String {
    let (all, seconds) = (&look.evidence.threads, look.evidence.seconds);
    let mut table = Table::new(["Thread", "Busy", "Waits for CPU", "Sleeps/s", "Mostly"]);
    for thread in all.iter().take(THREADS) {
        let percent = |share: f64| format!("{:.0}%", 100.0 * share);
        let mostly =
            thread.mostly.map(|(sleep, share)| format!("{} {}", sleep.name(), percent(share)));
        table.add([
            thread.name.clone(),
            percent(thread.cpu / seconds),
            percent(thread.run_wait / seconds),
            known(thread.voluntary.map(|count| grouped(count as f64 / seconds))),
            known(mostly),
        ]);
    }
    let more = match all.len().saturating_sub(THREADS) {
        0 => String::new(),
        more => format!("and {more} more that did less\n"),
    };
    if all.is_empty() { more } else { format!("\n{}{more}", table.terminal()) }
}
