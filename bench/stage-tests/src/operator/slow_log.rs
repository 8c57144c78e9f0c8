//! A log that cannot be written as fast as its lines come, or not at all for a while.

use super::{
    Check, Server, Stage, TIMEOUT, ask, fifo, folder_and_log, lines, path, together,
    wait_for_lines, wait_until,
};
use crate::shutdown::{SECOND_SIGTERM, in_handler, terminate_twice};
use anyhow::{Context, Result, ensure};
use bench::resilience::client::{metric, serves};
use bench::resilience::set_limit;
use bench::resilience::shutdown::{exits, terminate};
use shared::sys::signal::{self, Signal};
use std::fs;
use std::io::Read;

/// Every check of this file.
pub fn each(stage: &Stage) -> Result<()> {
    let all: [Check; 5] = [
        a_file_may_not_grow_for_a_while,
        a_torn_line_is_written_again,
        a_torn_line_does_not_stay,
        a_reader_stops_and_goes_on,
        a_reader_that_has_stopped_holds_no_end,
    ];
    together(stage, &all)
}

/// RLIMIT_FSIZE, the soft limit alone: a file may have so many bytes.
const SMALL: &str = "--fsize=1500:";

/// As on a disk that is full for a while: the server goes on, and so does the log when it may.
fn a_file_may_not_grow_for_a_while(stage: &Stage) -> Result<()> {
    let (folder, log) = folder_and_log()?;
    let trace = path(&folder, "trace");
    let args = ["--log", &log, "--trace", &trace];
    let mut server = Server::announced(stage.limited(SMALL, &args), TIMEOUT)?;
    for _ in 0..4 {
        ask(server.address(), "/", 25)?;
    }
    let says = |words: &str| server.stderr().matches(words).count();
    wait_until("it says that the log is too large", || Ok(says("File too large") > 0))?;
    ask(server.address(), "/", 25)?;
    set_limit(&server, "--fsize=unlimited:")?;
    wait_for_lines(&log, 125)?;
    terminate(&mut server)?;
    serde_json::from_str::<serde_json::Value>(&fs::read_to_string(&trace)?).context("the trace")?;
    let said = server.stderr();
    ensure!(said.matches("File too large").count() <= 2, "once for each file: {said}");
    Ok(())
}

/// A server whose log had no room for the last line that it tried to write.
fn torn(stage: &Stage, log: &str) -> Result<Server> {
    let server = Server::announced(stage.limited(SMALL, &["--log", log]), TIMEOUT)?;
    ask(server.address(), "/hello/of-a-length-that-no-limit-is-a-multiple-of", 50)?;
    wait_until("a full file", || Ok(server.stderr().contains("File too large")))?;
    Ok(server)
}

/// Where the rest of a line will not follow, its beginning is taken back: at the end, and by a rotation.
fn a_torn_line_does_not_stay(stage: &Stage) -> Result<()> {
    let (folder, log) = folder_and_log()?;
    let old = path(&folder, "old");
    terminate(&mut torn(stage, &log)?)?;
    lines(&fs::read_to_string(&log)?)?;
    fs::remove_file(&log)?;
    let server = torn(stage, &log)?;
    fs::rename(&log, &old)?;
    signal::send(server.pid(), Signal::HangUp)?;
    wait_until("a new log", || Ok(fs::metadata(&log).is_ok_and(|file| file.len() > 0)))?;
    lines(&fs::read_to_string(&old)?).map(drop)
}

/// The beginning of a torn line is gone by the time that there is room for the rest.
fn a_torn_line_is_written_again(stage: &Stage) -> Result<()> {
    let (_folder, log) = folder_and_log()?;
    let server = torn(stage, &log)?;
    fs::File::options().write(true).open(&log)?.set_len(0)?;
    // What fits now is whole.
    wait_until("lines from the beginning", || Ok(fs::metadata(&log)?.len() > 0))?;
    set_limit(&server, "--fsize=unlimited:")?;
    wait_until("whole lines", || {
        let text = fs::read_to_string(&log)?;
        Ok(text.ends_with('\n') && lines(&text).is_ok())
    })
}

/// What waits is bounded; what is dropped is counted, and the log says where it is missing.
fn a_reader_stops_and_goes_on(stage: &Stage) -> Result<()> {
    let (folder, _) = folder_and_log()?;
    let (path, mut reader) = fifo(&folder)?;
    let server = stage.start(&["--log", &path, "--log-buffer", "65536"])?;
    let (mut asked, mut dropped) = (0, 0);
    while dropped == 0 {
        ask(server.address(), "/hello/a-client-that-waits", 100)?;
        (asked, dropped) = (asked + 101, metric(server.address(), "http_log_lines_dropped_total")?);
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
    serves(server.address())
}

/// Responses that the whole lines of a log tell of.
fn told(log: &[u8]) -> Result<usize> {
    let end = log.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    Ok(lines(std::str::from_utf8(&log[..end])?)?.into_iter().sum())
}

/// A reader that has stopped holds up no end, neither that of a drain nor that at a second signal.
fn a_reader_that_has_stopped_holds_no_end(stage: &Stage) -> Result<()> {
    for twice in [false, true] {
        let (folder, _) = folder_and_log()?;
        let (path, _reader) = fifo(&folder)?;
        let mut server = stage.start(&["--log", &path, "--grace", "120s"])?;
        // More than a pipe holds.
        ask(server.address(), "/hello/a-client-that-waits-for-ever", 2000)?;
        if twice {
            let _in_flight = in_handler(&server, 60_000)?;
            terminate_twice(server.pid())?;
            exits(&mut server, SECOND_SIGTERM)?;
        } else {
            terminate(&mut server)?;
        }
        let says = || Ok(server.stderr().contains("could not be written"));
        wait_until("it says what is missing", says)?;
    }
    Ok(())
}
