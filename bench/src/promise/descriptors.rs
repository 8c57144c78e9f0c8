//! No descriptors left: newcomers wait, those who are inside are served, and nothing spins.

use super::Stage;
use super::client::{Client, answers};
use super::vitals::Vitals;
use crate::evidence::tree::Snapshot;
use crate::server::Server;
use anyhow::{Context, Result, ensure};
use std::process::Command;
use std::time::{Duration, Instant};

/// Clients that want in.
const CROWD: usize = 500;

/// How the shell prepares the server's limit. The second takes descriptors away that the server does not
/// know of, so that its own count is wrong and accept(2) fails.
pub const SHORTAGES: [&str; 2] =
    ["ulimit -n 64", "ulimit -n 24; exec 3</dev/null 4<&3 5<&3 6<&3 7<&3 8<&3 9<&3"];

/// What a server did while it had no descriptors.
#[derive(Clone, Copy, Debug)]
pub struct Shortage {
    /// Descriptors that it held.
    pub fds: usize,
    /// Its CPU time, as a share of one core.
    pub cpu: f64,
}

/// Each shortage in turn.
pub fn each(stage: &Stage) -> Result<()> {
    SHORTAGES.iter().try_for_each(|limit| shortage(stage, limit).map(drop))
}

/// Lets in so few that nearly all of a crowd has to wait; then lets the crowd go.
pub fn shortage(stage: &Stage, limit: &str) -> Result<Shortage> {
    let server = start(stage, limit)?;
    answers(server.address())?;
    let before = Vitals::at_rest(server.pid())?;
    let inside = |_| -> Result<Client> {
        let mut client = Client::connect(server.address())?;
        client.get("/");
        client.expect(200).map(|_| client)
    };
    let mut inside = (0..stage.at_once.min(4)).map(inside).collect::<Result<Vec<_>>>()?;
    // Not idle, or newcomers would get their places: their answers are due in a while.
    inside.iter_mut().for_each(|client| client.get("/delay/2000"));
    let crowd =
        (0..CROWD).map(|_| Client::connect(server.address())).collect::<Result<Vec<_>>>()?;
    let shortage = observe(&server)?;
    ensure!(shortage.cpu < 0.5, "it spins: {shortage:?}");
    for client in &mut inside {
        client.get("/");
        client.expect(200).context("a client whose answer was due")?;
        client.expect(200).context("a client that was inside")?;
    }
    drop((crowd, inside));
    answers(server.address()).context("after the crowd has gone")?;
    before.come_back(server.pid())?;
    Ok(shortage)
}

fn start(stage: &Stage, limit: &str) -> Result<Server> {
    let mut command = Command::new("sh");
    command.arg("-c").arg(format!("{limit}; exec \"$0\" \"$@\"")).arg(stage.program);
    command.args(stage.flags).args(["--listen", "127.0.0.1:0"]);
    Server::announced(command, super::PATIENCE)
}

fn observe(server: &Server) -> Result<Shortage> {
    let (start, used) = (Instant::now(), Snapshot::of(server.pid())?.cpu());
    std::thread::sleep(Duration::from_secs(1));
    let used = Duration::from_nanos(Snapshot::of(server.pid())?.cpu().saturating_sub(used));
    let fds = Vitals::of(server.pid())?.fds;
    Ok(Shortage { fds, cpu: used.as_secs_f64() / start.elapsed().as_secs_f64() })
}
