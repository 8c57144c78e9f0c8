//! HTTP to the letter: every case of `bench verify`, of whatever level.

use super::{PATIENCE, Stage, side_by_side};
use crate::verify::{self, Options};
use anyhow::{Result, ensure};
use std::time::Duration;

/// Most time-outs in the tests that wait for one: long enough that a client which is kept from a CPU for a second
/// has still sent what it had to send before.
const SHORT: Duration = Duration::from_secs(2);

/// The one that passes while a client does nothing anyway.
const WRITE: Duration = Duration::from_millis(500);

/// All cases but those that wait for a time-out. They too mostly wait, for the moment of their next byte: each group
/// has a server of its own, and all go at once.
pub fn to_the_letter(stage: &Stage) -> Result<()> {
    let group = |id: String| id.split('/').next().map(|group| format!("{group}/*"));
    let mut groups: Vec<_> =
        verify::ids(&Options::default()).into_iter().filter_map(group).collect();
    groups.dedup();
    groups.retain(|only| only != TIME_OUTS);
    side_by_side(&groups, groups.len(), |only| {
        let jobs = stage.at_once.min(4);
        check(stage, &[], Options { only: only.clone(), jobs, ..options(stage) })
    })
}

const TIME_OUTS: &str = "timeouts/*";

/// The cases that wait for a time-out, all at once. Where a server holds one connection, each has its own.
pub fn time_outs(stage: &Stage) -> Result<()> {
    let options = Options {
        slow: true,
        jobs: stage.at_once.min(24),
        head_timeout: SHORT,
        body_timeout: SHORT,
        idle_timeout: SHORT,
        write_timeout: WRITE,
        only: TIME_OUTS.into(),
        ..options(stage)
    };
    let short = ["--head-timeout", "--body-timeout", "--idle-timeout"].map(|name| [name, "2s"]);
    let flags = [&short.concat()[..], &["--write-timeout", "500ms"]].concat();
    let parts = if stage.at_once > 1 { vec![TIME_OUTS.to_owned()] } else { verify::ids(&options) };
    side_by_side(&parts, parts.len(), |only| {
        check(stage, &flags, Options { only: only.clone(), ..options.clone() })
    })
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
    Options { concurrent: stage.at_once, jobs: 1, timeout: PATIENCE, ..Options::default() }
}

fn check(stage: &Stage, flags: &[&str], options: Options) -> Result<()> {
    let server = stage.start(flags)?;
    let report = verify::run(server.address(), &options);
    ensure!(report.passed() > 0, "no case was run");
    ensure!(report.failures().is_empty(), "{report}");
    Ok(())
}
