//! HAProxy before three servers: started in the foreground, and asked what it did.

use crate::resilience::{TIMEOUT, wait_until};
use crate::targets::server::Server;
use crate::tools::{self, Folder, free_port};
use anyhow::{Context, Result};
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The names of the three servers in the configuration.
pub const NAMES: [&str; 3] = ["a", "b", "c"];

/// A running HAProxy.
#[derive(Debug)]
pub struct Balancer {
    server: Server,
    folder: Folder,
}

/// What HAProxy counts for its whole backend: the column of its statistics, and what is counted. Tries again are
/// connections or requests; requests without a server got 503 from HAProxy itself; broken responses also never began.
const COUNTERS: [(&str, &str); 4] = [
    ("wretr", "tries again at the same server"),
    ("wredis", "tries again at another"),
    ("econ", "requests without a server"),
    ("eresp", "broken responses"),
];

impl Balancer {
    /// Starts it on a free port before these servers, with `bench/peers/haproxy.cfg`.
    ///
    /// # Errors
    /// When it is not installed, or does not start.
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

    /// Waits until it takes this server for up, or for down.
    ///
    /// # Errors
    /// When it does not notice.
    pub fn wait_until(&self, name: &str, up: bool) -> Result<()> {
        // The socket for statistics may come a moment after the listener.
        let is_up = || Some(field(&self.statistics().ok()?, name, "status")? == "UP");
        wait_until(&format!("haproxy notices server {name}"), || Ok(is_up() == Some(up)))
    }

    /// What it counted so far, in words.
    ///
    /// # Errors
    /// When it does not tell.
    pub fn counted(&self) -> Result<String> {
        let table = self.statistics()?;
        let counted = |(column, what): (&str, &str)| {
            let count = field(&table, "BACKEND", column);
            Ok(format!(
                "{} {what}",
                count.with_context(|| format!("haproxy does not tell {column}"))?
            ))
        };
        Ok(COUNTERS.into_iter().map(counted).collect::<Result<Vec<_>>>()?.join(", "))
    }

    fn statistics(&self) -> Result<String> {
        let mut socket = UnixStream::connect(self.folder.path().join("stats"))
            .context("asking haproxy for its statistics")?;
        socket.set_read_timeout(Some(TIMEOUT))?;
        socket.write_all(b"show stat\n")?;
        let mut table = String::new();
        socket.read_to_string(&mut table)?;
        Ok(table)
    }
}

/// The program.
///
/// # Errors
/// Says how to install it.
pub fn find() -> Result<PathBuf> {
    tools::require("haproxy")
}

/// One value of the backend's table: comma-separated, its columns named in the first line.
fn field<'a>(table: &'a str, server: &str, column: &str) -> Option<&'a str> {
    let mut lines = table.lines();
    let names = lines.next()?.trim_start_matches("# ");
    let at = names.split(',').position(|name| name == column)?;
    let of_server = lines
        .find(|line| line.starts_with("servers,") && line.split(',').nth(1) == Some(server))?;
    of_server.split(',').nth(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statistics_are_found_by_server_and_column() {
        let table = "# pxname,svname,wretr,status,\nfront,FRONTEND,,OPEN,\nservers,a,3,UP,\nservers,BACKEND,4,UP,\n\n";
        assert_eq!(field(table, "a", "status"), Some("UP"));
        assert_eq!(field(table, "BACKEND", "wretr"), Some("4"));
        assert_eq!((field(table, "d", "wretr"), field(table, "a", "none")), (None, None));
        assert_eq!(field("", "a", "wretr"), None);
    }
}
