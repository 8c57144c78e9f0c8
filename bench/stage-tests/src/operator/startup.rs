//! A server that lacks something starts whole, or says in one line what is missing.

use super::{Check, Server, Stage, TIMEOUT, fifo, folder_and_log, path, together};
use crate::attempts::side_by_side;
use anyhow::{Context, Result, bail, ensure};
use bench::resilience::client::serves;
use bench::resilience::shutdown::terminate;
use bench::terminal;
use shared::telemetry::trace::InstantEvent;
use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::os::unix::net::UnixListener;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

/// Every check of this file.
pub fn each(stage: &Stage) -> Result<()> {
    let all: [Check; 6] = [
        a_log_that_cannot_be_opened,
        a_trace_on_standard_output,
        one_file_for_log_and_trace,
        an_address_and_a_trace_of_another,
        |stage| few_descriptors(stage, &[]),
        |stage| few_threads(stage, 1),
    ];
    together(stage, &all)
}

fn a_log_that_cannot_be_opened(stage: &Stage) -> Result<()> {
    let (folder, _) = folder_and_log()?;
    let (here, nowhere) = (path(&folder, ""), path(&folder, "no/such/folder"));
    let (fifo, reader) = fifo(&folder)?;
    drop(reader);
    let socket = path(&folder, "socket");
    UnixListener::bind(&socket)?;
    for flag in ["--log", "--trace"] {
        let wrong = [(&here, "directory"), (&nowhere, "No such file"), (&fifo, "reader")];
        for (path, words) in wrong.into_iter().chain([(&socket, "a socket cannot be opened")]) {
            let refused = stage.limited("--core=0", &[flag, path]);
            refuses(refused, &[path, words]).with_context(|| format!("{flag} {path}"))?;
        }
    }
    Ok(())
}

/// The first line on standard output says where the server listens. It is no JSON, so a trace there would be none either.
fn a_trace_on_standard_output(stage: &Stage) -> Result<()> {
    let words = ["--trace", "standard output"];
    for pipe in ["-", "/dev/stdout"] {
        refuses(stage.limited("--core=0", &["--trace", pipe]), &words).context(pipe)?;
    }
    let (_folder, file) = folder_and_log()?;
    let mut shell = Command::new("sh");
    shell.args([
        "-c",
        "exec \"$0\" --listen 127.0.0.1:0 --trace \"$1\" >\"$1\"",
        stage.program,
        &file,
    ]);
    refuses(shell, &words)
}

/// As when a command line is entered twice: the server that has the address keeps its trace too.
fn an_address_and_a_trace_of_another(stage: &Stage) -> Result<()> {
    let (_folder, trace) = folder_and_log()?;
    let mut server = stage.start(&["--trace", &trace])?;
    match stage.start_on(&server.address().to_string(), &["--trace", &trace]) {
        Ok(_) => bail!("two servers listen on one address"),
        Err(error) => says(&error, &["cannot listen", "port 0"])?,
    }
    serves(server.address())?;
    terminate(&mut server)?;
    let text = fs::read_to_string(&trace)?;
    ensure!(text.contains(InstantEvent::Parsed.name()), "no request is in the trace: {text}");
    Ok(())
}

/// Each would destroy what the other writes. A device has room for both.
fn one_file_for_log_and_trace(stage: &Stage) -> Result<()> {
    let (folder, _) = folder_and_log()?;
    let (file, symbolic, hard) =
        (path(&folder, "both"), path(&folder, "symbolic"), path(&folder, "hard"));
    fs::write(&file, "kept\n")?;
    symlink(&file, &symbolic)?;
    fs::hard_link(&file, &hard)?;
    for trace in [&file, &symbolic, &hard] {
        let refused = stage.limited("--core=0", &["--log", &file, "--trace", trace]);
        refuses(refused, &["--log", "--trace", trace]).with_context(|| trace.clone())?;
        ensure!(fs::read_to_string(trace)? == "kept\n", "{trace} is no longer what it was");
    }
    serves(stage.start(&["--log", "/dev/null", "--trace", "/dev/null"])?.address())
}

/// For each number of descriptors the server announces itself and serves, or says what is missing.
pub fn few_descriptors(stage: &Stage, args: &[&str]) -> Result<()> {
    const ENOUGH: u32 = 40;
    let counts: Vec<_> = (10..=ENOUGH).collect();
    side_by_side(&counts, 4, |count| {
        let limits = format!("--nofile={count}");
        match Server::announced(stage.limited(&limits, args), TIMEOUT) {
            Ok(server) => {
                serves(server.address())?;
                ensure!(server.stderr().is_empty(), "{limits}: {}", server.stderr());
                Ok(())
            }
            Err(error) => {
                says(&error, &["ulimit -n"]).with_context(|| limits.clone())?;
                ensure!(*count < ENOUGH, "{count} descriptors are not enough");
                Ok(())
            }
        }
    })
}

/// A thread that cannot be started, be it the first or one of many: `count` are too few.
pub fn few_threads(stage: &Stage, count: usize) -> Result<()> {
    const NOBODY: u32 = 65534;
    let is_root = fs::metadata("/proc/self")?.uid() == 0;
    let is_open = |path: &Path| fs::metadata(path).is_ok_and(|found| found.mode() & 1 != 0);
    if is_root && !Path::new(stage.program).ancestors().all(is_open) {
        let program = stage.program;
        terminal::note(&format!("skipped: no limit stops root, and others do not reach {program}"));
        return Ok(());
    }
    let mut command = stage.limited(&format!("--nproc={count}"), &[]);
    if is_root {
        command.uid(NOBODY).gid(NOBODY).current_dir("/");
    }
    refuses(command, &["ulimit -u"]).with_context(|| format!("{count} threads"))
}

/// The server must not start, and must say why.
fn refuses(command: Command, words: &[&str]) -> Result<()> {
    match Server::announced(command, TIMEOUT) {
        Ok(_) => bail!("it starts"),
        Err(error) => says(&error, words),
    }
}

/// The error is one line with these words, and status 1.
fn says(error: &anyhow::Error, words: &[&str]) -> Result<()> {
    let text = format!("{error:#}");
    let right = text.lines().count() == 1
        && text.contains("(exit status: 1)")
        && words.iter().all(|word| text.contains(word));
    ensure!(right, "{text}");
    Ok(())
}
