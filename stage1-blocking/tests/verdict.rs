//! What kills this stage, and that `bench` says so.

#![allow(clippy::unwrap_used)] // clippy allows it in test functions, but not in what they call.

use bench::evidence::verdict::{Cause, Verdict};
use bench::experiments::trial;
use bench::load::{Options, Think};
use bench::targets::server::Server;
use std::path::Path;
use std::time::Duration;

/// The verdict on ten clients that ask all the time, or think for 5 ms before each request, beside `silent` ones.
fn verdict(
    args: &[&str],
    (silent, thinks): (usize, bool),
    is_expected: impl Fn(&Verdict) -> bool,
) -> Verdict {
    let program = Path::new(env!("CARGO_BIN_EXE_stage1-blocking"));
    let args = [&["--listen", "127.0.0.1:0", "--keep-alive", "always"], args].concat();
    let server = Server::start(program, &args).unwrap();
    let mut options = Options::get(server.url().unwrap(), 10, Duration::from_millis(500));
    (options.silent, options.warm_up) = (silent, Duration::from_millis(300));
    options.think = thinks.then_some(Think { mean: Duration::from_millis(5), fixed: false });
    trial::judge(Some(&server), &options, 20, is_expected).unwrap()
}

/// One test, as the kernel counts overflows for all servers together.
#[test]
fn one_client_is_enough_and_a_full_queue_turns_clients_away() {
    for (args, clients, cause, words) in [
        (&[][..], (1, false), Cause::SilentClients, "0 of 10 busy clients were served"),
        (&[], (0, false), Cause::HeldConnections, "1 connection; 9 wait"),
        (&[], (0, true), Cause::ThinkingUsers, "waits for its one user to think; 9 wait"),
        (&["--backlog", "1"], (0, false), Cause::QueueOverflow, ""),
    ] {
        let is_expected = |found: &Verdict| found.cause == cause && found.sentence.contains(words);
        let found = verdict(args, clients, is_expected);
        assert!(is_expected(&found), "{cause:?}: {found:?}");
    }
}
