//! What kills this stage, and that `bench` says so.

#![allow(clippy::unwrap_used)] // clippy allows it in test functions, but not in what they call.

use bench::evidence::verdict::{Cause, Verdict};
use bench::experiments::trial;
use bench::load::{Expect, Options};
use bench::targets::Running;
use bench::targets::server::Server;
use bench::tools;
use std::path::Path;
use std::time::Duration;

/// Long enough for several looks at the server, twenty a second.
const WINDOW: Duration = Duration::from_millis(500);

fn start() -> Running {
    let program = Path::new(env!("CARGO_BIN_EXE_stage4-epoll-threads"));
    Running::Server(Server::start(program, &["--listen", "127.0.0.1:0"]).unwrap())
}

#[test]
fn the_machine_or_the_client_is_the_limit() {
    let running = start();
    let connections = 32 * tools::cores();
    let options = Options::get(running.url().unwrap(), connections, WINDOW);
    let is_full = |verdict: &Verdict| matches!(verdict.cause, Cause::Machine | Cause::Client);
    let verdict = trial::judge(&running, &options, 5, is_full).unwrap();
    // A machine that others fill has another bottleneck, and the verdict says that.
    assert!(is_full(&verdict) || !verdict.doubts.is_empty(), "{verdict:?}");

    // What blocks has threads of its own: fewer requests than those are limited by nothing but the sleep.
    let mut options = Options::get(running.url().unwrap(), 16, WINDOW);
    (options.url.target, options.expect) = ("/sleep/5".to_owned(), Expect::Any);
    let sleeps = |verdict: &Verdict| verdict.cause == Cause::SlowHandler;
    let verdict = trial::judge(&running, &options, 5, sleeps).unwrap();
    assert!(sleeps(&verdict) || !verdict.doubts.is_empty(), "{verdict:?}");
}
