//! Standard input, output and error that are closed, full, or read by no process.

use super::{Check, Stage, ask, folder_and_log, together, wait_for_lines, wait_until};
use crate::shutdown::{SECOND_SIGTERM, terminate_twice};
use anyhow::{Context, Result, ensure};
use bench::resilience::client::Client;
use shared::sys::poll::{self, Wait};
use shared::sys::process;
use shared::sys::signal::{self, Signal};
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, PipeReader, Read, Write};
use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Instant;

/// Every check of this file.
pub fn each(stage: &Stage) -> Result<()> {
    let all: [Check; 8] = [
        |stage| no_process_reads_standard_error(stage, Stderr::Closed).context("closed"),
        |stage| no_process_reads_standard_error(stage, Stderr::Full).context("full"),
        |stage| no_process_reads_standard_error(stage, Stderr::NoSpace).context("no space"),
        a_terminal_has_stopped,
        a_log_on_standard_output_is_truncated,
        no_process_reads_the_log_on_standard_output,
        the_announcement_cannot_be_written,
        closed_at_the_start,
    ];
    together(stage, &all)
}

/// The state of standard error.
#[derive(Clone, Copy, Debug)]
enum Stderr {
    /// A pipe whose reader has left.
    Closed,
    /// A pipe whose reader has stopped.
    Full,
    /// A file on a full disk.
    NoSpace,
}

impl Stderr {
    fn open(self) -> io::Result<(Stdio, Option<PipeReader>)> {
        let (reader, mut writer) = io::pipe()?;
        match self {
            Self::Closed => Ok((writer.into(), None)),
            Self::NoSpace => Ok((File::options().write(true).open("/dev/full")?.into(), None)),
            Self::Full => {
                while poll::wait(&mut [Wait::writable(writer.as_fd())], Some(Instant::now()))? {
                    writer.write_all(&[b'.'; 4096])?;
                }
                Ok((writer.into(), Some(reader)))
            }
        }
    }
}

/// A server with streams of its own. It is killed when it is dropped.
struct Server {
    child: Child,
    stdout: Option<BufReader<ChildStdout>>,
    address: SocketAddr,
}

impl Server {
    fn start(stage: &Stage, listen: &str, args: &[&str], stderr: Stdio) -> Result<Self> {
        let mut command = Command::new(stage.program);
        command.args(["--listen", listen]).args(stage.flags).args(args);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(stderr);
        let mut child = process::supervised(&mut command).spawn()?;
        let mut stdout = BufReader::new(child.stdout.take().context("no standard output")?);
        let mut line = String::new();
        stdout.read_line(&mut line)?;
        let port = line.trim_end().rsplit(':').next().and_then(|port| port.parse().ok());
        let Some(port) = port else { anyhow::bail!("no start, {}: `{line}`", child.wait()?) };
        Ok(Self { child, stdout: Some(stdout), address: ([127, 0, 0, 1], port).into() })
    }

