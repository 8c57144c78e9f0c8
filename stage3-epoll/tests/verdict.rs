//! What kills this stage, and that `bench` says so.

use bench::evidence::verdict::{Cause, Verdict};
use bench::experiments::trial;
use bench::load::{Expect, Options};
use bench::targets::Running;
use bench::targets::server::Server;
use std::path::Path;
use std::time::Duration;

#[test]
fn a_handler_that_computes_or_sleeps_takes_all_there_is() {
    let program = Path::new(env!("CARGO_BIN_EXE_stage3-epoll"));
    let server = Server::start(program, &["--listen", "127.0.0.1:0"]).unwrap();
    let running = Running::Server(server);
    for (path, expected) in
        [("/work/200", Cause::SingleThread), ("/sleep/5", Cause::SleepingThreads)]
    {
        let mut options = Options::get(running.url().unwrap(), 16, Duration::from_millis(500));
        options.url.target = path.to_owned();
        options.expect = Expect::Any;
        let is_expected = |verdict: &Verdict| verdict.cause == expected;
        let verdict = trial::judge(&running, &options, 5, is_expected).unwrap();
        // A machine that others fill has another bottleneck, and the verdict says that.
        assert!(is_expected(&verdict) || !verdict.doubts.is_empty(), "{path}: {verdict:?}");
    }
}
