//! The server under test: where it is, what it offers, and what was wrong with a response of it.

use super::options::Options;
use super::template;
use crate::wire::Wire;
use std::net::SocketAddr;
use std::time::Instant;

/// What went wrong, with the bytes that prove it.
#[derive(Debug, Clone)]
pub struct Problem {
    /// How the message was sent: whole, split, dripped.
    pub way: &'static str,
    /// What should have come and what came, in one line.
    pub text: String,
    /// The bytes sent, escaped.
    pub sent: String,
    /// The bytes received, escaped.
    pub received: String,
}

impl Problem {
    /// A problem seen on this connection.
    pub(crate) fn on(wire: &Wire, text: impl Into<String>) -> Self {
        let (sent, received) = (escape(&wire.sent), escape(&wire.received));
        Self { way: "whole", text: text.into(), sent, received }
    }
}

/// Printable ASCII as it is, the rest as `\r`, `\n`, `\t` or `\xNN`, on one line; the middle of a long message is left out.
fn escape(bytes: &[u8]) -> String {
    const START: usize = 700;
    const END: usize = 100;
    if bytes.len() <= START + END {
        return bytes.escape_ascii().to_string();
    }
    let left_out = bytes.len() - START - END;
    let (start, end) = (&bytes[..START], &bytes[bytes.len() - END..]);
    format!("{} [... {left_out} bytes ...] {}", start.escape_ascii(), end.escape_ascii())
}

/// The server under test.
pub(crate) struct Peer<'a> {
    pub(crate) address: SocketAddr,
    pub(crate) options: &'a Options,
}

impl Peer<'_> {
    /// A fresh connection.
    pub(crate) fn connect(&self) -> Result<Wire, Problem> {
        let mut wire =
            Wire::connect(self.address, self.options.timeout).map_err(|error| Problem {
                way: "whole",
                text: format!("cannot connect: {error}"),
                sent: String::new(),
                received: String::new(),
            })?;
        wire.limit = MOST_BYTES.saturating_add(self.options.body_limit);
        Ok(wire)
    }

    /// When a response that is asked for now is overdue.
    pub(crate) fn deadline(&self) -> Instant {
        Instant::now() + self.options.timeout
    }

    /// Fills in a template.
    pub(crate) fn fill(&self, template: &str) -> Vec<u8> {
        template::whole(&template::expanded(template.as_bytes()), self.options)
    }

    /// Connects and sends a template.
    pub(crate) fn send(&self, template: &str) -> Result<Wire, Problem> {
        let mut wire = self.connect()?;
        wire.send(&self.fill(template));
        Ok(wire)
    }

    /// Waits until `count` responses have come in all; `otherwise` says what it means that they do not.
    pub(crate) fn await_responses(
        &self,
        wire: &mut Wire,
        count: usize,
        otherwise: &str,
    ) -> Result<(), Problem> {
        let came = wire.read_responses(count, |_| false, self.deadline());
        came.then_some(()).ok_or_else(|| Problem::on(wire, otherwise))
    }

    /// Whether it responds in HTTP/1 at all, rightly or not.
    pub(crate) fn speaks_http(&self) -> Result<(), Problem> {
        let mut wire = self.send(PROBE)?;
        wire.read_responses(1, |_| false, self.deadline());
        let speaks = wire.received.starts_with(b"HTTP/1.");
        speaks.then_some(()).ok_or_else(|| Problem::on(&wire, "no HTTP/1 response to a GET"))
    }

    /// Whether the server still serves a new client.
    pub(crate) fn serves(&self) -> Result<(), Problem> {
        let mut wire = self.send(PROBE)?;
        let came = wire.read_responses(1, |_| false, self.deadline());
        match wire.responses.first() {
            Some(response) if came && response.status == 200 => Ok(()),
            _ => Err(Problem::on(&wire, "afterwards a new client did not get 200")),
        }
    }
}

/// What is read from one connection at most, besides the largest content: twice what any case asks for, and more.
const MOST_BYTES: usize = 32 << 20;

/// The request that finds out whether a connection, or a server, still lives.
pub(crate) const PROBE: &str = "GET {get} HTTP/1.1\r\nHost: probe\r\nConnection: close\r\n\r\n";
