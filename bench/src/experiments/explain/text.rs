//! The long answer as a page of text.

use crate::evidence::perf::Symbol;
use crate::experiments::plan::Trial;
use crate::experiments::trial::Measurement;
use crate::numbers;
use crate::table::Table;
use crate::targets::Connection;
use crate::terminal::wrapped;
use crate::workspace::label;
use anyhow::Result;
use std::time::Duration;

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
pub(super) fn of(look: &Measurement, target: &str) -> String {
    let verdict = look.verdict(None);
    let Trial { connection, connections, workload, .. } = look.trial;
    let kept = if connection == Connection::Close { "one request each" } else { "kept alive" };
    let (name, workload) = (label(target), workload.name());
    let mut page = format!("\n{name}, {connections} connections, {kept}, {workload}\n\n");
    page += &wrapped("The bottleneck  ", &verdict.sentence);
    for doubt in &verdict.doubts {
        page += &wrapped("   not trusted  ", doubt);
    }
    for (label, line) in [
        ("Clients", clients(look)),
        ("Server", server(look)),
        ("Per request", per_request(look)),
        ("Queues", queues(look)),
        ("Threads in", found(look)),
        ("Generator", generator(look)),
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

/// The same for programs: each call with its number per request.
pub(super) fn calls_json(calls: &[(String, f64)]) -> serde_json::Value {
    calls.iter().map(|(name, ratio)| (name.clone(), *ratio)).collect()
}

/// Functions with their shares of the server's CPU time, in percent.
pub(super) fn symbols_json(symbols: &[Symbol]) -> serde_json::Value {
    symbols.iter().map(|symbol| (symbol.name.clone(), symbol.share)).collect()
}

/// Where the CPU time goes.
pub(super) fn symbols(symbols: Result<Vec<Symbol>>) -> String {
    let symbols = match symbols {
        Ok(symbols) => symbols,
        Err(error) => return format!("\nFunctions: {error:#}\n"),
    };
    let mut page = "\nFunctions by their share of the server's CPU time (perf)\n".to_owned();
    for symbol in symbols {
        let owner = if symbol.kernel { "kernel" } else { "server" };
        page += &format!("  {:>5.1} %  {owner}  {}\n", symbol.share, symbol.name);
    }
    page
}

fn clients(look: &Measurement) -> String {
    let (seen, tally) = (look.seen(), &look.outcome.tally);
    let percentile = |quantile| tally.percentile(quantile).map_or("-".to_owned(), numbers::time);
    format!(
        "{} requests per second; mean {}, p50 {}, p99 {}, max {}; {} of {} served; by Little's law {:.1} are in \
         service at any moment",
        numbers::grouped(seen.rps),
        numbers::time(tally.mean()),
        percentile(0.5),
        percentile(0.99),
        numbers::time(tally.max()),
        seen.served,
        seen.open,
        seen.in_service()
    )
}

fn server(look: &Measurement) -> String {
    let Some(server) = &look.evidence.server else {
        return "not a process of ours: nothing is known of it".to_owned();
    };
    let kernel = server.kernel.map_or("kernel's share unknown".to_owned(), |(share, ticks)| {
        let guess = if ticks < 200 { " (few ticks: a guess)" } else { "" };
        format!("{:.0} % of it the kernel's{guess}", 100.0 * share)
    });
    let memory = server.memory.map_or(String::new(), |bytes| {
        format!(", {} KiB of memory", numbers::grouped(bytes as f64 / 1024.0))
    });
    format!("{:.2} cores, {kernel}{memory}", server.cpu / look.evidence.seconds)
}

fn per_request(look: &Measurement) -> String {
    let Some(server) = &look.evidence.server else { return "-".to_owned() };
    let requests = look.seen().requests.max(1) as f64;
    let each = |count: Option<u64>| {
        count.map_or("?".to_owned(), |count| format!("{:.2}", count as f64 / requests))
    };
    let time = |seconds: f64| numbers::time(Duration::from_secs_f64((seconds / requests).max(0.0)));
    format!(
        "{} of CPU, {} of waiting for a CPU; {} sleeps, {} times taken off its CPU; {} reads, {} writes",
        time(server.cpu),
        time(server.run_wait),
        each(server.voluntary),
        each(server.involuntary),
        each(server.reads),
        each(server.writes)
    )
}

fn queues(look: &Measurement) -> String {
    let queue = look.evidence.queue.map_or("accept queue unknown".to_owned(), |queue| {
        format!("{:.1} connections wait to be accepted, {} at most", queue.mean, queue.max)
    });
    let sockets = look.evidence.sockets.map_or(String::new(), |sockets| {
        format!("; of {} accepted, {} have something unread", sockets.accepted, sockets.unread)
    });
    let count = |count: Option<u64>| count.map_or("?".to_owned(), |count| count.to_string());
    let lost = (count(look.evidence.overflows), count(look.evidence.drops));
    format!("{queue}{sockets}; overflows {}, drops {}", lost.0, lost.1)
}

fn found(look: &Measurement) -> String {
    let list: Vec<_> = look
        .evidence
        .sleeps
        .iter()
        .map(|(sleep, threads)| format!("{} {threads:.1}", sleep.name()))
        .collect();
    if list.is_empty() { "unknown".to_owned() } else { list.join(", ") + " (threads, on average)" }
}

fn generator(look: &Measurement) -> String {
    let seen = look.seen();
    let each = look.outcome.client_cpu().map_or("-".to_owned(), numbers::time);
    format!(
        "{:.2} cores, its busiest thread {:.0} %, {each} of CPU per request",
        seen.client_cores,
        100.0 * seen.client_busiest
    )
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
    let all = &look.evidence.threads;
    if all.is_empty() {
        return String::new();
    }
    let mut table = Table::new(["Thread", "Busy", "Waits for CPU", "Sleeps/s", "Mostly"]);
    let seconds = look.evidence.seconds;
    for thread in all.iter().take(THREADS) {
        let share = |part: f64| format!("{:.0}%", 100.0 * part / seconds);
        let sleeps = thread.voluntary.map(|count| numbers::grouped(count as f64 / seconds));
        let mostly =
            thread.mostly.map(|(sleep, share)| format!("{} {:.0}%", sleep.name(), 100.0 * share));
        table.add([
            thread.name.clone(),
            share(thread.cpu),
            share(thread.run_wait),
            sleeps.unwrap_or_else(|| "?".to_owned()),
            mostly.unwrap_or_else(|| "?".to_owned()),
        ]);
    }
    let more = match all.len().saturating_sub(THREADS) {
        0 => String::new(),
        more => format!("and {more} more that did less\n"),
    };
    format!("\n{}{more}", table.terminal())
}
