//! Servers that other people wrote, beside the stages: a configuration that is fair (`bench/peers`), in a folder that
//! goes when the server goes. All answer `GET /` with the stages' bytes, h2o and lighttpd from a small file.

use super::server::Server;
use crate::tools::{self, Folder, free_port};
use anyhow::{Context, Result};
use std::fs;
use std::path::PathBuf;
use std::process::Command;

/// How a peer is found, configured and started.
#[derive(Debug, PartialEq, Eq)]
pub struct Peer {
    /// Its program.
    pub name: &'static str,
    /// What stands before the name of the configuration file; the servers stay in the foreground.
    arguments: &'static [&'static str],
    configuration: &'static str,
}

/// nginx first: it is measured whenever it is installed.
pub const PEERS: [Peer; 3] = [
    Peer {
        name: "nginx",
        // -e: errors before the configuration is read would go to a log in /var, which is not ours.
        arguments: &["-p", "FOLDER", "-e", "stderr", "-c"],
        configuration: include_str!("../../peers/nginx.conf"),
    },
    Peer {
        name: "h2o",
        // -m worker: no second process that waits for the first to die.
        arguments: &["-m", "worker", "-c"],
        configuration: include_str!("../../peers/h2o.conf"),
    },
    Peer {
        name: "lighttpd",
        arguments: &["-D", "-f"],
        configuration: include_str!("../../peers/lighttpd.conf"),
    },
];

impl Peer {
    /// The peer with this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        PEERS.iter().find(|peer| peer.name == name)
    }

    /// Where it is installed, if it is.
    pub fn find(&self) -> Option<PathBuf> {
        tools::find(self.name)
    }

    /// Starts it with `workers` event loops on a free port: the first process, whose children others are.
    ///
    /// # Errors
    /// When it is not installed, or does not listen within 10 s.
    pub fn start(&self, workers: usize) -> Result<Server> {
        let program = tools::require(self.name)?;
        let (folder, address) = (Folder::create()?, free_port()?);
        let files = folder.path().join("files");
        fs::create_dir(&files)?;
        fs::write(files.join("index.txt"), "Hello, World!")?;
        let path = folder.path().display().to_string();
        let fill = |text: &str| {
            text.replace("ADDRESS", &address.to_string())
                .replace("HOST", &address.ip().to_string())
                .replace("PORT", &address.port().to_string())
                .replace("WORKERS", &workers.to_string())
                .replace("FOLDER", &path)
        };
        let file = folder.path().join("configuration");
        fs::write(&file, fill(self.configuration))
            .with_context(|| format!("cannot write {}", file.display()))?;
        let mut command = Command::new(program);
        command.args(self.arguments.iter().map(|argument| fill(argument))).arg(file);
        Server::accepting(command, address).map(|server| server.in_folder(folder))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_that_is_installed_answers_as_the_stages_do() {
        use std::io::{Read, Write};
        for peer in PEERS.iter().filter(|peer| peer.find().is_some()) {
            let running = peer.start(1).unwrap();
            let mut stream = std::net::TcpStream::connect(running.address()).unwrap();
            stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            let right =
                answer.starts_with("HTTP/1.1 200") && answer.ends_with("\r\n\r\nHello, World!");
            assert!(right, "{}: {answer}", peer.name);
        }
    }
}
