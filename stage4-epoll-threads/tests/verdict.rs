//! What kills this stage, and that `bench` says so.

#![allow(clippy::unwrap_used)] // clippy allows it in test functions, but not in what they call.

use bench::evidence::verdict::{Cause, Verdict};
use bench::experiments::trial;
use bench::load::{Expect, Options};
use bench::targets::server::Server;
use bench::tools;
use std::path::Path;
use std::time::Duration;

/// Long enough for several looks at the server, twenty a second.
const WINDOW: Duration = Duration::from_millis(500);

fn start() -> Server {
    start_with(&[])
}

fn start_with(args: &[&str]) -> Server {
    let program = Path::new(env!("CARGO_BIN_EXE_stage4-epoll-threads"));
    let args = [&["--listen", "127.0.0.1:0"], args].concat();
    Server::start(program, &args).unwrap()
}

#[test]
fn the_machine_or_the_client_is_the_limit() {
    let server = start();
    let connections = 32 * tools::cores();
    let options = Options::get(server.url().unwrap(), connections, WINDOW);
    let is_full = |verdict: &Verdict| matches!(verdict.cause, Cause::Machine | Cause::Client);
    let verdict = trial::judge(Some(&server), &options, 5, is_full).unwrap();
    // A machine that others fill, or a quota, is another bottleneck, and the verdict says that.
    assert!(is_full(&verdict) || verdict.is_of_others(), "{verdict:?}");

    // What blocks has threads of its own: fewer requests than those are limited by nothing but the sleep.
    let mut options = Options::get(server.url().unwrap(), 16, WINDOW);
    (options.url.target, options.expect) = ("/sleep/5".to_owned(), Expect::Any);
    let sleeps = |verdict: &Verdict| verdict.cause == Cause::SlowHandler;
    let verdict = trial::judge(Some(&server), &options, 5, sleeps).unwrap();
    assert!(sleeps(&verdict) || verdict.is_of_others(), "{verdict:?}");
}

#[test]
fn a_timer_is_not_nagles_algorithm() {
    let server = start();
    let mut options = Options::get(server.url().unwrap(), 50, WINDOW);
    (options.url.target, options.expect) = ("/delay/40".to_owned(), Expect::Any);
    let is_open = |verdict: &Verdict| verdict.cause == Cause::Unknown;
    let verdict = trial::judge(Some(&server), &options, 5, is_open).unwrap();
    assert!(is_open(&verdict) || verdict.is_of_others(), "{verdict:?}");
    assert_ne!(verdict.cause, Cause::DelayedAck, "{verdict:?}");
}

/// The kernel chooses a loop by a hash of the addresses: of two clients both may have the same, every other time.
#[test]
fn one_loop_is_the_ceiling_when_the_hash_gives_it_all_clients() {
    let server = start_with(&["--threads", "2"]);
    let mut options = Options::get(server.url().unwrap(), 2, WINDOW);
    (options.url.target, options.expect) = ("/work/200".to_owned(), Expect::Any);
    options.pipeline = 16;
    let is_one = |verdict: &Verdict| verdict.cause == Cause::SingleThread;
    // Where other programs take the CPUs, no loop has one to itself however often it is tried.
    let is_told = |verdict: &Verdict| {
        is_one(verdict) || !verdict.disturbed_by.is_empty() || verdict.is_of_others()
    };
    let verdict = trial::judge(Some(&server), &options, 20, is_told).unwrap();
    assert!(is_told(&verdict), "{verdict:?}");
}
