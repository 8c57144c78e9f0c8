//! No descriptors left: newcomers wait, those who are inside are served, and nothing spins.

use super::client::{Client, answers};
use super::vitals::{self, Vitals};
use super::{PATIENCE, Stage, side_by_side};
use crate::evidence::tree::Snapshot;
use crate::targets::server::Server;
use anyhow::{Context, Result, ensure};
use std::fmt;
use std::fs;
use std::path::Path;
use std::process::{self, Command};
use std::time::{Duration, Instant};

/// Clients that want in,
const CROWD: usize = 500;

/// and those of them who ask at once, and are answered when it is over. They have come last.
const ASKING: usize = 20;

/// Served from a file when there are descriptors.
const CONTENT: &str = "a file\n";

/// What those who are inside ask for.
const ECHO: &[u8] = b"POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello";

/// How a server comes to lack descriptors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lack {
    /// It is started with few, and knows it: it takes in as many clients as it has room for.
    Known,
    /// Its limit falls, while it runs, to what it holds: accept(2) fails, and so does openat2(2).
    Sudden,
}

impl Lack {
    /// What a stage can meet. Where one client is served at a time, there are always enough to begin with.
    pub fn of(stage: &Stage) -> &'static [Self] {
        if stage.at_once > 1 { &[Self::Known, Self::Sudden] } else { &[Self::Sudden] }
    }
}

impl fmt::Display for Lack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Known => "ulimit -n 64",
            Self::Sudden => "prlimit --nofile=as many as are open",
        })
    }
}

/// What a server did while it had no descriptors.
#[derive(Clone, Copy, Debug)]
pub struct Shortage {
    /// Descriptors that it held.
    pub fds: usize,
    /// How often nobody could be taken in, by its own count.
    pub waited: u64,
    /// Its CPU time, as a share of one core.
    pub cpu: f64,
}

/// Each lack in turn.
pub fn each(stage: &Stage) -> Result<()> {
    side_by_side(Lack::of(stage), 2, |how| {
        shortage(stage, *how).map(drop).with_context(|| how.to_string())
    })
}

/// Lets in so few that nearly all of a crowd has to wait; then lets the crowd go.
pub fn shortage(stage: &Stage, how: Lack) -> Result<Shortage> {
    let name = format!("no-descriptors-{}-{how:?}", process::id());
    let root = std::env::temp_dir().join(name);
    fs::create_dir_all(&root).context("a folder to serve from")?;
    fs::write(root.join("file"), CONTENT).context("a file to serve")?;
    let shortage = suffer(stage, how, &root);
    fs::remove_dir_all(&root).context("removing the folder")?;
    shortage
}

fn suffer(stage: &Stage, how: Lack, root: &Path) -> Result<Shortage> {
    let server = start(stage, how, root)?;
    answers(server.address())?;
    let before = Vitals::at_rest(server.pid())?;
    let enter = |_| -> Result<Client> {
        let mut client = Client::connect(server.address())?;
        client.get("/");
        client.expect(200).map(|_| client)
    };
    let places = if stage.at_once > 1 { 4 } else { 0 };
    let mut inside = (0..places).map(enter).collect::<Result<Vec<_>>>()?;
    // Not idle, or newcomers would get their places: each is in the midst of its request.
    let (begun, rest) = ECHO.split_at(ECHO.len() - 2);
    inside.iter_mut().for_each(|client| client.send(begun));
    if how == Lack::Sudden {
        limit(&server, lowest_free(&server)?)?;
    }
    let mut crowd =
        (0..CROWD).map(|_| Client::connect(server.address())).collect::<Result<Vec<_>>>()?;
    let mut asking = crowd.split_off(CROWD - ASKING);
    asking.iter_mut().for_each(|client| client.get("/"));
    let (fds, cpu) = observe(&server)?;
    for client in &mut inside {
        client.send(rest);
        client.expect(200).context("a client in the midst of its request")?;
        ensure!(client.ask("/")?.0 == 200, "a client that was inside");
    }
    if let (Lack::Sudden, Some(client)) = (how, inside.first_mut()) {
        ensure!(
            client.ask("/file")?.0 == 503,
            "a file that cannot be opened is not one that is not there"
        );
    }
    if how == Lack::Sudden {
        limit(&server, 1024)?;
    }
    drop((crowd, inside));
    for (number, mut client) in asking.into_iter().enumerate() {
        client.expect(200).with_context(|| format!("one who waited, number {number}"))?;
    }
    let waited = came_back(&server, how).context("after the crowd has gone")?;
    before.come_back(server.pid())?;
    let shortage = Shortage { fds, waited, cpu };
    ensure!(waited > 0, "it had enough: {shortage:?}");
    ensure!(cpu < 0.05, "it spins: {shortage:?}");
    Ok(shortage)
}

/// Serves as before; tells how often it could take nobody in, for the reason that was to be tried.
fn came_back(server: &Server, how: Lack) -> Result<u64> {
    answers(server.address())?;
    let mut client = Client::connect(server.address())?;
    ensure!(client.ask("/file")? == (200, CONTENT.into()), "the file is another");
    drop(client);
    let (status, page) = Client::connect(server.address())?.ask("/metrics")?;
    ensure!(status == 200, "/metrics: {status}");
    let reason = if how == Lack::Known { "full" } else { "exhausted" };
    let name = format!("http_newcomers_kept_waiting_total{{reason=\"{reason}\"}} ");
    let page = String::from_utf8(page).context("/metrics")?;
    let number = page.lines().find_map(|line| line.strip_prefix(&name));
    number.with_context(|| format!("/metrics has no {name}"))?.parse().context(name)
}

fn start(stage: &Stage, how: Lack, root: &Path) -> Result<Server> {
    let root = root.to_str().context("the folder's name is not UTF-8")?;
    // Those inside take as long for a request as the others need to come.
    let patient = ["--body-timeout", "120s"];
    let flags = [stage.flags, &["--listen", "127.0.0.1:0", "--root", root], &patient].concat();
    let mut command = match how {
        Lack::Known => {
            let mut shell = Command::new("sh");
            shell.arg("-c").arg("ulimit -n 64; exec \"$0\" \"$@\"").arg(stage.program);
            shell
        }
        Lack::Sudden => Command::new(stage.program),
    };
    command.args(flags);
    Server::announced(command, PATIENCE)
}

/// The number that its next descriptor would have.
fn lowest_free(server: &Server) -> Result<usize> {
    let open = |number: &usize| {
        fs::symlink_metadata(format!("/proc/{}/fd/{number}", server.pid())).is_ok()
    };
    (0..).find(|number| !open(number)).context("every number is in use")
}

/// Sets the soft limit of a process that runs (prlimit(1), of util-linux).
fn limit(server: &Server, files: usize) -> Result<()> {
    let (pid, files) = (server.pid().to_string(), format!("--nofile={files}:"));
    let status = Command::new("prlimit").args(["--pid", &pid, &files]).status();
    ensure!(status.context("prlimit, of util-linux, is needed")?.success(), "prlimit failed");
    Ok(())
}

/// Descriptors held, and the share of a core used when all has been done that can be done.
fn observe(server: &Server) -> Result<(usize, f64)> {
    vitals::at_rest(server.pid())?;
    let (start, used) = (Instant::now(), Snapshot::of(server.pid())?.cpu());
    std::thread::sleep(Duration::from_secs(1));
    let used = Duration::from_nanos(Snapshot::of(server.pid())?.cpu().saturating_sub(used));
    let fds = Vitals::of(server.pid())?.fds;
    Ok((fds, used.as_secs_f64() / start.elapsed().as_secs_f64()))
}
