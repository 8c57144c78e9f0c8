//! Static files on the running server, and what a deployment or an editor does to them under its hands.
#![forbid(unsafe_code)]

mod content;
mod keeping;
mod names;
mod root;

use anyhow::{Context, Result};
use bench::resilience::{Stage, TIMEOUT};
use bench::targets::server::Server;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;

const PROGRAM: &str = env!("CARGO_BIN_EXE_stage4-epoll-threads");
const STAGE: Stage = Stage::new(PROGRAM, 256, &[]);

/// Longer than any test: what is read again is so for another reason than its age.
const NEVER_OLD: [&str; 2] = ["--cache-age", "600s"];

/// A client may read nothing for as long as any test takes.
const PATIENT: [&str; 2] = ["--write-timeout", "600s"];

/// Larger than what is kept in memory.
const LARGE: usize = 100_000;

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

/// A response to the last request of a connection.
struct Response {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Response {
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
    stream.set_read_timeout(Some(TIMEOUT))?;
    let last = "Host: h\r\nConnection: close\r\n";
    write!(stream, "{method} {target} HTTP/1.1\r\n{last}{fields}\r\n")?;
    Ok(stream)
}

fn ask(server: &Server, method: &str, target: &str, fields: &str) -> Result<Response> {
    let mut bytes = Vec::new();
    send(server, method, target, fields)?.read_to_end(&mut bytes)?;
    Response::parse(&bytes)
}

fn get(server: &Server, target: &str) -> Result<Response> {
    ask(server, "GET", target, "")
}
