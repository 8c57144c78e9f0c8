//! The log and the trace are whole at every end.

use super::{Client, Stage, ask, folder_and_log, lines, path, wait_until};
use crate::attempts::side_by_side;
use crate::shutdown::{SECOND_SIGTERM, in_handler, terminate_twice};
use anyhow::{Context, Result, ensure};
use bench::resilience::shutdown::exits;
use shared::sys::signal::{self, Signal};
use shared::telemetry::trace::InstantEvent;
use std::fs;

/// Every response that was sent has its line, and its events.
pub fn all_is_written(stage: &Stage) -> Result<()> {
    // The server drains; a handler sleeps for longer than the grace period; a handler sleeps, and a second signal comes.
    let ends = [(false, false, "120s"), (true, false, "100ms"), (true, true, "120s")];
    side_by_side(&ends, ends.len(), |(sleeps, twice, grace)| {
        is_whole(stage, *sleeps, *twice, grace)
            .with_context(|| format!("a handler sleeps: {sleeps}, two signals: {twice}"))
    })
}

/// The end of the process cuts a long response: that has its line like any other, and one only.
pub fn a_response_that_is_cut_has_its_line(stage: &Stage) -> Result<()> {
    const LONG: &str = "/count/100000000";
    let ends = [(false, "100ms"), (true, "120s")];
    side_by_side(&ends, ends.len(), |(twice, grace)| {
        let (_folder, log) = folder_and_log()?;
        let mut server = stage.start(&["--log", &log, "--grace", grace])?;
        let mut client = Client::connect(server.address())?;
        client.get(LONG);
        wait_until("the beginning of a response", || Ok(client.heard() > 0))?;
        if *twice {
            terminate_twice(server.pid())?;
        } else {
            signal::send(server.pid(), Signal::Terminate)?;
        }
        exits(&mut server, if *twice { SECOND_SIGTERM } else { 0 })?;
        let text = fs::read_to_string(&log)?;
        let of_it = text.lines().filter(|line| line.contains(LONG)).collect::<Vec<_>>();
        let is_right =
            |line: &str| line.starts_with("127.0.0.1 - - [") && line.contains("\" 200 - ");
        ensure!(of_it.len() == 1 && is_right(of_it[0]), "of {LONG}: {of_it:?}");
        Ok(())
    })
}

fn is_whole(stage: &Stage, sleeps: bool, twice: bool, grace: &str) -> Result<()> {
    const SENT: usize = 100;
    let (folder, log) = folder_and_log()?;
    let trace = path(&folder, "trace");
    let mut server = stage.start(&["--log", &log, "--trace", &trace, "--grace", grace])?;
    ask(server.address(), "/", SENT)?;
    let _asleep = sleeps.then(|| in_handler(&server, 60_000)).transpose()?;
    if twice {
        terminate_twice(server.pid())?;
    } else {
        signal::send(server.pid(), Signal::Terminate)?;
    }
    exits(&mut server, if twice { SECOND_SIGTERM } else { 0 })?;
    // Before a handler sleeps, one more response is sent.
    let sent = SENT + usize::from(sleeps);
    let written = lines(&fs::read_to_string(&log)?)?;
    ensure!(written == [sent, 0], "{written:?} lines for {sent} responses");
    let text = fs::read_to_string(&trace)?;
    serde_json::from_str::<serde_json::Value>(&text).context("the trace")?;
    let parsed = text.matches(&format!("\"{}\"", InstantEvent::Parsed.name())).count();
    ensure!(parsed >= sent, "{parsed} requests in the trace, {sent} responses");
    let [begun, ended] =
        ["B", "E"].map(|phase| text.matches(&format!("\"ph\":\"{phase}\"")).count());
    ensure!(sleeps || begun == ended, "{begun} spans in the trace have begun, and {ended} ended");
    Ok(())
}
