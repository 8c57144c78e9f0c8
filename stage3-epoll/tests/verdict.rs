//! What kills this stage, and that `bench` says so.

use bench::evidence::Watch;
use bench::evidence::machine::Listening;
use bench::evidence::sampler::PERIOD;
use bench::evidence::verdict::{Cause, Verdict, verdict};
use bench::experiments::trial;
use bench::interrupt::Interrupt;
use bench::load::{Expect, Load, Options};
use bench::targets::server::Server;
use shared::sys::Socket;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

#[test]
fn a_handler_that_computes_or_sleeps_takes_all_there_is() {
    let program = Path::new(env!("CARGO_BIN_EXE_stage3-epoll"));
    let server = Server::start(program, &["--listen", "127.0.0.1:0"]).unwrap();
    for (path, expected) in
        [("/work/200", Cause::SingleThread), ("/sleep/5", Cause::SleepingThreads)]
    {
        let mut options = Options::get(server.url().unwrap(), 16, Duration::from_millis(500));
        options.url.target = path.to_owned();
        options.expect = Expect::Any;
        let is_expected = |verdict: &Verdict| verdict.cause == expected;
        let verdict = trial::judge(Some(&server), &options, 5, is_expected).unwrap();
        // A machine that others fill, or a quota, is another bottleneck, and the verdict says that.
        assert!(is_expected(&verdict) || verdict.is_of_others(), "{path}: {verdict:?}");
    }
}

/// Connections found the accept queue full before the window, and none in it: that explains nothing of the window.
#[test]
fn a_queue_that_overflowed_while_clients_connected_is_not_the_cause() {
    let program = Path::new(env!("CARGO_BIN_EXE_stage3-epoll"));
    let server = Server::start(program, &["--listen", "127.0.0.1:0", "--backlog", "1"]).unwrap();
    let signal = |name: &str| {
        let pid = server.pid().to_string();
        assert!(Command::new("kill").args([name, &pid]).status().unwrap().success());
    };
    let (pid, address) = (server.pid(), server.address());
    let listening = Listening::now(address);
    let overflows = || Listening::now(address).since(&listening).overflows.unwrap();
    // A server that is stopped accepts nothing.
    signal("-STOP");
    let mut early = Vec::new();
    while overflows() == 0 {
        early.push(Socket::connect(address).unwrap());
        std::thread::sleep(Duration::from_millis(1));
    }
    drop(early);
    signal("-CONT");
    let mut options = Options::get(server.url().unwrap(), 2, Duration::from_millis(300));
    (options.url.target, options.expect) = ("/work/200".to_owned(), Expect::Any);
    let interrupt = Interrupt::default();
    // On a busy machine these two clients may find the queue full again.
    let causes = (0..10).map(|_| {
        let load = Load::start(&options, &interrupt).unwrap();
        load.warm_up(&interrupt).unwrap();
        load.open();
        let mut watch = Watch::start(vec![pid], address, listening, PERIOD);
        load.measure(&interrupt);
        let evidence = watch.turn();
        let outcome = load.finish(&interrupt).unwrap();
        assert!(evidence.overflows > Some(0), "{evidence:?}");
        verdict(&trial::seen(&outcome, 2, 0), &evidence, None).cause
    });
    assert!({ causes }.any(|cause| cause != Cause::QueueOverflow));
}
