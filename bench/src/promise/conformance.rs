//! HTTP to the letter: every case of `bench verify`, of whatever level.

use super::Stage;
use crate::verify::{self, Options};
use anyhow::{Result, ensure};
use std::time::Duration;

/// Every time-out in the tests that wait for one.
const SHORT: Duration = Duration::from_millis(500);

/// All cases but those that wait for a time-out.
pub fn to_the_letter(stage: &Stage) -> Result<()> {
    let _alone = super::alone();
    check(stage, &[], Options { jobs: stage.at_once.min(4), ..options(stage) })
}

/// The cases that wait for a time-out; as many at once as the server holds, since they only wait.
pub fn time_outs(stage: &Stage) -> Result<()> {
    let names = ["--head-timeout", "--body-timeout", "--idle-timeout", "--write-timeout"];
    let options = Options {
        only: "timeouts/*".into(),
        slow: true,
        jobs: stage.at_once.min(24),
        head_timeout: SHORT,
        body_timeout: SHORT,
        idle_timeout: SHORT,
        write_timeout: SHORT,
        ..options(stage)
    };
    check(stage, &names.map(|name| [name, "500ms"]).concat(), options)
}

/// The cases that need a low limit on requests or connections.
pub fn low_limits(stage: &Stage) -> Result<()> {
    let connections = stage.at_once.min(5);
    let requests = Options { only: "limits/requests".into(), requests_limit: 3, ..options(stage) };
    check(stage, &["--max-requests", "3"], requests)?;
    let options = Options {
        only: "limits/connections".into(),
        connections_limit: connections,
        ..options(stage)
    };
    check(stage, &["--max-connections", &connections.to_string()], options)
}

fn options(stage: &Stage) -> Options {
    let patience = Duration::from_secs(5);
    Options { concurrent: stage.at_once, jobs: 1, patience, ..Options::default() }
}

fn check(stage: &Stage, flags: &[&str], options: Options) -> Result<()> {
    let server = stage.start(flags)?;
    let report = verify::run(server.address(), &options);
    ensure!(report.passed() > 0, "no case was run");
    ensure!(report.failures().is_empty(), "{report}");
    Ok(())
}
