//! Each rule with a saved sample: the figures of rows that were measured on a machine with two cores.

use super::*;
use crate::evidence::host::Machine;
use crate::evidence::machine::{Queue, Sockets};
use crate::evidence::sleep::Sleep;
use crate::evidence::tree::{Thread, Use};
use std::time::Duration;

mod ceilings;

fn thread(name: &str, cpu: f64, voluntary: u64, mostly: Sleep) -> Thread {
    Thread {
        tid: 1,
        name: name.to_owned(),
        cpu,
        run_wait: 0.0,
        voluntary: Some(voluntary),
        mostly: Some((mostly, 0.9)),
    }
}

/// Fifty clients, all served, a server with time to spare.
fn seen() -> Seen {
    Seen {
        open: 50,
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

fn evidence() -> Evidence {
    Evidence {
        seconds: 1.0,
        cores: 2,
        server: Some(Use {
            cpu: 0.3,
            kernel: Some((0.8, 30)),
            voluntary: Some(9_000),
            ..Use::default()
        }),
        threads: vec![thread("main", 0.3, 9_000, Sleep::Epoll)],
        sleeps: vec![(Sleep::Running, 0.4), (Sleep::Epoll, 0.6), (Sleep::Signal, 1.0)],
        queue: Some(Queue { mean: 0.0, max: 0 }),
        sockets: Some(Sockets { accepted: 50, unread: 10, queued: 0 }),
        overflows: Some(0),
        drops: Some(0),
        delayed_acks: Some(3),
        machine: Some(Machine { processes: 0.65, interrupts: 0.1, ..Machine::default() }),
    }
}

fn cause(seen: &Seen, evidence: &Evidence) -> (Cause, String) {
    let verdict = verdict(seen, evidence, None);
    assert_eq!(verdict.doubts, Vec::<String>::new());
    (verdict.cause, verdict.sentence)
}

#[test]
fn nothing_in_particular() {
    let (cause, sentence) = cause(&seen(), &evidence());
    assert_eq!(cause, Cause::Unknown);
    assert!(sentence.contains("bench explain"));
}

#[test]
fn nothing_known_is_nothing_claimed() {
    let verdict = verdict(&seen(), &Evidence { cores: 2, ..Evidence::default() }, None);
    assert_eq!((verdict.cause, verdict.doubts.len()), (Cause::Unknown, 0));
}

#[test]
fn a_backlog_of_one() {
    let evidence = Evidence { overflows: Some(137), ..evidence() };
    let (cause, sentence) = cause(&Seen { served: 3, ..seen() }, &evidence);
    assert_eq!(cause, Cause::QueueOverflow);
    assert!(sentence.contains("overflowed 137 times"), "{sentence}");
}

#[test]
fn one_dropped_handshake_explains_no_window() {
    assert_eq!(cause(&seen(), &Evidence { overflows: Some(1), ..evidence() }).0, Cause::Unknown);
}

/// Stage 1 with `--keep-alive always` and one client that sent one request: fifty busy clients get nothing.
fn stage1_with_a_silent_client() -> (Seen, Evidence) {
    let seen = Seen { silent: 1, served: 0, requests: 0, rps: 0.0, mean: 0.0, p50: None, ..seen() };
    let evidence = Evidence {
        sleeps: vec![(Sleep::Poll, 1.0), (Sleep::Signal, 1.0)],
        sockets: Some(Sockets { accepted: 1, unread: 0, queued: 50 }),
        queue: Some(Queue { mean: 50.0, max: 50 }),
        ..evidence()
    };
    (seen, evidence)
}

#[test]
fn stage_1_waits_for_a_silent_client() {
    let (seen, evidence) = stage1_with_a_silent_client();
    let (cause, sentence) = cause(&seen, &evidence);
    assert_eq!(cause, Cause::SilentClients);
    assert!(sentence.contains("a client that sends nothing; 0 of 50"), "{sentence}");
    // Where the list of sockets was too long to be read, their number is unknown.
    let verdict = verdict(&seen, &Evidence { sockets: None, ..evidence }, None);
    assert_eq!(verdict.cause, Cause::SilentClients);
    assert!(verdict.sentence.contains("waits for clients that send nothing;"), "{verdict:?}");
}

#[test]
fn stage_2_waits_for_more_silent_clients_than_it_has_workers() {
    let (seen, _) = stage1_with_a_silent_client();
    let seen = Seen { silent: 100, open: 32, ..seen };
    let evidence = Evidence {
        sleeps: vec![(Sleep::Poll, 64.0), (Sleep::Futex, 1.0), (Sleep::Signal, 1.0)],
        sockets: Some(Sockets { accepted: 129, unread: 29, queued: 3 }),
        queue: Some(Queue { mean: 3.0, max: 3 }),
        ..evidence()
    };
    let (cause, sentence) = cause(&seen, &evidence);
    assert_eq!(cause, Cause::SilentClients);
    assert!(sentence.contains("100 clients that send nothing; 0 of 32"), "{sentence}");
}

#[test]
fn held_connections_are_no_silent_clients() {
    // Stage 2 with 800 busy clients: 64 have a worker, 65 lie in its queue with a request unread.
    let seen = Seen { open: 800, served: 64, ..seen() };
    let evidence = Evidence {
        sleeps: vec![(Sleep::Poll, 60.0), (Sleep::Running, 4.0), (Sleep::Futex, 1.0)],
        sockets: Some(Sockets { accepted: 129, unread: 66, queued: 671 }),
        queue: Some(Queue { mean: 671.0, max: 671 }),
        ..evidence()
    };
    let (cause, sentence) = cause(&seen, &evidence);
    assert_eq!(cause, Cause::HeldConnections);
    assert!(sentence.contains("64 connections; 736 wait (671 in the accept queue)"), "{sentence}");
}

/// `/sleep/5` by 64 clients, served as fast as `threads` that sleep can.
fn sleeping(threads: f64) -> (Seen, Evidence) {
    let rps = threads * 195.0;
    let seen = Seen { open: 64, served: 64, rps, mean: 64.0 / rps, requests: rps as u64, ..seen() };
    let evidence = Evidence { sleeps: vec![(Sleep::Timer, threads)], ..evidence() };
    (seen, evidence)
}

#[test]
fn too_few_threads_to_sleep_in() {
    let (seen, evidence) = sleeping(1.0);
    let (cause, sentence) = cause(&seen, &evidence);
    assert_eq!(cause, Cause::SleepingThreads);
    assert!(sentence.contains("the one thread sleeps in a handler while 64"), "{sentence}");
}

#[test]
fn a_thread_that_keeps_house_is_no_handler() {
    // h2o: one thread wakes up once a second, two others serve.
    let (seen, mut evidence) = sleeping(1.0);
    evidence.threads = vec![thread("main", 0.0, 1, Sleep::Timer)];
    assert_ne!(cause(&seen, &evidence).0, Cause::SleepingThreads);
    evidence.threads = vec![thread("stage3-epoll", 0.0, seen.requests, Sleep::Timer)];
    assert_eq!(cause(&seen, &evidence).0, Cause::SleepingThreads);
}

#[test]
fn a_thread_to_sleep_in_for_each() {
    let (seen, evidence) = sleeping(62.0);
    assert_eq!(cause(&seen, &evidence).0, Cause::SlowHandler);
}

#[test]
fn forty_milliseconds_are_nagles_only_with_late_acknowledgements() {
    let seen = Seen {
        p50: Some(Duration::from_millis(41)),
        client_cores: 0.02,
        requests: 1200,
        rps: 1200.0,
        mean: 0.041,
        ..seen()
    };
    let server = Use { cpu: 0.03, ..Use::default() };
    let machine = Machine { processes: 0.06, ..Machine::default() };
    let evidence = Evidence { server: Some(server), machine: Some(machine), ..evidence() };
    for (acks, expected) in [
        (Some(1170), Cause::DelayedAck),
        // A handler that waits: some acknowledgements are always late.
        (Some(120), Cause::Unknown),
        (None, Cause::Unknown),
    ] {
        let evidence = Evidence { delayed_acks: acks, ..evidence.clone() };
        assert_eq!(cause(&seen, &evidence).0, expected, "{acks:?}");
    }
}

#[test]
fn doubts_do_not_hide_the_cause() {
    let seen = Seen { errors: vec![("timeout", 3)], slowest_tenth: Some(0.2), ..seen() };
    let mut evidence = ceilings::stage_3_on_work();
    evidence.machine =
        Some(Machine { processes: 1.9, stolen: 0.2, throttled: 0.1, ..Machine::default() });
    let verdict = verdict(&seen, &evidence, None);
    assert_eq!((verdict.cause, verdict.doubts.len()), (Cause::SingleThread, 5), "{verdict:?}");
}
