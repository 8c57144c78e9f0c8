//! h2o and lighttpd beside the stages, as [`crate::targets::nginx`]: a small configuration that is fair, in a folder
//! that goes when they go. Both answer with a small file, as neither makes up a body by itself.

use crate::targets::server::Server;
use crate::tools::find;
use crate::tools::{Folder, free_port};
use anyhow::{Context, Result};
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

/// A server that other people wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// h2o, one process with a thread per loop.
    H2o,
    /// lighttpd, a process per loop.
    Lighttpd,
}

impl Peer {
    /// Both.
    pub const ALL: [Self; 2] = [Self::H2o, Self::Lighttpd];

    /// Its program.
    pub fn name(self) -> &'static str {
        match self {
            Self::H2o => "h2o",
            Self::Lighttpd => "lighttpd",
        }
    }

    fn configuration(self, address: SocketAddr, workers: usize, folder: &Path) -> String {
        let (host, port, folder) = (address.ip(), address.port(), folder.display());
        match self {
            Self::H2o => format!(
                "listen:\n  host: {host}\n  port: {port}\nnum-threads: {workers}\nmax-connections: 8192\n\
                 error-log: /dev/stderr\n\
                 file.index: [index.txt]\nhosts:\n  default:\n    paths:\n      /:\n        file.dir: {folder}/files\n"
            ),
            Self::Lighttpd => format!(
                "server.document-root = \"{folder}/files\"\nserver.bind = \"{host}\"\nserver.port = {port}\n\
                 server.max-worker = {workers}\nserver.max-fds = 16384\nserver.max-connections = 8192\n\
                 server.max-keep-alive-requests = 1000000000\nserver.listen-backlog = 4096\n\
                 index-file.names = ( \"index.txt\" )\nmimetype.assign = ( \".txt\" => \"text/plain\" )\n"
            ),
        }
    }
}

/// A running peer with its folder.
#[derive(Debug)]
pub struct Running {
    /// The first process; others are its children.
    pub server: Server,
    _folder: Folder,
}

impl Running {
    /// Starts `peer` with so many loops on a free port.
    pub fn start(peer: Peer, workers: usize) -> Result<Self> {
        let name = peer.name();
        let program = find(name).with_context(|| {
            format!("{name} is not installed; on Debian or Ubuntu: apt-get install {name}")
        })?;
        let folder = Folder::create()?;
        let files = folder.path().join("files");
        fs::create_dir(&files)?;
        fs::write(files.join("index.txt"), "Hello, World!")?;
        let address = free_port()?;
        let file = folder.path().join("configuration");
        fs::write(&file, peer.configuration(address, workers, folder.path()))
            .with_context(|| format!("cannot write {}", file.display()))?;
        let mut command = Command::new(program);
        match peer {
            // -m worker: in the foreground, and no second process that waits for the first to die.
            Peer::H2o => command.args(["-m", "worker", "-c"]),
            Peer::Lighttpd => command.args(["-D", "-f"]),
        };
        let server = Server::accepting(
            {
                command.arg(file);
                command
            },
            address,
        )?;
        Ok(Self { server, _folder: folder })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_that_is_installed_answers_as_the_stages_do() {
        use std::io::{Read, Write};
        for peer in Peer::ALL.into_iter().filter(|peer| find(peer.name()).is_some()) {
            let running = Running::start(peer, 1).unwrap();
            let mut stream = std::net::TcpStream::connect(running.server.address()).unwrap();
            stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            assert!(
                answer.starts_with("HTTP/1.1 200") && answer.ends_with("\r\n\r\nHello, World!"),
                "{answer}"
            );
        }
    }
}
