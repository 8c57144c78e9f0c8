//! What is used up: a thread, the client, the machine.

use super::*;

/// One thread that never rests; stage 3 on `/work/200`.
pub(super) fn stage_3_on_work() -> Evidence {
    Evidence {
        server: Some(Use { cpu: 0.99, kernel: Some((0.05, 99)), ..Use::default() }),
        threads: vec![thread("stage3-epoll", 0.99, 30, Sleep::Running)],
        sleeps: vec![(Sleep::Running, 1.0), (Sleep::Signal, 1.0)],
        machine: Some(Machine { processes: 1.3, interrupts: 0.02, ..Machine::default() }),
        ..evidence()
    }
}

#[test]
fn one_thread_is_the_ceiling() {
    let (cause, sentence) = cause(&seen(), &stage_3_on_work());
    assert_eq!(cause, Cause::SingleThread);
    assert!(sentence.contains("busy 99 %"), "{sentence}");
}

#[test]
fn kept_off_its_cpu_for_moments_it_never_rests_either() {
    let mut evidence = stage_3_on_work();
    (evidence.threads[0].cpu, evidence.threads[0].run_wait) = (0.85, 0.14);
    assert_eq!(cause(&seen(), &evidence).0, Cause::SingleThread);
    evidence.threads[0].run_wait = 0.0;
    assert_ne!(cause(&seen(), &evidence).0, Cause::SingleThread);
}

#[test]
fn one_loop_is_the_ceiling_however_many_others_idle() {
    let mut evidence = Evidence { cores: 8, ..stage_3_on_work() };
    let others = (1..8).map(|_| thread("loop", 0.1, 30, Sleep::Epoll));
    evidence.threads.extend(others);
    evidence.server = Some(Use { cpu: 1.69, ..Use::default() });
    assert_eq!(cause(&seen(), &evidence).0, Cause::SingleThread);
    // Where the CPUs have no time for the others, those are no idlers.
    evidence.cores = 2;
    evidence.machine = Some(Machine { processes: 1.95, ..Machine::default() });
    assert_eq!(cause(&seen(), &evidence).0, Cause::Machine);
}

#[test]
fn a_generator_held_to_one_slow_thread() {
    let seen = Seen { client_cores: 0.97, client_busiest: 0.97, ..seen() };
    let machine = Machine { processes: 1.3, interrupts: 0.1, ..Machine::default() };
    let evidence = Evidence { machine: Some(machine), ..evidence() };
    assert_eq!(cause(&seen, &evidence).0, Cause::Client);
}

/// Stage 4 on hello beside a generator on the same two cores.
fn stage_4_on_hello() -> (Seen, Evidence) {
    let seen = Seen {
        rps: 120_000.0,
        requests: 120_000,
        client_cores: 0.9,
        client_busiest: 0.46,
        ..seen()
    };
    let evidence = Evidence {
        server: Some(Use { cpu: 0.94, kernel: Some((0.86, 94)), ..Use::default() }),
        threads: vec![
            thread("loop-0", 0.48, 100, Sleep::Running),
            thread("loop-1", 0.46, 100, Sleep::Running),
        ],
        machine: Some(Machine { processes: 1.86, interrupts: 0.12, ..Machine::default() }),
        ..evidence()
    };
    (seen, evidence)
}

#[test]
fn server_and_client_fill_the_machine() {
    let (seen, evidence) = stage_4_on_hello();
    let (cause, sentence) = cause(&seen, &evidence);
    assert_eq!(cause, Cause::Machine);
    assert!(sentence.contains("86 % of the server's time is the kernel's"), "{sentence}");
}

#[test]
fn who_fills_the_machine_beside_a_server_of_somebody_else_is_unknown() {
    let machine = Machine { processes: 1.9, ..Machine::default() };
    let evidence =
        Evidence { server: None, threads: Vec::new(), machine: Some(machine), ..evidence() };
    let (cause, sentence) = cause(&seen(), &evidence);
    assert_eq!(cause, Cause::Machine);
    assert!(
        sentence.contains("client 0.30 of 2 cores, and the server is no process"),
        "{sentence}"
    );
}

#[test]
fn a_machine_that_others_fill() {
    let machine = Machine { processes: 1.9, interrupts: 0.1, ..Machine::default() };
    let evidence = Evidence { machine: Some(machine), ..evidence() };
    let verdict = verdict(&seen(), &evidence, None);
    assert_eq!((verdict.cause, verdict.doubts.len()), (Cause::Strangers, 1), "{verdict:?}");
}

#[test]
fn a_ceiling_counts_where_the_client_was_the_limit() {
    let (seen, evidence) = stage_4_on_hello();
    let cause = |of_the_client, client_busiest| {
        let seen = Seen { client_busiest, ..seen.clone() };
        let ceiling = Ceiling { rps: 127_000.0, of_the_client };
        verdict(&seen, &evidence, Some(ceiling)).cause
    };
    assert_eq!((cause(true, 0.8), cause(false, 0.8)), (Cause::Client, Cause::Machine));
    assert_eq!(cause(true, 0.46), Cause::Machine, "a client with time to spare is no limit");
}

#[test]
fn threads_that_wake_each_other() {
    let evidence = Evidence {
        server: Some(Use { cpu: 0.3, voluntary: Some(45_000), ..Use::default() }),
        threads: vec![
            thread("main", 0.1, 20_000, Sleep::Poll),
            thread("worker-0", 0.1, 13_000, Sleep::Futex),
            thread("worker-1", 0.1, 12_000, Sleep::Futex),
        ],
        sleeps: vec![(Sleep::Futex, 1.8), (Sleep::Poll, 0.9), (Sleep::Running, 0.3)],
        ..evidence()
    };
    let (cause, sentence) = cause(&seen(), &evidence);
    assert_eq!(cause, Cause::HandOver);
    assert!(sentence.contains("2.2 times per request"), "{sentence}");
}
