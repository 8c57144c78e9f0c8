//! Conformance: every case of `bench verify`, of whatever level, on the program of a stage, which holds afterwards what
//! it held before.

use crate::attempts::side_by_side;
use anyhow::{Context, Result, ensure};
use bench::resilience::client::{Client, serves};
use bench::resilience::process_usage::ProcessUsage;
use bench::resilience::{Stage, TIMEOUT};
use bench::targets::server::Server;
use bench::verify::{self, Options};
use std::time::Duration;

/// Most time-outs in the tests that wait for one: long enough that a client which is kept from a CPU for a second
/// has still sent what it had to send before.
const SHORT: Duration = Duration::from_secs(2);

/// The one that passes while a client does nothing anyway.
const WRITE: Duration = Duration::from_millis(500);

const TIME_OUTS: &str = "timeouts/*";

/// All cases but those that wait for a time-out. They too mostly wait, for the moment of their next byte: each group
/// has a server of its own, and all go at once.
pub fn all_cases(stage: &Stage) -> Result<()> {
    let group = |id: String| id.split('/').next().map(|group| format!("{group}/*"));
    let mut groups: Vec<_> =
        verify::ids(&Options::default()).into_iter().filter_map(group).collect();
    groups.dedup();
    groups.retain(|only| only != TIME_OUTS);
    side_by_side(&groups, groups.len(), |only| {
        let jobs = stage.at_once.min(4);
        // On a busy machine a client may need longer than two seconds to send what the server then discards.
        check(
            stage,
            &["--linger-timeout", "30s"],
            Options { only: only.clone(), jobs, ..options(stage) },
        )
    })
}

/// The cases that need a low limit on requests or connections, and those that wait for a time-out.
pub fn low_limits(stage: &Stage) -> Result<()> {
    let all: [fn(&Stage) -> Result<()>; 3] = [few_requests, few_connections, time_outs];
    side_by_side(&all, all.len(), |check| check(stage))
}

fn few_requests(stage: &Stage) -> Result<()> {
    let only = "limits/requests".into();
    let options = Options { only, requests_limit: 3, ..options(stage) };
    check(stage, &["--max-requests", "3"], options)
}

fn few_connections(stage: &Stage) -> Result<()> {
    let only = "limits/connections".into();
    let connections_limit = stage.at_once.min(5);
    let options = Options { only, connections_limit, ..options(stage) };
    check(stage, &["--max-connections", &connections_limit.to_string()], options)
}

/// The cases that wait for a time-out, all at once. Where a server holds one connection, each has its own.
fn time_outs(stage: &Stage) -> Result<()> {
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

fn options(stage: &Stage) -> Options {
    Options { concurrent: stage.at_once, jobs: 1, timeout: TIMEOUT, ..Options::default() }
}

fn check(stage: &Stage, flags: &[&str], options: Options) -> Result<()> {
    leaves_no_trace(stage, flags, |server| {
        let report = verify::run(server.address(), &options);
        ensure!(report.passed() > 0, "no case was run");
        ensure!(report.failures().is_empty(), "{report}");
        Ok(())
    })
    .context(options.only.clone())
}

/// Runs `work` on a fresh server, which must then serve as before and hold what it held before.
pub(super) fn leaves_no_trace(
    stage: &Stage,
    flags: &[&str],
    work: impl FnOnce(&Server) -> Result<()>,
) -> Result<()> {
    let server = stage.start(flags)?;
    serves(server.address())?;
    let before = ProcessUsage::at_rest(server.pid())?;
    work(&server)?;
    serves(server.address()).context("afterwards")?;
    before.wait_for(server.pid())
}

/// Many clients at once: all connect and ask, then all read. Twice on each connection where the stage holds that many;
/// else each leaves after its response, so that the next can be served.
pub fn many_clients(stage: &Stage, count: usize) -> Result<()> {
    let stay = stage.at_once > 64;
    leaves_no_trace(stage, &[], |server| {
        let mut clients = Client::asking(server.address(), "/", count)?.into_iter().enumerate();
        let read = |(number, mut client): (usize, Client)| {
            client.expect(200).with_context(|| format!("client {number}"))?;
            client.get("/");
            Ok(client)
        };
        if !stay {
            return clients.try_for_each(|client| read(client).map(drop));
        }
        let clients = clients.map(read).collect::<Result<Vec<_>>>()?;
        clients.into_iter().try_for_each(|mut client| client.expect(200).map(drop))
    })
}
