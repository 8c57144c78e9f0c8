//! Logs that are continued, renamed, truncated, deleted, and shared.

use super::{
    Check, Server, Stage, ask, folder_and_log, lines, path, together, wait_for_lines, wait_until,
};
use crate::shutdown::signals_taken;
use anyhow::{Result, ensure};
use bench::resilience::client::serves;
use bench::resilience::shutdown::{exits, terminate};
use shared::sys::signal::{self, Signal};
use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

/// Every check of this file.
pub fn each(stage: &Stage) -> Result<()> {
    let all: [Check; 5] = [
        a_log_is_continued,
        a_log_is_truncated,
        a_log_is_opened_anew,
        what_cannot_be_opened_anew_goes_on,
        many_rotations_lose_no_line,
    ];
    together(stage, &all)
}

/// A log is continued, also one that ends in the midst of a line because its writer was killed.
fn a_log_is_continued(stage: &Stage) -> Result<()> {
    let (_folder, log) = folder_and_log()?;
    for run in 1..=2 {
        let mut server = stage.start(&["--log", &log])?;
        ask(server.address(), "/", 25)?;
        terminate(&mut server)?;
        wait_for_lines(&log, 25 * run)?;
    }
    fs::File::options().append(true).open(&log)?.write_all(b"127.0.0.1 - - [torn")?;
    let server = stage.start(&["--log", &log])?;
    ask(server.address(), "/", 25)?;
    let torn = |text: &str| text.lines().filter(|line| line.ends_with("[torn")).count();
    wait_until("a line end behind what is torn", || {
        let text = fs::read_to_string(&log)?;
        Ok(torn(&text) == 1 && text.lines().count() == 76)
    })
}

/// logrotate's `copytruncate`: the next line stands at the beginning, and not behind a hole.
fn a_log_is_truncated(stage: &Stage) -> Result<()> {
    let (_folder, log) = folder_and_log()?;
    let server = stage.start(&["--log", &log])?;
    for _ in 0..3 {
        ask(server.address(), "/", 25)?;
        wait_for_lines(&log, 25)?;
        fs::File::options().write(true).open(&log)?.set_len(0)?;
    }
    Ok(())
}

/// Lines go to the old file until SIGHUP, whatever its name is by then; and then to a new one.
fn a_log_is_opened_anew(stage: &Stage) -> Result<()> {
    let (folder, log) = folder_and_log()?;
    let old = path(&folder, "log.1");
    let server = stage.start(&["--log", &log])?;
    fs::rename(&log, &old)?;
    ask(server.address(), "/", 25)?;
    wait_for_lines(&old, 25)?;
    hang_up(&server, &log)?;
    ask(server.address(), "/", 25)?;
    wait_for_lines(&log, 25)?;
    fs::remove_file(&log)?;
    hang_up(&server, &log)?;
    ask(server.address(), "/", 50)?;
    wait_for_lines(&log, 50)?;
    wait_for_lines(&old, 25)
}

/// Sends SIGHUP, and waits until the log is there.
fn hang_up(server: &Server, log: &str) -> Result<()> {
    signal::send(server.pid(), Signal::HangUp)?;
    wait_until("a new log", || Ok(Path::new(log).exists()))
}

/// The operator is told, and the server tries again by itself: one SIGHUP rotates a log, however late. Without a log there
/// is nothing to open, and no harm.
fn what_cannot_be_opened_anew_goes_on(stage: &Stage) -> Result<()> {
    let (folder, _) = folder_and_log()?;
    let (here, away) = (path(&folder, "here"), path(&folder, "away"));
    fs::create_dir(&here)?;
    let log = format!("{here}/log");
    let server = stage.start(&["--log", &log])?;
    fs::rename(&here, &away)?;
    signal::send(server.pid(), Signal::HangUp)?;
    wait_until("it says that it cannot open the log", || {
        Ok(server.stderr().contains("cannot open it anew"))
    })?;
    ask(server.address(), "/", 25)?;
    wait_for_lines(&format!("{away}/log"), 25)?;
    fs::create_dir(&here)?;
    ask(server.address(), "/", 25)?;
    wait_for_lines(&log, 25)?;
    let without = stage.start(&[])?;
    signal::send(without.pid(), Signal::HangUp)?;
    signals_taken(without.pid())?;
    serves(without.address())
}

/// Under load, and also while the server drains.
fn many_rotations_lose_no_line(stage: &Stage) -> Result<()> {
    const ROTATIONS: usize = 50;
    let (folder, log) = folder_and_log()?;
    let mut server = stage.start(&["--log", &log])?;
    let (address, over, asked) = (server.address(), AtomicBool::new(false), AtomicUsize::new(0));
    thread::scope(|scope| -> Result<()> {
        let client = scope.spawn(|| -> Result<()> {
            while !over.load(Ordering::Relaxed) {
                ask(address, "/", 100)?;
                asked.fetch_add(100, Ordering::Relaxed);
            }
            Ok(())
        });
        let rotate = |number: usize| {
            fs::rename(&log, path(&folder, &format!("log.{number}")))?;
            hang_up(&server, &log)
        };
        let rotated = (0..ROTATIONS).try_for_each(rotate);
        over.store(true, Ordering::Relaxed);
        client.join().unwrap_or(Ok(()))?;
        rotated
    })?;
    signal::send(server.pid(), Signal::Terminate)?;
    signal::send(server.pid(), Signal::HangUp)?;
    exits(&mut server, 0)?;
    let mut written = 0;
    for file in fs::read_dir(folder.path())? {
        written += lines(&fs::read_to_string(file?.path())?)?[0];
    }
    let asked = asked.into_inner();
    ensure!(written == asked, "{written} lines for {asked} responses");
    Ok(())
}

/// Two servers append to one file, as while one replaces the other: every line is whole.
pub fn two_servers_share_a_log(stage: &Stage) -> Result<()> {
    let (_folder, log) = folder_and_log()?;
    let start = || stage.start(&["--log", &log, "--replace"]);
    let mut servers = [start()?, start()?];
    let addresses = [0, 1, 0, 1].map(|index: usize| servers[index].address());
    thread::scope(|scope| {
        let ask = |address| scope.spawn(move || ask(address, "/hello/both", 5000));
        let asking = addresses.map(ask);
        asking.into_iter().try_for_each(|client| client.join().unwrap_or(Ok(())))
    })?;
    for server in &mut servers {
        terminate(server)?;
    }
    wait_for_lines(&log, 4 * 5000)
}
