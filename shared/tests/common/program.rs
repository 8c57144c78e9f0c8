//! A program of `examples/`, run as a reader runs it.

use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A program that runs, until it is dropped.
pub(crate) struct Program {
    child: Child,
    address: String,
}

impl Program {
    /// Starts it on a free port.
    pub(crate) fn start(name: &str) -> Self {
        // Through cargo: as `cargo test --test NAME` alone does not build the examples. In the end cargo becomes the
        // program (exec(2)), and has the same process id.
        let mut command = Command::new(env!("CARGO"));
        command.args(["run", "--quiet", "-p", "shared", "--example", name]);
        command.args(["--", "--listen", "127.0.0.1:0"]).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim_end().split_once(" listening on http://").unwrap().1.to_owned();
        Self { child, address }
    }

    /// A client of it, whose reads fail after five seconds.
    pub(crate) fn connect(&self) -> TcpStream {
        let client = TcpStream::connect(&self.address).unwrap();
        client.set_nodelay(true).unwrap();
        client.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        client
    }

    /// A file of `/proc/PID/`.
    #[allow(dead_code)] // The exercises have no use for it.
    pub(crate) fn proc(&self, file: &str) -> std::path::PathBuf {
        format!("/proc/{}/{file}", self.child.id()).into()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
