//! Each rule with a saved sample: the figures of rows that were measured on a machine with two cores.

use crate::ceilings;
use bench::evidence::Evidence;
use bench::evidence::host::Machine;
use bench::evidence::machine::{Queue, Sockets};
use bench::evidence::sleep::Sleep;
use bench::evidence::tree::{Thread, Use};
use bench::evidence::verdict::{Cause, Seen, verdict};
use std::time::Duration;

pub(crate) fn thread(name: &str, cpu: f64, voluntary: u64, mostly: Sleep) -> Thread {
    let (name, voluntary, mostly) = (name.to_owned(), Some(voluntary), Some((mostly, 0.9)));
    Thread { tid: 1, name, cpu, run_wait: 0.0, voluntary, mostly }
}

/// A machine with so many cores busy for processes, and in interrupts.
pub(crate) fn busy(processes: f64, interrupts: f64) -> Option<Machine> {
    Some(Machine { processes, interrupts, ..Machine::default() })
}

/// What a server used: so many cores, and the kernel's share of them.
pub(crate) fn used(cpu: f64, kernel: f64) -> Option<Use> {
    Some(Use { cpu, kernel: Some((kernel, 94)), ..Use::default() })
}

/// Fifty clients, all served, a server with time to spare.
pub(crate) fn seen() -> Seen {
    Seen {
        open: 50,
        connected: 50,
        served: 50,
        requests: 20_000,
        rps: 20_000.0,
        mean: 0.0025,
        p50: Some(Duration::from_micros(2400)),
        client_cores: 0.3,
        client_busiest: 0.2,
        slowest_tenth: Some(0.95),
        ..Seen::default()
    }
}

pub(crate) fn evidence() -> Evidence {
    Evidence {
        seconds: 1.0,
        cores: 2,
        server_cores: None,
        stopped: false,
        server: used(0.3, 0.8).map(|used| Use { voluntary: Some(9_000), ..used }),
        threads: vec![thread("main", 0.3, 9_000, Sleep::Epoll)],
        sleeps: vec![(Sleep::Running, 0.4), (Sleep::Epoll, 0.6), (Sleep::Signal, 1.0)],
        queue: Some(Queue { mean: 0.0, max: 0 }),
        sockets: Some(Sockets { accepted: 50, unread: 10, queued: 0 }),
        overflows: Some(0),
        overflows_in_window: Some(0),
        drops: Some(0),
        delayed_acks: Some(3),
        machine: busy(0.65, 0.1),
    }
}

/// Checks the cause and a part of the sentence; nothing speaks against them.
#[track_caller]
pub(crate) fn expect(seen: &Seen, evidence: &Evidence, cause: Cause, words: &str) {
    let found = verdict(seen, evidence, None);
    assert_eq!((found.cause, found.doubts.len()), (cause, 0), "{found:?}");
    assert!(found.sentence.contains(words), "{found:?}");
}

#[test]
fn nothing_in_particular_and_nothing_known_is_nothing_claimed() {
    expect(&seen(), &evidence(), Cause::Unknown, "bench explain");
    expect(
        &seen(),
        &Evidence { cores: 2, seconds: 1.0, ..Evidence::default() },
        Cause::Unknown,
        "cannot be seen",
    );
    // Ctrl-C in the warm-up, or a few requests of -n: none was served, and that shows nothing.
    let (early, moment) = (Seen { served: 0, ..seen() }, Evidence { seconds: 0.002, ..evidence() });
    expect(&early, &moment, Cause::Unknown, "too short");
}

#[test]
fn a_backlog_of_one_overflows_and_one_dropped_handshake_explains_no_window() {
    let overflows = |overflows, overflows_in_window| Evidence {
        overflows: Some(overflows),
        overflows_in_window: Some(overflows_in_window),
        ..evidence()
    };
    let words = "overflowed 137 times";
    expect(&seen(), &overflows(137, 90), Cause::QueueOverflow, words);
    expect(&seen(), &overflows(137, 1), Cause::Unknown, "");
    // Clients whose handshake was dropped have no connection yet.
    let without = Seen { connected: 30, served: 30, ..seen() };
    expect(&without, &overflows(137, 0), Cause::QueueOverflow, words);
}

/// A server that waits for silent clients, with so many threads in poll.
fn waiting(threads: f64, sockets: Sockets) -> Evidence {
    let queue = Some(Queue { mean: sockets.queued as f64, max: sockets.queued });
    let sleeps = vec![(Sleep::Poll, threads), (Sleep::Futex, 1.0), (Sleep::Signal, 1.0)];
    Evidence { sleeps, sockets: Some(sockets), queue, ..evidence() }
}

#[test]
fn blocking_servers_wait_for_silent_clients() {
    // Stage 1 with `--keep-alive always` and one client that sent one request: fifty busy clients get nothing.
    let seen = Seen { silent: 1, served: 0, requests: 0, rps: 0.0, mean: 0.0, p50: None, ..seen() };
    let evidence = waiting(1.0, Sockets { accepted: 1, unread: 0, queued: 50 });
    expect(&seen, &evidence, Cause::SilentClients, "a client that sends nothing; 0 of 50");
    // Where the kernel does not tell of its sockets, their number is unknown.
    let unread = Evidence { sockets: None, ..evidence };
    expect(&seen, &unread, Cause::SilentClients, "waits for clients that send nothing;");
}

