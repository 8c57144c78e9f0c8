//! The rules themselves, each a question to one row's figures.

use super::case::Case;
use super::cause::Cause;
use crate::evidence::sleep::Sleep;
use crate::evidence::tree::Thread;
use crate::numbers::counted;
use std::time::Duration;

pub(super) type Rule = fn(&Case<'_>) -> Option<(Cause, String)>;

/// In order.
pub(super) const RULES: [Rule; 11] = [
    overflow,
    silent_clients,
    sleeping_threads,
    held_connections,
    delayed_ack,
    single_thread,
    client,
    machine,
    other_programs,
    // A pool that sleeps is woken up as well; the sleep is what takes the time.
    slow_handler,
    hand_over,
];

fn overflow(case: &Case<'_>) -> Option<(Cause, String)> {
    let times = case.evidence.overflows?;
    // Each overflow costs one client one second. A single handshake that was dropped when all
    // connected at once explains nothing of a whole window.
    let clients_seconds = case.seen.open as f64 * case.evidence.seconds;
    (times > 0 && times as f64 >= 0.05 * clients_seconds).then(|| {
        let sentence = format!(
            "the accept queue overflowed {times} times; those clients tried again after 1 s"
        );
        (Cause::QueueOverflow, sentence)
    })
}

fn silent_clients(case: &Case<'_>) -> Option<(Cause, String)> {
    // Accepted, nothing to read from them, and not among the clients that were served.
    let quiet = case
        .evidence
        .sockets
        .map(|sockets| (sockets.accepted - sockets.unread).saturating_sub(case.seen.served));
    (case.leaves_some_out()
        && quiet.unwrap_or(case.seen.silent) > 0
        && case.waits_for_one_client_each())
    .then(|| {
        let of = format!("{} of {} busy clients", case.seen.served, case.seen.open);
        let silent = match quiet {
            Some(1) => "a client that sends".to_owned(),
            Some(many) => format!("{many} clients that send"),
            None => "clients that send".to_owned(),
        };
        let sentence = format!("the server waits for {silent} nothing; {of} were served");
        (Cause::SilentClients, sentence)
    })
}

/// Comes before the held connections: an event loop holds no connection, and its clients starve all the same.
fn sleeping_threads(case: &Case<'_>) -> Option<(Cause, String)> {
    let asleep = case.evidence.asleep_in(Sleep::Timer)?;
    let under_way = case.seen.in_service();
    (case.handlers_sleep() && under_way > 1.5 * asleep.ceil()).then(|| {
        let threads = match asleep.round() {
            ..=1.0 => "the one thread sleeps in a handler".to_owned(),
            many => format!("{many:.0} threads sleep in handlers"),
        };
        let sentence = format!(
            "{threads} while {under_way:.0} requests are under way, and no thread serves the others"
        );
        (Cause::SleepingThreads, sentence)
    })
}

fn held_connections(case: &Case<'_>) -> Option<(Cause, String)> {
    case.leaves_some_out().then(|| {
        let (served, open) = (case.seen.served, case.seen.open);
        let queued = case.evidence.queue.map_or(0.0, |queue| queue.mean).round();
        let queue = if queued >= 1.0 {
            format!(" ({queued:.0} in the accept queue)")
        } else {
            String::new()
        };
        let holds = match served {
            0 => "none of the connections is served".to_owned(),
            many => format!("the server holds {}", counted(many as usize, "connection")),
        };
        (Cause::HeldConnections, format!("{holds}; {} wait{queue}", open.saturating_sub(served)))
    })
}

/// A handler that takes 40 ms looks the same to the clients: what tells them apart is that the client's kernel
/// has to send its acknowledgements late, one for about each response.
fn delayed_ack(case: &Case<'_>) -> Option<(Cause, String)> {
    let near = Duration::from_millis(36)..Duration::from_millis(48);
    let little = case.server_cores().unwrap_or(0.0) + case.seen.client_cores < 0.3;
    let late = case.evidence.delayed_acks.is_some_and(|acks| 4 * acks >= 3 * case.seen.requests);
    (case.seen.p50.is_some_and(|p50| near.contains(&p50)) && little && late).then(|| {
        let sentence = "each response takes 40 ms and next to no CPU: Nagle's algorithm meets the delayed ACK; \
                        write a response at once, or set TCP_NODELAY";
        (Cause::DelayedAck, sentence.to_owned())
    })
}

fn single_thread(case: &Case<'_>) -> Option<(Cause, String)> {
    let seconds = case.evidence.seconds;
    // A thread that others keep off its CPU for moments never rests either.
    let never_rests = |thread: &&Thread| {
        let (busy, wanted) = (thread.cpu / seconds, (thread.cpu + thread.run_wait) / seconds);
        busy >= 0.95 || (busy >= 0.8 && wanted >= 0.95)
    };
    let mut tireless = case.evidence.threads.iter().filter(never_rests);
    let (one, others) = (tireless.next()?, tireless.count());
    let cores = case.server_cores()?;
    // However many other threads have little to do; but where all CPUs are in use, the CPUs are the limit.
    (others == 0 && (cores < 1.1 || !case.is_full())).then(|| {
        let busy = 100.0 * (one.cpu / seconds).min(1.0);
        let sentence = format!(
            "a single thread is the ceiling: it is busy {busy:.0} % of the time, and the server uses {cores:.2} cores in all"
        );
        (Cause::SingleThread, sentence)
    })
}

fn client(case: &Case<'_>) -> Option<(Cause, String)> {
    if case.seen.client_busiest > 0.9 {
        let busy = 100.0 * case.seen.client_busiest.min(1.0);
        let sentence = format!(
            "the client is the limit: its busiest thread is busy {busy:.0} % of the time; give it more with -t"
        );
        return Some((Cause::Client, sentence));
    }
    let ceiling = case.ceiling.filter(|ceiling| ceiling.of_the_client && ceiling.rps > 0.0)?;
    let share = case.seen.rps / ceiling.rps;
    // A client with time to spare is no limit, however fast it is.
    (share > 0.75 && case.seen.client_busiest > 0.75).then(|| {
        let sentence = format!(
            "the client is the limit: this is {:.0} % of what it reaches against a server that does nothing",
            100.0 * share
        );
        (Cause::Client, sentence)
    })
}

fn machine(case: &Case<'_>) -> Option<(Cause, String)> {
    let machine = case.evidence.machine?;
    let cores = case.evidence.cores as f64;
    let client = case.seen.client_cores;
    let Some(server) = case.server_cores() else {
        let sentence = format!(
            "the machine is full: client {client:.2} of {cores} cores, and the server is no process of ours"
        );
        return case.is_full().then_some((Cause::Machine, sentence));
    };
    // If not mostly by us, it is a doubt and no verdict.
    (case.is_full() && case.ours(machine) >= 0.5 * cores).then(|| {
        let kernel = case.evidence.server.as_ref().and_then(|server| server.kernel);
        let kernel = kernel.map_or(String::new(), |(share, _)| {
            format!("; {:.0} % of the server's time is the kernel's", 100.0 * share)
        });
        let sentence = format!(
            "the machine is full: server {server:.2} and client {client:.2} of {cores} cores{kernel}"
        );
        (Cause::Machine, sentence)
    })
}

/// After all that may be true on a full machine as well. Whether a server that is no process of ours fills the machine
/// is unknown.
fn other_programs(case: &Case<'_>) -> Option<(Cause, String)> {
    let machine = case.evidence.machine?;
    let cores = case.evidence.cores as f64;
    (case.is_full() && case.server_cores().is_some() && !case.handlers_sleep()).then(|| {
        let ours = case.ours(machine);
        let sentence = format!(
            "other programs fill the machine: server and client get {ours:.2} of {cores} cores"
        );
        (Cause::OtherPrograms, sentence)
    })
}

fn hand_over(case: &Case<'_>) -> Option<(Cause, String)> {
    let waiters = case.evidence.threads.iter();
    let waiters = waiters.filter(|thread| matches!(thread.mostly, Some((Sleep::Futex, _))));
    let by_waiters: u64 = waiters.filter_map(|thread| thread.voluntary).sum();
    let all = case.evidence.server.as_ref()?.voluntary?;
    let requests = case.seen.requests.max(1) as f64;
    // An event loop sleeps once per request too when there is little to do: threads of the pool must have
    // been woken up as well.
    (all as f64 / requests > 1.0 && by_waiters as f64 / requests > 0.5).then(|| {
        let sentence = format!(
            "threads hand work to each other: {:.1} times per request one goes to sleep until another wakes it",
            all as f64 / requests
        );
        (Cause::HandOver, sentence)
    })
}

fn slow_handler(case: &Case<'_>) -> Option<(Cause, String)> {
    case.handlers_sleep().then(|| {
        let sentence = format!(
            "what the handlers wait for is the limit: {:.0} requests are under way and each has a thread to sleep in",
            case.seen.in_service()
        );
        (Cause::SlowHandler, sentence)
    })
}
