//! The verdict: each rule on saved samples, and a generator that is too slow, which has to say so of itself.

#![allow(clippy::unwrap_used)] // clippy allows it in test functions, but not in what they call.

mod ceilings;
mod rules;
mod situations;
mod staged;

use bench::evidence::verdict::{Cause, Verdict};
use bench::experiments::trial;
use bench::load::Options;
use bench::targets::server::Server;
use std::path::Path;
use std::time::Duration;

/// Long enough for several looks at the server, twenty a second.
const WINDOW: Duration = Duration::from_millis(500);

#[test]
fn a_generator_held_to_one_slow_thread() {
    let floor = Path::new(env!("CARGO_BIN_EXE_bench"));
    let server = Server::start(floor, &["floor", "--listen", "127.0.0.1:0"]).unwrap();
    let mut options = Options::get(server.url().unwrap(), 16, WINDOW);
    // Beside it the server's own time hardly counts, also where both share one core.
    (options.threads, options.burden) = (1, Duration::from_millis(1));
    let is_client = |verdict: &Verdict| verdict.cause == Cause::Client;
    let verdict = trial::judge(Some(&server), &options, 5, is_client).unwrap();
    // A thread that others keep off its CPU is held back by them, and the verdict says that.
    assert!(is_client(&verdict) || verdict.is_of_others(), "{verdict:?}");
}