    /// Waits for the end of the server; its exit status.
    fn ended(&mut self) -> Result<Option<i32>> {
        wait_until("its end", || Ok(self.child.try_wait()?.is_some()))?;
        Ok(self.child.wait()?.code())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The server starts with a warning, lives through a panic, and ends with its grace period or at a second signal.
fn no_process_reads_standard_error(stage: &Stage, stderr: Stderr) -> Result<()> {
    for (grace, twice, expected) in [("100ms", false, 0), ("120s", true, SECOND_SIGTERM)] {
        let (stream, _reader) = stderr.open()?;
        let mut server = Server::start(stage, "0.0.0.0:0", &["--grace", grace], stream)?;
        let pid = server.child.id();
        Client::connect(server.address)?.fetch("/panic").context("a handler that panics")?;
        let mut client = Client::connect(server.address)?;
        client.get("/");
        client.get("/sleep/60000");
        client.expect(200)?;
        if twice {
            terminate_twice(pid)?;
        } else {
            signal::send(pid, Signal::Terminate)?;
        }
        let status = server.ended()?;
        ensure!(status == Some(expected), "{grace}: {status:?}");
    }
    Ok(())
}

/// A terminal takes what has room and has the writer wait for the rest: here for ever, since nothing is shown.
fn a_terminal_has_stopped(stage: &Stage) -> Result<()> {
    let (_shows, terminal) = process::terminal()?;
    let stderr = terminal.try_clone()?.into();
    let mut server = Server::start(stage, "127.0.0.1:0", &["--grace", "100ms"], stderr)?;
    while poll::wait(&mut [Wait::writable(terminal.as_fd())], Some(Instant::now()))? {
        Client::connect(server.address)?.fetch("/panic").context("beside a stopped terminal")?;
    }
    let mut client = Client::connect(server.address)?;
    client.get("/");
    client.get("/sleep/60000");
    client.expect(200)?;
    signal::send(server.child.id(), Signal::Terminate)?;
    let status = server.ended()?;
    ensure!(status == Some(0), "{status:?}");
    Ok(())
}

fn no_process_reads_the_log_on_standard_output(stage: &Stage) -> Result<()> {
    let mut server = Server::start(stage, "127.0.0.1:0", &["--log", "-"], Stdio::piped())?;
    server.stdout = None;
    let stderr = server.child.stderr.take().context("no standard error")?;
    // A child that another test is starting just now may still hold the reading end, until it executes its program.
    wait_until("a word about the log", || {
        ask(server.address, "/", 10)?;
        Ok(poll::wait(&mut [Wait::readable(stderr.as_fd())], Some(Instant::now()))?)
    })?;
    let (mut stderr, mut said) = (BufReader::new(stderr), String::new());
    stderr.read_line(&mut said)?;
    ensure!(said.contains("Broken pipe"), "{said}");
    ask(server.address, "/", 100)?;
    signal::send(server.child.id(), Signal::Terminate)?;
    ensure!(server.ended()? == Some(0), "it fails");
    stderr.read_to_string(&mut said)?;
    ensure!(said.matches("Broken pipe").count() == 1, "{said}");
    Ok(())
}

/// After `> FILE` of a shell and logrotate's `copytruncate`, the next line stands at the beginning.
fn a_log_on_standard_output_is_truncated(stage: &Stage) -> Result<()> {
    let (_folder, log) = folder_and_log()?;
    let mut command = Command::new(stage.program);
    command.args(["--listen", "127.0.0.1:0", "--log", "-"]).args(stage.flags);
    command.stdout(File::create(&log)?).stderr(Stdio::null());
    let mut child = process::supervised(&mut command).spawn()?;
    let truncated = || {
        let mut text = String::new();
        wait_until("the announcement", || {
            text = fs::read_to_string(&log)?;
            Ok(text.ends_with('\n'))
        })?;
        let port = text.trim_end().rsplit(':').next().unwrap_or_default().parse()?;
        File::options().write(true).open(&log)?.set_len(0)?;
        ask(SocketAddr::from(([127, 0, 0, 1], port)), "/", 25)?;
        wait_for_lines(&log, 25)
    };
    let result = truncated();
    child.kill()?;
    child.wait()?;
    result
}

/// A server that cannot announce itself would not be found: it must not start.
fn the_announcement_cannot_be_written(stage: &Stage) -> Result<()> {
    let (stdout, _) = Stderr::Closed.open()?;
    let mut command = Command::new(stage.program);
    command.args(["--listen", "127.0.0.1:0"]).stdout(stdout);
    let output = process::supervised(&mut command).stderr(Stdio::piped()).output()?;
    let said = String::from_utf8(output.stderr)?;
    let right = output.status.code() == Some(1) && said.lines().count() == 1;
    ensure!(right && said.contains("standard output"), "{}: {said}", output.status);
    Ok(())
}

/// No socket gets the number of a stream that was closed: Rust's runtime opens /dev/null in its place.
fn closed_at_the_start(stage: &Stage) -> Result<()> {
    let mut shell = Command::new("sh");
    shell.args(["-c", "exec \"$0\" --listen 127.0.0.1:0 <&- >&- 2>&-", stage.program]);
    let mut child = process::supervised(&mut shell).spawn()?;
    let folder = format!("/proc/{}/fd", child.id());
    let links = || -> Result<Vec<String>> {
        let link = |number: usize| fs::read_link(format!("{folder}/{number}"));
        let mut links = Vec::new();
        while let Ok(target) = link(links.len()) {
            links.push(target.display().to_string());
        }
        Ok(links)
    };
    let mut seen = Vec::new();
    let listens = wait_until("a socket", || {
        seen = links()?;
        Ok(seen.iter().any(|target| target.starts_with("socket:")))
    });
    child.kill()?;
    child.wait()?;
    listens?;
    ensure!(seen[..3].iter().all(|target| target == "/dev/null"), "{seen:?}");
    Ok(())
}
