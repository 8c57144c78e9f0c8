//! A log that cannot be written as fast as its lines come, or not at all for a while.

use super::{Folder, Server, Stage, ask, ended, limited, lines, wait_for_lines, wait_until};
use crate::resilience::client::{Client, answers};
use crate::resilience::{PATIENCE, ending};
use anyhow::{Context, Result, ensure};
use shared::sys::signal::{self, Signal};
use std::fs;
use std::io::Read;
use std::process::Command;

/// All of it.
pub fn each(stage: &Stage) -> Result<()> {
    a_file_may_not_grow_for_a_while(stage)?;
    a_torn_line_is_written_again(stage)?;
    a_torn_line_does_not_stay(stage)?;
    a_reader_stops_and_goes_on(stage)?;
    a_reader_that_has_stopped_holds_no_end(stage)
}

/// RLIMIT_FSIZE, the soft limit alone: a file may have so many bytes.
const SMALL: &str = "--fsize=1500:";

/// As on a disk that is full for a while: the server goes on, and so does the log when it may.
fn a_file_may_not_grow_for_a_while(stage: &Stage) -> Result<()> {
    let folder = Folder::new()?;
    let (log, trace) = (folder.path("log"), folder.path("trace"));
    let args = ["--log", &log, "--trace", &trace];
    let mut server = Server::announced(limited(stage, SMALL, &args), PATIENCE)?;
    for _ in 0..4 {
        ask(server.address(), "/", 25)?;
    }
    let says = |words: &str| server.stderr().matches(words).count();
    wait_until("it says that the log is too large", || Ok(says("File too large") > 0))?;
    ask(server.address(), "/", 25)?;
    lift(&server)?;
    wait_for_lines(&log, 125)?;
    signal::send(server.pid(), Signal::Terminate)?;
    ensure!(ended(&mut server)?.code() == Some(0), "{}", server.stderr());
    serde_json::from_str::<serde_json::Value>(&fs::read_to_string(&trace)?).context("the trace")?;
    let said = server.stderr();
    ensure!(said.matches("File too large").count() <= 2, "once for each file: {said}");
    Ok(())
}

/// A server whose log had no room for the last line that it tried to write.
fn torn(stage: &Stage, log: &str) -> Result<Server> {
    let server = Server::announced(limited(stage, SMALL, &["--log", log]), PATIENCE)?;
    ask(server.address(), "/hello/of-a-length-that-no-limit-is-a-multiple-of", 50)?;
    wait_until("a full file", || Ok(server.stderr().contains("File too large")))?;
    Ok(server)
}

/// Where the rest of a line will not follow, its beginning is taken back: at the end, and by a rotation.
fn a_torn_line_does_not_stay(stage: &Stage) -> Result<()> {
    let folder = Folder::new()?;
    let (log, old) = (folder.path("log"), folder.path("old"));
    let mut server = torn(stage, &log)?;
    signal::send(server.pid(), Signal::Terminate)?;
    ended(&mut server)?;
    lines(&fs::read_to_string(&log)?)?;
    fs::remove_file(&log)?;
    let server = torn(stage, &log)?;
    fs::rename(&log, &old)?;
    signal::send(server.pid(), Signal::HangUp)?;
    wait_until("a new log", || Ok(fs::metadata(&log).is_ok_and(|file| file.len() > 0)))?;
    lines(&fs::read_to_string(&old)?).map(drop)
}

/// Its beginning is gone by the time that there is room for the rest.
fn a_torn_line_is_written_again(stage: &Stage) -> Result<()> {
    let folder = Folder::new()?;
    let log = folder.path("log");
    let server = torn(stage, &log)?;
    fs::File::options().write(true).open(&log)?.set_len(0)?;
    // What fits now is whole.
    wait_until("lines from the beginning", || Ok(fs::metadata(&log)?.len() > 0))?;
    lift(&server)?;
    wait_until("whole lines", || {
        let text = fs::read_to_string(&log)?;
        Ok(text.ends_with('\n') && lines(&text).is_ok())
    })
}

/// Lifts the limit of a server that runs.
fn lift(server: &Server) -> Result<()> {
    let pid = server.pid().to_string();
    let status = Command::new("prlimit").args(["--pid", &pid, "--fsize=unlimited:"]).status();
    ensure!(status?.success(), "prlimit failed");
    Ok(())
}

/// What waits is bounded; what is dropped is counted, and told of where it is missing.
fn a_reader_stops_and_goes_on(stage: &Stage) -> Result<()> {
    let folder = Folder::new()?;
    let (path, mut reader) = folder.fifo("log")?;
    let server = stage.start(&["--log", &path, "--log-buffer", "65536"])?;
    let (mut asked, mut dropped) = (0, 0);
    while dropped == 0 {
        ask(server.address(), "/hello/somebody-who-waits", 100)?;
        (asked, dropped) = (asked + 101, self::dropped(&server)?);
    }
    wait_until("it says that lines are dropped", || {
        Ok(server.stderr().contains("some are dropped"))
    })?;
    let (mut log, mut piece) = (Vec::new(), [0; 4096]);
    // Every line that came, or the count of those that did not.
    while told(&log)? < asked {
        let count = reader.read(&mut piece)?;
        log.extend_from_slice(&piece[..count]);
    }
    let [written, missing] = lines(&String::from_utf8(log)?)?;
    ensure!(missing > 0 && written + missing == asked, "{written} + {missing} of {asked}");
    let said = server.stderr();
    ensure!(said.matches("some are dropped").count() == 1, "{said}");
    answers(server.address())
}

fn dropped(server: &Server) -> Result<u64> {
    let (_, page) = Client::connect(server.address())?.ask("/metrics")?;
    let page = String::from_utf8(page)?;
    let line = page.lines().find_map(|line| line.strip_prefix("http_log_lines_dropped_total "));
    line.context("/metrics does not tell")?.parse().context("http_log_lines_dropped_total")
}

/// Responses that the whole lines of a log tell of.
fn told(log: &[u8]) -> Result<usize> {
    let end = log.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    Ok(lines(std::str::from_utf8(&log[..end])?)?.into_iter().sum())
}

/// Whether the server drains, or is told twice.
fn a_reader_that_has_stopped_holds_no_end(stage: &Stage) -> Result<()> {
    for twice in [false, true] {
        let folder = Folder::new()?;
        let (path, _reader) = folder.fifo("log")?;
        let mut server = stage.start(&["--log", &path, "--grace", "120s"])?;
        // More than a pipe holds.
        ask(server.address(), "/hello/somebody-who-waits-for-ever", 2000)?;
        let in_flight = twice.then(|| ending::in_handler(&server, 60_000)).transpose()?;
        signal::send(server.pid(), Signal::Terminate)?;
        if twice {
            ending::taken(&server)?;
            signal::send(server.pid(), Signal::Terminate)?;
        }
        let (status, expected) = (ended(&mut server)?, if twice { 128 + 15 } else { 0 });
        ensure!(status.code() == Some(expected), "{status}");
        wait_until("it says what is missing", || {
            Ok(server.stderr().contains("could not be written"))
        })?;
        drop(in_flight);
    }
    Ok(())
}
