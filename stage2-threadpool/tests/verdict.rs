//! What kills this stage, and that `bench` says so.

use bench::cell;
use bench::evidence::verdict::{Cause, Verdict};
use bench::load::Options;
use bench::server::Server;
use bench::target::Running;
use std::path::Path;
use std::time::Duration;

#[test]
fn more_silent_clients_than_workers() {
    let program = Path::new(env!("CARGO_BIN_EXE_stage2-threadpool"));
    let args = ["--listen", "127.0.0.1:0", "--keep-alive", "always", "--threads", "8"];
    let running = Running::Server(Server::start(program, &args).unwrap());
    let mut options = Options::get(running.url().unwrap(), 10, Duration::from_millis(500));
    (options.silent, options.warm_up) = (12, Duration::from_millis(300));
    let is_expected = |verdict: &Verdict| {
        verdict.cause == Cause::SilentClients
            && verdict.sentence.contains("8 clients that send nothing")
    };
    let verdict = cell::judge(&running, &options, 20, is_expected).unwrap();
    assert!(is_expected(&verdict), "{verdict:?}");
}
