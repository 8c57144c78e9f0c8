//! Static files on the running server, and what a deployment or an editor does to them under its hands.
#![forbid(unsafe_code)]

mod content;
mod keeping;
mod names;
mod root;

use anyhow::{Context, Result, ensure};
use bench::resilience::{PATIENCE, Stage};
use bench::targets::server::Server;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

const PROGRAM: &str = env!("CARGO_BIN_EXE_stage4-epoll-threads");
const STAGE: Stage = Stage::new(PROGRAM, 256, &[]);

/// Longer than any test: what is served anew is so for another reason than its age.
const NEVER_OLD: [&str; 2] = ["--cache-age", "600s"];

/// A client that does not read for a while is not hung up on for it, however long the test takes meanwhile.
const PATIENT: [&str; 2] = ["--write-timeout", "600s"];

/// Larger than what is kept in memory.
const LARGE: usize = 100_000;

/// A folder that goes with its test.
struct Folder(PathBuf);

impl Folder {
    fn create(name: &str) -> Result<Self> {
        let path = std::env::temp_dir().join(format!("files-{}-{name}", std::process::id()));
        fs::create_dir(&path).with_context(|| format!("cannot create {}", path.display()))?;
        Ok(Self(path))
    }

    fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A folder with an index, and a file that says which version of a site it is.
fn site(folder: &Path, version: &str) -> Result<()> {
    fs::create_dir_all(folder)?;
    fs::write(folder.join("version"), version)?;
    Ok(fs::write(folder.join("index.html"), version)?)
}

/// Bytes of which each piece differs from the others.
fn pattern(length: usize) -> Vec<u8> {
    (0..length as u32 / 4 + 1).flat_map(u32::to_ne_bytes).take(length).collect()
}

fn start(root: &Path, more: &[&str]) -> Result<Server> {
    let root = root.to_str().context("a folder whose name is not UTF-8")?;
    STAGE.start(&[&["--root", root], more].concat())
}

/// An answer to the last request of a connection.
struct Answer {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Answer {
    fn parse(bytes: &[u8]) -> Result<Self> {
        let end = bytes.windows(4).position(|at| at == b"\r\n\r\n").context("no whole head")?;
        let head = String::from_utf8(bytes[..end].to_vec())?;
        let status = head.split(' ').nth(1).context("no status")?.parse()?;
        Ok(Self { status, head, body: bytes[end + 4..].to_vec() })
    }

    fn field(&self, name: &str) -> Result<&str> {
        let mut fields = self.head.lines().filter_map(|line| line.split_once(": "));
        let field = fields.find(|(found, _)| found.eq_ignore_ascii_case(name));
        Ok(field.with_context(|| format!("no {name} in {}", self.head))?.1)
    }
}

fn send(server: &Server, method: &str, target: &str, fields: &str) -> Result<TcpStream> {
    let mut stream = TcpStream::connect(server.address())?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let last = "Host: h\r\nConnection: close\r\n";
    write!(stream, "{method} {target} HTTP/1.1\r\n{last}{fields}\r\n")?;
    Ok(stream)
}

fn ask(server: &Server, method: &str, target: &str, fields: &str) -> Result<Answer> {
    let mut bytes = Vec::new();
    send(server, method, target, fields)?.read_to_end(&mut bytes)?;
    Answer::parse(&bytes)
}

fn get(server: &Server, target: &str) -> Result<Answer> {
    ask(server, "GET", target, "")
}

fn wait_until(is_so: impl Fn() -> Result<bool>) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    while !is_so()? {
        ensure!(Instant::now() < deadline, "not within {PATIENCE:?}");
        thread::sleep(Duration::from_millis(5));
    }
    Ok(())
}
