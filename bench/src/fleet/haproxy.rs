//! HAProxy before three servers: started in the foreground, and asked what it did.

use crate::promise::PATIENCE;
use crate::targets::server::Server;
use crate::tools;
use crate::tools::{Folder, free_port};
use anyhow::{Context, Result, ensure};
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

/// What the three servers are called in the configuration.
pub const NAMES: [&str; 3] = ["a", "b", "c"];

/// A running HAProxy.
#[derive(Debug)]
pub struct Balancer {
    server: Server,
    folder: Folder,
}

/// What HAProxy counted for its whole backend.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Connections that it tried, or requests that it sent, once more at the same server.
    pub retries: u64,
    /// The same, at another server.
    pub redispatched: u64,
    /// Answers 503 and the like that it made itself, because no server could be reached.
    pub unreachable: u64,
    /// Answers that broke off, or never began.
    pub broken: u64,
}

impl Balancer {
    /// Starts it on a free port before these servers, with `bench/peers/haproxy.cfg`.
    pub fn start(servers: [SocketAddr; 3]) -> Result<Self> {
        let folder = Folder::create()?;
        let front = free_port()?;
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers/haproxy.cfg");
        let mut command = Command::new(find()?);
        command.arg("-db").arg("-f").arg(file).env("FRONT", front.to_string());
        command.env("STATS", folder.path().join("stats"));
        for (name, server) in NAMES.iter().zip(servers) {
            command.env(name.to_uppercase(), server.to_string());
        }
        let server = Server::accepting(command, front)?;
        Ok(Self { server, folder })
    }

    /// Where clients find it.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Waits until it holds this server for well, or for gone.
    pub fn wait_until(&self, name: &str, well: bool) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        // Its socket for questions may come a moment after its listener.
        let is_well = || Some(field(&self.statistics().ok()?, name, "status")? == "UP");
        while is_well() != Some(well) {
            ensure!(Instant::now() < deadline, "haproxy did not notice server {name}");
            thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }

    /// What it counted so far.
    pub fn counters(&self) -> Result<Counters> {
        let table = self.statistics()?;
        let of = |column| {
            let count = field(&table, "BACKEND", column).and_then(|text| text.parse().ok());
            count.with_context(|| format!("haproxy does not tell {column}"))
        };
        Ok(Counters {
            retries: of("wretr")?,
            redispatched: of("wredis")?,
            unreachable: of("econ")?,
            broken: of("eresp")?,
        })
    }

    fn statistics(&self) -> Result<String> {
        let mut socket = UnixStream::connect(self.folder.path().join("stats"))
            .context("asking haproxy for its statistics")?;
        socket.set_read_timeout(Some(PATIENCE))?;
        socket.write_all(b"show stat\n")?;
        let mut table = String::new();
        socket.read_to_string(&mut table)?;
        Ok(table)
    }
}

/// The program, or how to get it.
pub fn find() -> Result<PathBuf> {
    tools::require("haproxy")
}

/// One value of the backend's table: comma-separated, its columns named in the first line.
fn field<'a>(table: &'a str, server: &str, column: &str) -> Option<&'a str> {
    let mut lines = table.lines();
    let names = lines.next()?.trim_start_matches("# ");
    let at = names.split(',').position(|name| name == column)?;
    let of_server =
        lines.find(|line| line.starts_with("fleet,") && line.split(',').nth(1) == Some(server))?;
    of_server.split(',').nth(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statistics_are_found_by_server_and_column() {
        let table = "# pxname,svname,wretr,status,\nfront,FRONTEND,,OPEN,\nfleet,a,3,UP,\nfleet,BACKEND,4,UP,\n\n";
        assert_eq!(field(table, "a", "status"), Some("UP"));
        assert_eq!(field(table, "BACKEND", "wretr"), Some("4"));
        assert_eq!((field(table, "d", "wretr"), field(table, "a", "none")), (None, None));
        assert_eq!(field("", "a", "wretr"), None);
    }
}
