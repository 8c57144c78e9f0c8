//! The log and the trace are whole at every end.

use super::{Folder, Stage, ask, ended, lines};
use crate::resilience::ending;
use crate::results::trace::Trace;
use anyhow::{Context, Result, ensure};
use shared::sys::signal::{self, Signal};
use shared::telemetry::trace::InstantEvent;
use std::fs;

/// How a server ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// Nothing is left to do.
    Drained,
    /// A handler sleeps for longer than the grace period.
    Grace,
    /// A handler sleeps, and a second signal comes.
    Twice,
}

/// Every response that was sent has its line, and its events.
pub fn are_whole(stage: &Stage) -> Result<()> {
    for (end, grace, status) in
        [(End::Drained, "120s", 0), (End::Grace, "100ms", 0), (End::Twice, "120s", 128 + 15)]
    {
        is_whole(stage, end, grace, status).with_context(|| format!("{end:?}"))?;
    }
    Ok(())
}

fn is_whole(stage: &Stage, end: End, grace: &str, expected: i32) -> Result<()> {
    const SENT: usize = 100;
    let folder = Folder::new()?;
    let (log, trace) = (folder.path("log"), folder.path("trace"));
    let mut server = stage.start(&["--log", &log, "--trace", &trace, "--grace", grace])?;
    ask(server.address(), "/", SENT)?;
    let asleep = (end != End::Drained).then(|| ending::in_handler(&server, 60_000)).transpose()?;
    signal::send(server.pid(), Signal::Terminate)?;
    if end == End::Twice {
        ending::taken(&server)?;
        signal::send(server.pid(), Signal::Terminate)?;
    }
    let status = ended(&mut server)?;
    ensure!(status.code() == Some(expected), "{status}: {}", server.stderr());
    // Before a handler sleeps, one more is answered.
    let sent = SENT + usize::from(asleep.is_some());
    let written = lines(&fs::read_to_string(&log)?)?;
    ensure!(written == [sent, 0], "{written:?} lines for {sent} responses");
    let text = fs::read_to_string(&trace)?;
    serde_json::from_str::<serde_json::Value>(&text).context("the trace")?;
    Trace::parse(&text)?;
    let parsed = text.matches(&format!("\"{}\"", InstantEvent::Parsed.name())).count();
    ensure!(parsed >= sent, "{parsed} requests in the trace, {sent} responses");
    Ok(())
}
