//! A server as a child process: started, waited for until it is ready, and never left behind.

use crate::load::Url;
use crate::tools::{Folder, poll};
use anyhow::{Context, Result, bail};
use shared::sys::{process, signal};
use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// How long a server may take from exec to listening.
const START: Duration = Duration::from_secs(10);
/// How long it may take from SIGTERM to its end: longer than any drain that a stage grants.
const STOP: Duration = Duration::from_secs(10);
/// How much of its standard error is kept to be shown: the last bytes say why it died.
const KEPT: usize = 4096;

/// A running server. Dropping it kills the process and all that it forked.
///
/// The kernel also kills it when the *thread* that called [`Server::start`] ends.
#[derive(Debug)]
pub struct Server {
    child: Child,
    name: String,
    address: SocketAddr,
    stderr: Arc<Mutex<Vec<u8>>>,
    /// With its files.
    _folder: Option<Folder>,
}

impl Server {
    /// Starts `program`, whose first line on standard output must be `... listening on http://ADDR`.
    ///
    /// # Errors
    /// When the program ends before that, with what it wrote to standard error; or when the line does not come within
    /// 10 s.
    pub fn start<A: AsRef<OsStr>>(program: &Path, args: &[A]) -> Result<Self> {
        let mut command = Command::new(program);
        command.args(args);
        Self::announced(command, START)
    }

    /// Like [`Server::start`], with a time limit of its own.
    ///
    /// # Errors
    /// As [`Server::start`].
    pub fn announced(command: Command, within: Duration) -> Result<Self> {
        let (mut server, first_line) = Self::spawn(command)?;
        let line = match first_line.recv_timeout(within) {
            Ok(line) => line,
            Err(RecvTimeoutError::Disconnected) => return Err(server.died()),
            Err(RecvTimeoutError::Timeout) => bail!(
                "{} said nothing within {within:?}: its first line must be `NAME listening on http://ADDR`",
                server.name
            ),
        };
        let address = announced_address(&line).with_context(|| {
            format!(
                "{} began with `{}` instead of `NAME listening on http://ADDR`",
                server.name,
                line.trim_end()
            )
        })?;
        server.address = address;
        Ok(server)
    }

    /// Starts a server that announces nothing, and waits until `address` takes a connection.
    ///
    /// # Errors
    /// When it ends before, or does not listen within 10 s.
    pub fn accepting(command: Command, address: SocketAddr) -> Result<Self> {
        let (mut server, _) = Self::spawn(command)?;
        let listens = poll(START, || match TcpStream::connect(address) {
            Ok(_) => Ok(Some(())),
            Err(_) => server.check().map(|()| None),
        })?;
        listens.with_context(|| {
            format!("{} did not listen on {address} within {START:?}", server.name)
        })?;
        server.address = address;
        Ok(server)
    }

    /// Its standard output and error are drained to their end, so that a talkative server never
    /// blocks on a full pipe. It leads a process group: Ctrl-C reaches the bench alone, which
    /// then ends its servers in order.
    fn spawn(mut command: Command) -> Result<(Self, Receiver<String>)> {
        let name = Path::new(command.get_program())
            .file_name()
            .unwrap_or(command.get_program())
            .to_string_lossy()
            .into_owned();
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        process::supervised(&mut command);
        let mut child = command
            .spawn()
            .with_context(|| format!("cannot start {}", command.get_program().display()))?;
        let (tell, first_line) = mpsc::channel();
        if let Some(stdout) = child.stdout.take() {
            thread::spawn(move || drain_stdout(stdout, &tell));
        }
        let stderr = Arc::new(Mutex::new(Vec::new()));
        if let Some(pipe) = child.stderr.take() {
            let kept = Arc::clone(&stderr);
            thread::spawn(move || drain_stderr(pipe, &kept));
        }
        let server = Self {
            child,
            name,
            // Until the caller learns it: the unspecified address, which takes no connection.
            address: SocketAddr::from(([0, 0, 0, 0], 0)),
            stderr,
            _folder: None,
        };
        Ok((server, first_line))
    }

