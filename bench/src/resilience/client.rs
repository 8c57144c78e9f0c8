//! The client of these checks: blocking, patient, and strict about what it reads.

use super::TIMEOUT;
use crate::wire::response::Response;
use crate::wire::{Ending, Wire};
use anyhow::{Context, Result, bail, ensure};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// One connection.
pub struct Client {
    wire: Wire,
    taken: usize,
    /// Since when it has had nothing to wait for: since the beginning of the connect, or its last response.
    free: Instant,
    /// The longest time from then until it sent something.
    hesitated: Duration,
}

impl Client {
    /// Connects.
    ///
    /// # Errors
    /// When the server refuses, or does not take the connection in time.
    pub fn connect(address: SocketAddr) -> Result<Self> {
        let free = Instant::now();
        let wire = Wire::connect(address, TIMEOUT).context("connecting")?;
        Ok(Self { wire, taken: 0, free, hesitated: Duration::ZERO })
    }

    /// Clients that have sent a GET, and have not read the response.
    ///
    /// # Errors
    /// As [`Client::connect`].
    pub fn asking(address: SocketAddr, path: &str, count: usize) -> Result<Vec<Self>> {
        let ask = |_| {
            let mut client = Self::connect(address)?;
            client.get(path);
            Ok(client)
        };
        (0..count).map(ask).collect()
    }

    /// Clients that got one response, one after the other, and are silent now.
    ///
    /// # Errors
    /// As [`Client::fetch_ok`].
    pub fn idle(address: SocketAddr, count: usize) -> Result<Vec<Self>> {
        let one = |_| {
            let mut client = Self::connect(address)?;
            client.fetch_ok("/").map(|_| client)
        };
        (0..count).map(one).collect()
    }

    /// Sends a GET that leaves the connection open.
    pub fn get(&mut self, path: &str) {
        self.send(format!("GET {path} HTTP/1.1\r\nHost: h\r\n\r\n").as_bytes());
    }

    /// Sends bytes. That the server does not take them shows when the response is read.
    pub fn send(&mut self, bytes: &[u8]) {
        self.wire.send(bytes);
        self.hesitated = self.hesitated.max(self.free.elapsed());
    }

    /// Whether this client once let half of a time-out of the server's pass before it sent anything. On a busy machine
    /// that may happen to any client, and the server then owes it nothing.
    pub fn was_late(&self, time_out: Duration) -> bool {
        let has_sent_nothing = self.taken == 0 && self.hesitated.is_zero();
        let now = if has_sent_nothing { self.free.elapsed() } else { Duration::ZERO };
        self.hesitated.max(now) >= time_out / 2
    }

    /// The next response must have this status; tells whether it is the last of its connection.
    ///
    /// # Errors
    /// When none comes in time, or another.
    pub fn expect(&mut self, status: u16) -> Result<bool> {
        let response = self.read()?;
        ensure!(response.status == status, "expected {status}, came {}", response.status);
        Ok(response.is_last())
    }

    /// The same of a client that asks again and again: on a busy machine it may come so late with its next request that the
    /// server has given its thread to another and closed the connection. That is an end as well.
    ///
    /// # Errors
    /// As [`Client::expect`], but for an end before the response's first byte.
    pub fn expect_or_end(&mut self, status: u16) -> Result<bool> {
        let taken = self.taken;
        let expected = self.expect(status);
        let is_over = self.wire.ending != Ending::Open && self.heard() <= taken;
        if is_over && expected.is_err() { Ok(true) } else { expected }
    }

    /// The next response: its status and its body.
    ///
    /// # Errors
    /// When none comes in time, or an invalid one.
    pub fn response(&mut self) -> Result<(u16, Vec<u8>)> {
        let response = self.read()?;
        Ok((response.status, response.body.clone()))
    }