/// `/sleep/5` by 64 clients, served as fast as `threads` that sleep can.
fn sleeping(threads: f64) -> (Seen, Evidence) {
    let rps = threads * 195.0;
    let seen = Seen { open: 64, served: 64, rps, mean: 64.0 / rps, requests: rps as u64, ..seen() };
    let each = thread("worker", 0.0, seen.requests / threads as u64, Sleep::Timer);
    let threads = (vec![(Sleep::Timer, threads)], vec![each; threads as usize]);
    (seen, Evidence { sleeps: threads.0, threads: threads.1, ..evidence() })
}

#[test]
fn too_few_threads_to_sleep_in_or_one_for_each() {
    let (seen, mut evidence) = sleeping(1.0);
    // Before an accept, Python's one thread may sleep as well: where it does cannot be seen.
    let words = "the one thread sleeps (nanosleep) while 64";
    expect(&seen, &evidence, Cause::SleepingThreads, words);
    // By Little's law 66, as some had begun before the window: never more than clients.
    let late = Seen { mean: 66.0 / seen.rps, ..seen.clone() };
    expect(&late, &evidence, Cause::SleepingThreads, words);
    // h2o: one thread wakes up once a second, two others serve. It runs no handler.
    evidence.threads = vec![thread("main", 0.0, 1, Sleep::Timer)];
    assert_ne!(verdict(&seen, &evidence, None).cause, Cause::SleepingThreads);
    evidence.threads = vec![thread("stage3-epoll", 0.0, seen.requests, Sleep::Timer)];
    expect(&seen, &evidence, Cause::SleepingThreads, words);
    let (seen, mut evidence) = sleeping(62.0);
    expect(&seen, &evidence, Cause::SlowHandler, "");
    // Stage 4's pool has more threads than that and they take turns: by chance one was mostly found asleep.
    evidence.threads = vec![thread("blocking-0", 0.0, seen.requests / 70, Sleep::Timer)];
    expect(&seen, &evidence, Cause::SlowHandler, "");
}

#[test]
fn a_thread_sleeps_in_a_handler_only_with_a_connection_and_not_when_it_mostly_waits_for_clients() {
    // Python: a server that sleeps and never accepts.
    let seen = Seen { served: 0, requests: 0, rps: 0.0, mean: 0.0, in_flight: 50, ..seen() };
    let (_, sleeping) = sleeping(1.0);
    let (sockets, queue) =
        (Sockets { accepted: 0, unread: 0, queued: 50 }, Queue { mean: 50.0, max: 50 });
    let evidence = Evidence { sockets: Some(sockets), queue: Some(queue), ..sleeping };
    expect(
        &seen,
        &evidence,
        Cause::HeldConnections,
        "none of the connections is served; 50 wait (50 in",
    );
    // Twenty threads that all sleep for 0.3 s of each second: each of them serves a client.
    let sleeps = vec![(Sleep::Timer, 5.6), (Sleep::Read, 13.0), (Sleep::Running, 1.4)];
    let threads = vec![thread("python3", 0.02, 1_250, Sleep::Read); 20];
    let evidence = Evidence { sleeps, threads, ..self::evidence() };
    expect(&self::seen(), &evidence, Cause::Unknown, "");
}

#[test]
fn threads_wait_in_write_for_a_log_that_is_read_slowly() {
    // Python, a thread for each connection, and a log through a pipe whose reader, a child process, mostly sleeps.
    let threads = [("python3", 100, Sleep::Timer), ("python3", 5, Sleep::Write)];
    let evidence = Evidence {
        sleeps: vec![(Sleep::Timer, 0.9), (Sleep::Write, 18.1), (Sleep::Accept, 1.0)],
        threads: threads.map(|(name, sleeps, kind)| thread(name, 0.0, sleeps, kind)).into(),
        server: used(0.01, 0.5),
        machine: busy(0.3, 0.1),
        sockets: Some(Sockets { accepted: 20, unread: 0, queued: 0 }),
        ..evidence()
    };
    let (requests, rps, mean) = (80, 80.0, 0.172);
    let seen =
        Seen { open: 20, connected: 20, served: 8, requests, rps, mean, in_flight: 20, ..seen() };
    expect(
        &seen,
        &evidence,
        Cause::BlockedWrites,
        "20 requests are under way, and 18 threads cannot",
    );
    // One loop that writes its log itself.
    let sleeps = vec![(Sleep::Timer, 0.9), (Sleep::Write, 0.9), (Sleep::Epoll, 0.1)];
    let evidence = Evidence { sleeps, ..evidence };
    expect(
        &seen,
        &evidence,
        Cause::BlockedWrites,
        "20 requests are under way, and 1 thread cannot",
    );
    // While both compute, a client reads as fast as it can.
    let evidence = Evidence { server: used(0.9, 0.9), ..evidence };
    assert_ne!(verdict(&seen, &evidence, None).cause, Cause::BlockedWrites);
}