    /// The same server, whose folder goes when it goes.
    pub fn in_folder(mut self, folder: Folder) -> Self {
        self._folder = Some(folder);
        self
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What to ask for: its `/`.
    ///
    /// # Errors
    /// When its address cannot be looked up.
    pub fn url(&self) -> Result<Url> {
        Url::parse(&format!("http://{}/", self.address))
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The end of what it wrote to standard error so far.
    pub fn stderr(&self) -> String {
        let kept = self.stderr.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&kept).trim().to_owned()
    }

    /// An error in the server's own words if it has ended meanwhile.
    ///
    /// # Errors
    /// That it has ended, in its own words.
    pub fn check(&mut self) -> Result<()> {
        match self.child.try_wait()? {
            Some(_) => Err(self.died()),
            None => Ok(()),
        }
    }

    /// Waits until it ends by itself; `None` when it still runs after `within`.
    ///
    /// # Errors
    /// When its state cannot be read.
    pub fn wait(&mut self, within: Duration) -> Result<Option<ExitStatus>> {
        poll(within, || Ok(self.child.try_wait()?))
    }

    /// Asks it to end (SIGTERM) and waits; kills it, and says so, when it has not ended after 10 s.
    ///
    /// # Errors
    /// That it had to be killed.
    pub fn terminate(mut self) -> Result<ExitStatus> {
        self.end()
    }

    fn end(&mut self) -> Result<ExitStatus> {
        if let Some(status) = self.child.try_wait()? {
            return Ok(status);
        }
        signal::send(self.pid(), signal::Signal::Terminate)?;
        let status = self.wait(STOP)?;
        status.with_context(|| {
            format!("{} had to be killed: it ran on for {STOP:?} after SIGTERM", self.name)
        })
    }

    /// The same, and tells what it wrote to standard error.
    ///
    /// # Errors
    /// That it had to be killed.
    pub fn last_words(mut self) -> Result<String> {
        self.end()?;
        self.wait_for_stderr();
        Ok(self.stderr())
    }

    /// Its last words may still be on their way through the pipe: the thread that reads them holds them until the end.
    fn wait_for_stderr(&self) {
        let _ = poll(START, || Ok((Arc::strong_count(&self.stderr) == 1).then_some(())));
    }

    /// Why it ended unasked, in its own words.
    fn died(&mut self) -> anyhow::Error {
        let status = self.wait(START).ok().flatten();
        self.wait_for_stderr();
        let end = match status {
            Some(status) => format!("ended early ({status})"),
            None => "closed its standard output".to_owned(),
        };
        anyhow::anyhow!("{} {end}: {}", self.name, self.stderr())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Once it is reaped its number may belong to another process: whether it runs is asked first.
        if !matches!(self.child.try_wait(), Ok(Some(_))) {
            let _ = process::kill_group(self.pid());
            let _ = self.child.wait();
        }
    }
}

fn announced_address(line: &str) -> Option<SocketAddr> {
    let (_, address) = line.trim_end().split_once(" listening on http://")?;
    address.trim_end_matches('/').parse().ok()
}

fn drain_stdout(stdout: impl Read, first_line: &mpsc::Sender<String>) {
    let mut reader = BufReader::new(stdout);
    let mut line = String::new();
    if matches!(reader.read_line(&mut line), Ok(1..)) {
        // The receiver is gone when the server was given up meanwhile.
        let _ = first_line.send(line);
    }
    let _ = std::io::copy(&mut reader, &mut std::io::sink());
}

fn drain_stderr(mut stderr: impl Read, kept: &Mutex<Vec<u8>>) {
    let mut buffer = [0; 1024];
    while let Ok(count @ 1..) = stderr.read(&mut buffer) {
        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extend_from_slice(&buffer[..count]);
        let surplus = kept.len().saturating_sub(KEPT);
        kept.drain(..surplus);
    }
}

#[cfg(test)]
mod tests;