    /// The next response must be a 503 that says when to ask again (Retry-After, RFC 9110 section 10.2.3).
    ///
    /// # Errors
    /// When it is another, or none comes in time.
    pub fn expect_unavailable(&mut self) -> Result<()> {
        let response = self.read()?;
        ensure!(response.status == 503 && response.field("retry-after").is_some(), "{response:?}");
        Ok(())
    }

    /// GETs `path` on this connection.
    ///
    /// # Errors
    /// As [`Client::response`].
    pub fn fetch(&mut self, path: &str) -> Result<(u16, Vec<u8>)> {
        self.get(path);
        self.response()
    }

    /// GETs `path` on this connection, which must be there; its body.
    ///
    /// # Errors
    /// When no response comes in time, or one with another status than 200.
    pub fn fetch_ok(&mut self, path: &str) -> Result<Vec<u8>> {
        let (status, body) = self.fetch(path)?;
        ensure!(status == 200, "{path}: {status}");
        Ok(body)
    }

    /// Whether neither a response nor the end has begun to come since the last response that was read.
    pub fn hears_nothing(&mut self) -> bool {
        self.heard() <= self.taken && self.wire.ending == Ending::Open
    }

    /// How many responses have begun to come by now.
    pub fn heard(&mut self) -> usize {
        self.wire.fill(Instant::now());
        let status = b"HTTP/1.1 ";
        self.wire.received.windows(status.len()).filter(|at| at == status).count()
    }

    /// The server must end the connection, and send nothing more.
    ///
    /// # Errors
    /// When more comes, or a reset, or no end in time.
    pub fn expect_end(&mut self) -> Result<()> {
        let before = self.wire.received.len();
        self.wire.fill_to_end(Instant::now() + TIMEOUT);
        let (ending, more) = (self.wire.ending, self.wire.received.len() - before);
        ensure!(ending == Ending::Eof && more == 0, "{ending:?}, {more} bytes");
        Ok(())
    }

    /// Shuts down its side: nothing more will come.
    pub fn half_close(&mut self) {
        self.wire.half_close();
    }

    /// Resets the connection, on which a response lies unread.
    pub fn reset(self) {
        self.wire.reset(Instant::now() + TIMEOUT);
    }

    /// The next response.
    pub(super) fn read(&mut self) -> Result<&Response> {
        let came = self.wire.read_responses(self.taken + 1, |_| false, Instant::now() + TIMEOUT);
        let wire = &self.wire;
        if !came {
            let what = wire.malformed.as_deref().unwrap_or("no response");
            bail!("{what}; the connection: {:?}; {} bytes came", wire.ending, wire.received.len());
        }
        self.taken += 1;
        self.free = Instant::now();
        wire.responses.last().context("a response came")
    }
}

/// A new client asks for `/` and must get it.
///
/// # Errors
/// When it does not, or its connection does not end cleanly.
pub fn serves(address: SocketAddr) -> Result<()> {
    serves_within(address, Duration::MAX)
}

/// The same of a server with a short time-out: a client that was kept from a CPU for so long that the server owes it
/// nothing asks again.
///
/// # Errors
/// As [`serves`].
pub fn serves_within(address: SocketAddr, head_timeout: Duration) -> Result<()> {
    loop {
        let mut client = Client::connect(address)?;
        client.send(b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
        let served = client.expect(200).and_then(|_| client.expect_end());
        if served.is_ok() || !client.was_late(head_timeout) {
            return served;
        }
    }
}

/// One value of a server's `/metrics`, asked for on a connection of its own.
///
/// # Errors
/// When there is no such metric, or no number behind its name.
pub fn metric(address: SocketAddr, name: &str) -> Result<u64> {
    value(Client::connect(address)?.fetch_ok("/metrics")?, name)
}

/// One value of a page of metrics.
///
/// # Errors
/// When the page has no such name.
pub fn value(page: Vec<u8>, name: &str) -> Result<u64> {
    let page = String::from_utf8(page).context("/metrics is no text")?;
    let value = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    let value = value.with_context(|| format!("/metrics has no {name}"))?;
    value.parse().with_context(|| name.to_owned())
}