#[test]
fn what_is_not_known_is_not_said_to_be_no_limit() {
    // Python: one thread sleeps 50 ms before each accept.
    let queue = Some(Queue { mean: 19.0, max: 20 });
    let seen =
        Seen { open: 20, connected: 20, served: 20, requests: 39, rps: 19.5, mean: 1.1, ..seen() };
    let sockets = Some(Sockets { accepted: 0, unread: 0, queued: 20 });
    let (_, sleeping) = sleeping(1.0);
    let accepts_late = Evidence { queue, sockets, ..sleeping };
    expect(&seen, &accepts_late, Cause::Unknown, "most requests wait in the accept queue");
    // Threads that ended waited for a CPU too: for how long cannot be known.
    let full = Evidence { machine: busy(1.9, 0.1), ..evidence() };
    let found = verdict(&self::seen(), &full, None);
    assert!(
        found.cause == Cause::Unknown && found.sentence.contains("other programs"),
        "{found:?}"
    );
    // Responses that never come to their end.
    let errors = vec![("timeout".to_owned(), 4)];
    let without =
        Seen { served: 0, requests: 0, rps: 0.0, mean: 0.0, in_flight: 50, errors, ..self::seen() };
    let all_read = Sockets { accepted: 50, unread: 0, queued: 0 };
    let found = verdict(&without, &Evidence { sockets: Some(all_read), ..evidence() }, None);
    assert!(found.sentence.contains("within the time-out"), "{found:?}");
}

#[test]
fn what_would_refute_a_verdict_is_no_figure_of_the_row() {
    // At twice the clients a rate stays as it is.
    let kept = Seen { rate: Some(500.0), requests: 500, rps: 500.0, ..seen() };
    let found = verdict(&kept, &evidence(), None);
    assert_eq!(found.cause, Cause::NoMoreAsked);
    assert!(found.refuted_if.contains("twice the rate"), "{found:?}");
    let evidence = Evidence { overflows: Some(35), overflows_in_window: Some(9), ..evidence() };
    // All are served already: that no more are with a longer backlog shows nothing.
    let refuted_if = verdict(&seen(), &evidence, None).refuted_if;
    assert!(!refuted_if.contains("served"), "{refuted_if}");
}

#[test]
fn what_is_due_at_a_rate_while_every_connection_waits_is_not_under_way() {
    let (seen, evidence) = sleeping(4.0);
    let four = Seen { open: 4, connected: 4, served: 4, rate: Some(1000.0), unsent: 1800, ..seen };
    expect(&four, &evidence, Cause::SlowHandler, "limit: 4 requests under way, each");
}

#[test]
fn a_slow_response_is_nagles_only_with_late_acknowledgements_and_further_writes() {
    let each = |millis: u64| Seen {
        p50: Some(Duration::from_millis(millis)),
        client_cores: 0.02,
        requests: 1200,
        mean: millis as f64 / 1000.0,
        ..seen()
    };
    for (millis, delayed_acks, writes, expected) in [
        (41, Some(1170), None, Cause::DelayedAck),
        (52, Some(1170), Some(2400), Cause::DelayedAck),
        (205, Some(1170), Some(2400), Cause::DelayedAck),
        // Of a server that sends by another call than write(2), only the usual time is told from a handler's.
        (205, Some(1170), Some(0), Cause::Unknown),
        // A handler that takes longer than 40 ms: the server's own kernel acknowledges the requests late.
        (100, Some(1170), Some(1200), Cause::Unknown),
        (41, Some(1170), Some(1200), Cause::Unknown),
        // A handler that waits: some acknowledgements are always late.
        (41, Some(120), None, Cause::Unknown),
        (41, None, None, Cause::Unknown),
    ] {
        let server = used(0.03, 0.5).map(|used| Use { writes, ..used });
        let evidence = Evidence { server, delayed_acks, machine: busy(0.06, 0.0), ..evidence() };
        expect(&each(millis), &evidence, expected, "");
        // The late acknowledgements are another server's: what comes late here comes whole.
        let mut seen = each(millis);
        seen.first_byte = Some(0.99 * seen.mean);
        expect(&seen, &evidence, Cause::Unknown, "");
        seen.first_byte = Some(0.01 * seen.mean);
        expect(&seen, &evidence, expected, "");
    }
}

#[test]
fn doubts_do_not_hide_the_cause() {
    let seen = Seen { errors: vec![("timeout".to_owned(), 3)], slowest_tenth: Some(0.2), ..seen() };
    let mut evidence = ceilings::stage_3_on_work();
    evidence.machine = Some(Machine { processes: 1.9, stolen: 0.2, ..Machine::default() });
    let verdict = verdict(&seen, &evidence, None);
    assert_eq!((verdict.cause, verdict.doubts.len()), (Cause::SingleThread, 4), "{verdict:?}");
}
