//! What kills this stage, and that `bench` says so.

use bench::evidence::machine;
use bench::evidence::verdict::{Cause, Verdict};
use bench::experiments::trial;
use bench::load::{Options, Think};
use bench::targets::server::Server;
use std::cell::Cell;
use std::path::Path;
use std::time::Duration;

#[test]
fn more_silent_clients_than_workers() {
    let program = Path::new(env!("CARGO_BIN_EXE_stage2-threadpool"));
    let args = ["--listen", "127.0.0.1:0", "--keep-alive", "always", "--threads", "8"];
    let server = Server::start(program, &args).unwrap();
    let mut options = Options::get(server.url().unwrap(), 10, Duration::from_millis(500));
    (options.silent, options.warm_up) = (12, Duration::from_millis(300));
    // The kernel's list of sockets has those that other tests have closed as well, for a minute. Where it is too long
    // to be read, how many clients hold a worker is unknown.
    let silent = || match machine::sockets(options.url.address) {
        Some(_) => "8 clients that send nothing",
        None => "the server waits for clients that send nothing",
    };
    let is_right = Cell::new(false);
    let look = |verdict: &Verdict| {
        let is_silence = verdict.cause == Cause::SilentClients;
        is_right.set(is_silence && verdict.sentence.contains(silent()));
        is_right.get()
    };
    let verdict = trial::judge(Some(&server), &options, 20, look).unwrap();
    assert!(is_right.get(), "{verdict:?}");
}

#[test]
fn users_that_think_hold_the_workers() {
    let program = Path::new(env!("CARGO_BIN_EXE_stage2-threadpool"));
    let args = ["--listen", "127.0.0.1:0", "--keep-alive", "always", "--threads", "8"];
    let server = Server::start(program, &args).unwrap();
    let mut options = Options::get(server.url().unwrap(), 20, Duration::from_millis(500));
    options.warm_up = Duration::from_millis(300);
    options.think = Some(Think { mean: Duration::from_millis(5), fixed: false });
    let words = "8 workers hold 8 connections and wait for their users to think; 12 wait";
    let is_right = |verdict: &Verdict| verdict.sentence == words;
    let verdict = trial::judge(Some(&server), &options, 20, is_right).unwrap();
    assert!(is_right(&verdict) && verdict.cause == Cause::ThinkingUsers, "{verdict:?}");
}
