//! What is used up: a thread, the client, the machine.

use crate::rules::{busy, evidence, expect, seen, thread, used};
use bench::evidence::Evidence;
use bench::evidence::sleep::Sleep;
use bench::evidence::tree::Use;
use bench::evidence::verdict::{Cause, Ceiling, Seen, verdict};

/// One thread that never rests; stage 3 on `/work/200`.
pub(crate) fn stage_3_on_work() -> Evidence {
    Evidence {
        server: used(0.99, 0.05),
        threads: vec![thread("stage3-epoll", 0.99, 30, Sleep::Running)],
        sleeps: vec![(Sleep::Running, 1.0), (Sleep::Signal, 1.0)],
        machine: busy(1.3, 0.02),
        ..evidence()
    }
}

#[test]
fn one_thread_is_the_ceiling() {
    let mut evidence = stage_3_on_work();
    expect(&seen(), &evidence, Cause::SingleThread, "one core is full (99 % busy)");
    // Kept off its CPU for moments, it never rests either.
    (evidence.threads[0].cpu, evidence.threads[0].run_wait) = (0.85, 0.14);
    expect(&seen(), &evidence, Cause::SingleThread, "");
    evidence.threads[0].run_wait = 0.0;
    assert_ne!(verdict(&seen(), &evidence, None).cause, Cause::SingleThread);
}

#[test]
fn one_loop_is_the_ceiling_however_many_others_idle() {
    let mut evidence = Evidence { cores: 8, server: used(1.69, 0.05), ..stage_3_on_work() };
    evidence.threads.extend((1..8).map(|_| thread("loop", 0.1, 30, Sleep::Epoll)));
    expect(&seen(), &evidence, Cause::SingleThread, "");
    // Where the CPUs have no time for the others, those are no idlers.
    (evidence.cores, evidence.machine) = (2, busy(1.95, 0.0));
    evidence.threads.iter_mut().skip(1).for_each(|thread| thread.run_wait = 0.85);
    expect(&seen(), &evidence, Cause::Machine, "");
}

/// Stage 4 on hello beside a generator on the same two cores.
fn stage_4_on_hello() -> (Seen, Evidence) {
    let (requests, rps) = (120_000, 120_000.0);
    let seen = Seen { rps, requests, client_cores: 0.9, client_busiest: 0.46, ..seen() };
    let loops = ["loop-0", "loop-1"].map(|name| thread(name, 0.47, 100, Sleep::Running));
    let (server, machine) = (used(0.94, 0.86), busy(1.86, 0.12));
    (seen, Evidence { server, threads: loops.to_vec(), machine, ..evidence() })
}

#[test]
fn a_server_that_is_kept_apart_fills_the_cores_that_it_has() {
    let (seen, mut evidence) = stage_4_on_hello();
    (evidence.cores, evidence.server_cores, evidence.server) = (8, Some(4), used(3.9, 0.86));
    evidence.machine = busy(4.8, 0.1);
    expect(&seen, &evidence, Cause::Machine, "the server's cores are full: it uses 3.90 of 4");
    evidence.server = used(2.0, 0.86);
    evidence.machine = busy(2.9, 0.1);
    assert_ne!(verdict(&seen, &evidence, None).cause, Cause::Machine);
}

#[test]
fn others_fill_the_machine_or_a_server_that_is_not_ours_does() {
    let (server, threads, machine) = (None, Vec::new(), busy(1.9, 0.0));
    let foreign = Evidence { server, threads, machine, ..evidence() };
    let words = "client 0.30 of 2 cores, and the server's CPU is unknown";
    expect(&seen(), &foreign, Cause::Machine, words);
    let alone = Evidence { cores: 1, machine: busy(0.95, 0.0), ..foreign };
    expect(&seen(), &alone, Cause::Machine, "client 0.30 of 1 core, and");
    let pushed_aside = used(0.3, 0.8).map(|used| Use { run_wait: 0.6, ..used });
    let pushed_aside = Evidence { server: pushed_aside, machine: busy(1.9, 0.1), ..evidence() };
    let found = verdict(&seen(), &pushed_aside, None);
    assert_eq!((found.cause, found.doubts.len()), (Cause::OtherPrograms, 1), "{found:?}");
}

#[test]
fn a_ceiling_counts_where_the_client_was_the_limit() {
    let (seen, evidence) = stage_4_on_hello();
    let cause = |of_the_client, client_busiest| {
        let seen = Seen { client_busiest, ..seen.clone() };
        verdict(&seen, &evidence, Some(Ceiling { rps: 127_000.0, of_the_client })).cause
    };
    assert_eq!((cause(true, 0.8), cause(false, 0.8)), (Cause::Client, Cause::Machine));
    assert_eq!(cause(true, 0.46), Cause::Machine, "a client with time to spare is no limit");
}

#[test]
fn threads_that_wake_each_other() {
    let evidence = Evidence {
        server: used(0.3, 0.5).map(|used| Use { voluntary: Some(45_000), ..used }),
        threads: vec![
            thread("main", 0.1, 20_000, Sleep::Poll),
            thread("worker-0", 0.1, 13_000, Sleep::Futex),
            thread("worker-1", 0.1, 12_000, Sleep::Futex),
        ],
        sleeps: vec![(Sleep::Futex, 1.8), (Sleep::Poll, 0.9), (Sleep::Running, 0.3)],
        ..evidence()
    };
    expect(&seen(), &evidence, Cause::HandOver, "2.2 times per request");
    // Of no request there is no figure per request.
    let late = Seen { requests: 0, errors: vec![("timeout".to_owned(), 216)], ..seen() };
    assert_ne!(verdict(&late, &evidence, None).cause, Cause::HandOver);
}
