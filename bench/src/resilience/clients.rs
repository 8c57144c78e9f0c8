//! Clients of every kind, and what is left of them when they are gone: nothing.

use super::client::{Client, answers};
use super::vitals::{self, Vitals};
use super::{PATIENCE, Stage};
use crate::targets::server::Server;
use anyhow::{Context, Result, ensure};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

/// Runs `deed` on a fresh server, which must then answer as before and hold what it held before.
fn leaves_no_trace(stage: &Stage, deed: impl FnOnce(&Server) -> Result<()>) -> Result<()> {
    let server = stage.start(&[])?;
    answers(server.address())?;
    let before = Vitals::at_rest(server.pid())?;
    deed(&server)?;
    answers(server.address()).context("afterwards")?;
    before.come_back(server.pid())
}

/// A crowd that is there at once: all connect, then all ask, twice on each connection.
pub fn crowd(stage: &Stage, count: usize) -> Result<()> {
    leaves_no_trace(stage, |server| {
        let connect = |_| Client::connect(server.address());
        let mut clients = (0..count).map(connect).collect::<Result<Vec<_>>>()?;
        for round in 0..2 {
            clients.iter_mut().for_each(|client| client.get("/"));
            for (number, client) in clients.iter_mut().enumerate() {
                client.expect(200).with_context(|| format!("client {number}, round {round}"))?;
            }
        }
        Ok(())
    })
}

/// A crowd where threads are fewer than clients: each leaves after its answer, so that the next can be served.
pub fn crowd_in_turns(stage: &Stage, count: usize) -> Result<()> {
    leaves_no_trace(stage, |server| {
        let mut clients = Vec::new();
        for _ in 0..count {
            let mut client = Client::connect(server.address())?;
            client.send(b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
            clients.push(client);
        }
        for (number, mut client) in clients.into_iter().enumerate() {
            client.expect(200).with_context(|| format!("client {number}"))?;
        }
        Ok(())
    })
}

/// A client whose bytes come one by one.
pub fn byte_by_byte(stage: &Stage) -> Result<()> {
    leaves_no_trace(stage, |server| {
        let mut client = Client::connect(server.address())?;
        client.drip(b"POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
        client.drip(b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nTrailer: t\r\n\r\n");
        ensure!(client.answer()? == (200, b"abcde".to_vec()), "another echo");
        Ok(())
    })
}

/// A client that reads a large answer late gets all of it.
pub fn slow_reader(stage: &Stage) -> Result<()> {
    const LINES: usize = 2_000_000;
    leaves_no_trace(stage, |server| {
        let mut stream = ask(server.address(), &format!("/count/{LINES}"))?;
        // Every buffer on the way fills, until the server can write no more.
        vitals::at_rest(server.pid())?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        // As a client of HTTP/1.0 it gets the lines without chunks, ended by the end of the connection.
        let lines = answer.iter().filter(|byte| **byte == b'\n').count();
        let head = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").context("no head")?;
        let of_head = answer[..head + 4].iter().filter(|byte| **byte == b'\n').count();
        ensure!(lines == LINES + of_head, "{} lines of {LINES}", lines - of_head);
        ensure!(answer.ends_with(format!("\n{LINES}\n").as_bytes()), "another last line");
        Ok(())
    })
}

/// Clients that reset: within a head, a body, and a long answer.
pub fn resets(stage: &Stage) -> Result<()> {
    const ANSWERED: &str = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
    const BEGUN: [&str; 3] = [
        "GET / HTTP/1.1\r\nHo",
        "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\nhello",
        "GET /count/10000000 HTTP/1.1\r\nHost: h\r\n\r\n",
    ];
    leaves_no_trace(stage, |server| {
        for begun in BEGUN.iter().cycle().take(60) {
            let mut client = Client::connect(server.address())?;
            // An answer that lies unread makes the close a reset.
            client.send(format!("{ANSWERED}{begun}").as_bytes());
            client.reset();
        }
        Ok(())
    })
}

fn ask(address: SocketAddr, path: &str) -> Result<TcpStream> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(format!("GET {path} HTTP/1.0\r\n\r\n").as_bytes())?;
    Ok(stream)
}

/// A stage that serves one connection at a time with these flags keeps the second waiting, and says in
/// its metrics that somebody had to.
pub fn those_who_wait_are_counted(stage: &Stage, flags: &[&str]) -> Result<()> {
    let server = stage.start(flags)?;
    let mut first = Client::connect(server.address())?;
    let mut second = Client::connect(server.address())?;
    first.ask("/")?;
    second.get("/metrics");
    drop(first);
    let (_, page) = second.answer()?;
    let page = String::from_utf8(page)?;
    let line = page.lines().find(|line| line.contains("kept_waiting_total{reason=\"full\"}"));
    ensure!(line.is_some_and(|line| !line.ends_with(" 0")), "{page}");
    Ok(())
}
