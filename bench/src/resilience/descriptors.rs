//! No descriptors left: new clients wait, clients that were accepted are served, and nothing spins.

use super::client::{Client, metric, serves};
use super::process_usage::{self, ProcessUsage};
use super::{Stage, TIMEOUT, set_limit};
use crate::targets::server::Server;
use crate::tools::Folder;
use anyhow::{Context, Result, ensure};
use std::fmt;
use std::fs;
use std::path::Path;

/// Clients that connect while there are no descriptors,
const WAITING: usize = 500;

/// and how many of them ask at once, and are served when the shortage is over. They have come last.
const ASKING: usize = 20;

/// Served from a file when there are descriptors.
const CONTENT: &str = "a file\n";

/// What accepted clients ask for.
const ECHO: &[u8] = b"POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello";

/// How a server comes to lack descriptors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// The server is started with few, and knows: it accepts as many clients as it has room for.
    AtStart,
    /// The limit falls to what the running server holds: accept(2) fails, and so does openat2(2).
    WhileRunning,
}

impl Limit {
    /// What a stage can meet. Where one client is served at a time, there are always enough to begin with.
    pub fn of(stage: &Stage) -> &'static [Self] {
        if stage.at_once > 1 { &[Self::AtStart, Self::WhileRunning] } else { &[Self::WhileRunning] }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AtStart => "ulimit -n 64",
            Self::WhileRunning => "prlimit --nofile=as many as are open",
        })
    }
}

/// What a server did while it had no descriptors.
#[derive(Clone, Copy, Debug)]
pub struct Shortage {
    /// Descriptors that it held.
    pub fds: usize,
    /// How often it could accept no client, by its own count.
    pub waited: u64,
    /// Its CPU time, as a share of one core.
    pub cpu: f64,
}

/// Accepts so few that nearly all of many clients have to wait; then lets them go.
///
/// # Errors
/// When an accepted client is not served, or the server spins, or does not serve as before afterwards.
pub fn shortage(stage: &Stage, how: Limit) -> Result<Shortage> {
    let folder = Folder::create()?;
    fs::write(folder.join("file"), CONTENT).context("a file to serve")?;
    let server = start(stage, how, folder.path())?;
    let (address, pid) = (server.address(), server.pid());
    serves(address)?;
    let before = ProcessUsage::at_rest(pid)?;
    let mut accepted = Client::idle(address, if stage.at_once > 1 { 4 } else { 0 })?;
    // Not idle, or new clients would get their places: each is in the midst of its request.
    let (begun, rest) = ECHO.split_at(ECHO.len() - 2);
    accepted.iter_mut().for_each(|client| client.send(begun));
    if how == Limit::WhileRunning {
        set_limit(&server, &format!("--nofile={}:", lowest_free(&server)?))?;
    }
    let waiting = (0..WAITING - ASKING).map(|_| Client::connect(address));
    let waiting = waiting.collect::<Result<Vec<_>>>()?;
    let asking = Client::asking(address, "/", ASKING)?;
    // All has been done that can be done.
    process_usage::at_rest(pid)?;
    let (cpu, fds) = (process_usage::cpu_share(pid)?, ProcessUsage::of(pid)?.fds);
    are_served(&mut accepted, rest, how)?;
    if how == Limit::WhileRunning {
        set_limit(&server, "--nofile=1024:")?;
    }
    drop((waiting, accepted));
    for (number, mut client) in asking.into_iter().enumerate() {
        client.expect(200).with_context(|| format!("a client that waited, number {number}"))?;
    }
    let waited = serves_as_before(&server, how).context("after the clients have gone")?;
    before.wait_for(pid)?;
    let shortage = Shortage { fds, waited, cpu };
    ensure!(waited > 0, "it had enough: {shortage:?}");
    ensure!(cpu < 0.05, "it spins: {shortage:?}");
    Ok(shortage)
}

/// Clients that were accepted before finish their requests, and ask for more.
fn are_served(accepted: &mut [Client], rest: &[u8], how: Limit) -> Result<()> {
    for client in accepted.iter_mut() {
        client.send(rest);
        client.expect(200).context("a client in the midst of its request")?;
        client.fetch_ok("/").context("a client that was accepted before")?;
    }
    if let (Limit::WhileRunning, Some(client)) = (how, accepted.first_mut()) {
        let (status, _) = client.fetch("/file")?;
        ensure!(
            status == 503,
            "{status}: a file that cannot be opened is not one that is not there"
        );
    }
    Ok(())
}

/// Tells how often the server could accept no client, for the reason that was to be tried.
fn serves_as_before(server: &Server, how: Limit) -> Result<u64> {
    serves(server.address())?;
    let file = Client::connect(server.address())?.fetch_ok("/file")?;
    ensure!(file == CONTENT.as_bytes(), "the file is another");
    let reason = if how == Limit::AtStart { "full" } else { "exhausted" };
    metric(server.address(), &format!("http_newcomers_kept_waiting_total{{reason=\"{reason}\"}}"))
}

fn start(stage: &Stage, how: Limit, root: &Path) -> Result<Server> {
    let root = root.to_str().context("the folder's name is not UTF-8")?;
    // Accepted clients take as long for a request as the others need to come.
    let flags = ["--root", root, "--body-timeout", "120s"];
    match how {
        Limit::AtStart => Server::announced(stage.limited("--nofile=64", &flags), TIMEOUT),
        Limit::WhileRunning => stage.start(&flags),
    }
}

/// The number that the server's next descriptor would have.
///
/// # Errors
/// When there is none.
pub fn lowest_free(server: &Server) -> Result<usize> {
    let open = |number: &usize| {
        fs::symlink_metadata(format!("/proc/{}/fd/{number}", server.pid())).is_ok()
    };
    (0..).find(|number| !open(number)).context("every number is in use")
}
