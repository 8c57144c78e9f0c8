//! A client for promises: blocking, patient, and strict about what it reads.

use super::PATIENCE;
use crate::wire::response::Response as Answer;
use crate::wire::{Ending, Wire};
use anyhow::{Context, Result, bail, ensure};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// One connection.
pub struct Client {
    wire: Wire,
    taken: usize,
    /// Since when it has had nothing to wait for: since the beginning of the connect, or its last answer.
    free: Instant,
    /// The longest time from then until it said something.
    hesitated: Duration,
}

impl Client {
    /// Connects.
    pub fn connect(address: SocketAddr) -> Result<Self> {
        let free = Instant::now();
        let stream = TcpStream::connect_timeout(&address, PATIENCE).context("connecting")?;
        stream.set_nodelay(true)?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Self { wire: Wire::new(stream), taken: 0, free, hesitated: Duration::ZERO })
    }

    /// Sends a GET that leaves the connection open.
    pub fn get(&mut self, path: &str) {
        self.send(format!("GET {path} HTTP/1.1\r\nHost: h\r\n\r\n").as_bytes());
    }

    /// Sends bytes. That nobody takes them shows when the answer is read.
    pub fn send(&mut self, bytes: &[u8]) {
        self.wire.send(bytes);
        self.hesitated = self.hesitated.max(self.free.elapsed());
    }

    /// Whether it has once used up half of a time-out of the server's before it said anything: on a busy machine that
    /// may happen to any client, and the server owes it nothing then.
    pub(super) fn was_late(&self, time_out: Duration) -> bool {
        let now = if self.taken == 0 && self.hesitated.is_zero() {
            self.free.elapsed()
        } else {
            Duration::ZERO
        };
        self.hesitated.max(now) >= time_out / 2
    }

    /// Sends byte by byte.
    pub fn drip(&mut self, bytes: &[u8]) {
        self.wire.drip(bytes);
    }

    /// The next answer: its status and its body.
    pub fn answer(&mut self) -> Result<(u16, Vec<u8>)> {
        let answer = self.read()?;
        Ok((answer.status, answer.body.clone()))
    }

    /// The next answer must have this status; tells whether it is the last of its connection.
    pub fn expect(&mut self, status: u16) -> Result<bool> {
        let answer = self.read()?;
        ensure!(answer.status == status, "expected {status}, came {}", answer.status);
        Ok(answer.is_last())
    }

    /// Asks for a path on this connection.
    pub fn ask(&mut self, path: &str) -> Result<(u16, Vec<u8>)> {
        self.get(path);
        self.answer()
    }

    /// Whether nothing has come yet: neither a byte nor the end.
    pub fn hears_nothing(&mut self) -> bool {
        !self.wire.fill(Instant::now()) && self.wire.ending == Ending::Open
    }

    /// How many answers have come by now.
    pub fn heard(&mut self) -> usize {
        self.wire.fill(Instant::now());
        let status = b"HTTP/1.1 ";
        self.wire.received.windows(status.len()).filter(|at| at == status).count()
    }

    /// The server must end the connection, with nothing more to say.
    pub fn expect_end(&mut self) -> Result<()> {
        let before = self.wire.received.len();
        self.wire.fill_to_end(Instant::now() + PATIENCE);
        let more = self.wire.received.len() - before;
        ensure!(
            self.wire.ending == Ending::Eof && more == 0,
            "{:?}, {more} bytes",
            self.wire.ending
        );
        Ok(())
    }

    /// Says that nothing more will come.
    pub fn end_half(&mut self) {
        self.wire.half_close();
    }

    /// Resets the connection.
    pub fn reset(self) {
        self.wire.reset(Instant::now() + PATIENCE);
    }

    /// The next answer.
    pub(super) fn read(&mut self) -> Result<&Answer> {
        let came = self.wire.read_responses(self.taken + 1, |_| false, Instant::now() + PATIENCE);
        let wire = &self.wire;
        if !came {
            let what = wire.malformed.as_deref().unwrap_or("no answer");
            bail!("{what}; the connection: {:?}; {} bytes came", wire.ending, wire.received.len());
        }
        self.taken += 1;
        self.free = Instant::now();
        wire.responses.last().context("an answer came")
    }
}

/// A newcomer asks for `/` and must get it.
pub fn answers(address: SocketAddr) -> Result<()> {
    let mut client = Client::connect(address)?;
    client.send(b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    client.expect(200)?;
    client.expect_end()
}
