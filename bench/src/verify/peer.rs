//! The server under test: where it is and what it offers.

use std::net::{SocketAddr, TcpStream};
use std::time::Instant;

use super::case::{Case, Need, Step};
use super::options::Options;
use super::template;
use super::wire::{Problem, Wire};

/// The server under test.
pub(crate) struct Peer<'a> {
    pub(crate) address: SocketAddr,
    pub(crate) options: &'a Options,
}

impl Peer<'_> {
    /// A fresh connection.
    pub(crate) fn connect(&self) -> Result<Wire, Problem> {
        let stream =
            TcpStream::connect_timeout(&self.address, self.options.patience).and_then(|stream| {
                // Each write is a segment of its own: the cases are about where messages are cut.
                stream.set_nodelay(true)?;
                stream.set_write_timeout(Some(self.options.patience))?;
                Ok(stream)
            });
        stream.map(Wire::new).map_err(|error| Problem {
            way: "whole",
            text: format!("cannot connect: {error}"),
            sent: String::new(),
            received: String::new(),
        })
    }

    /// When the suite's patience ends.
    pub(crate) fn deadline(&self) -> Instant {
        Instant::now() + self.options.patience
    }

    /// Fills in a template.
    pub(crate) fn fill(&self, template: &str) -> Vec<u8> {
        template::whole(template.as_bytes(), self.options)
    }

    /// Connects and sends a template.
    pub(crate) fn ask(&self, template: &str) -> Result<Wire, Problem> {
        let mut wire = self.connect()?;
        wire.send(&self.fill(template));
        Ok(wire)
    }

    /// Whether the server still answers a newcomer.
    pub(crate) fn answers(&self) -> Result<(), Problem> {
        let mut wire = self.ask(PROBE)?;
        let answered = wire.read_answers(1, |_| false, self.deadline());
        match wire.answers.first() {
            Some(answer) if answered && answer.status == 200 => Ok(()),
            _ => Err(wire.problem("afterwards the server did not answer a new client with 200")),
        }
    }

    /// Why the case cannot run here.
    pub(crate) fn lacks(&self, case: &Case) -> Option<String> {
        let route = |name: &str| format!("needs {}", name.replace('{', "--").replace('}', " PATH"));
        let missing = case.steps.iter().find_map(|step| match step {
            Step::Send(bytes) | Step::Drip(bytes, _) => template::missing(bytes, self.options),
            _ => None,
        });
        let need = case.needs.iter().find_map(|need| match need {
            Need::Slow => (!self.options.slow).then(|| "needs --slow".into()),
            Need::Concurrent => (self.options.concurrent < 2)
                .then(|| "needs more than one connection at a time".into()),
            Need::Hello => template::missing(b"{hello}", self.options).map(route),
            Need::RequestsLimit => {
                (self.options.requests_limit == 0).then(|| "needs --requests-limit".into())
            }
            Need::ConnectionsLimit => {
                (self.options.connections_limit == 0).then(|| "needs --connections-limit".into())
            }
            Need::Count => template::missing(b"{count}", self.options).map(route),
        });
        missing.map(route).or(need)
    }
}

/// The request that finds out whether a connection, or a server, still lives.
pub(crate) const PROBE: &str = "GET {get} HTTP/1.1\r\nHost: probe\r\nConnection: close\r\n\r\n";
