//! What can go wrong with a request, each kind counted by itself.

use serde::{Deserialize, Serialize};

/// How often each kind occurred.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Errors {
    /// No connection came about.
    pub connect: u64,
    /// The connection broke, or ended without a complete response.
    pub read: u64,
    /// The request could not be sent.
    pub write: u64,
    /// No response within the time-out.
    pub timeout: u64,
    /// A response other than 2xx or 3xx, or bytes that are no HTTP response.
    pub status: u64,
    /// A body that is not the expected one, or bytes without a request.
    pub body: u64,
}

/// The kinds of [`Errors`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    Connect,
    Read,
    Write,
    Timeout,
    Status,
    Body,
}

impl Failure {
    /// What happened, as far as no error of the system's says more.
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Connect => "no connection",
            Self::Read => "the connection ended before the response was complete",
            Self::Write => "the connection took only a part of the request",
            Self::Timeout => "no response within the time-out",
            Self::Status => {
                "no HTTP/1 response: a wrong status line, length, transfer coding or chunk, or a head of over 64 KiB"
            }
            Self::Body => "bytes that answer no request",
        }
    }
}

impl Errors {
    /// All of them.
    pub fn total(&self) -> u64 {
        self.by_name().iter().map(|(_, count)| count).sum()
    }

    /// Each kind by its name.
    pub fn by_name(&self) -> [(&'static str, u64); 6] {
        let Self { connect, read, write, timeout, status, body } = *self;
        let names = ["connect", "read", "write", "timeout", "status", "body"];
        let counts = [connect, read, write, timeout, status, body];
        std::array::from_fn(|kind| (names[kind], counts[kind]))
    }

    pub(super) fn add(&mut self, failure: Failure, count: u64) {
        *self.counts()[failure as usize] += count;
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.counts().into_iter().zip(other.by_name()).for_each(|(sum, (_, part))| *sum += part);
    }

    /// In the order of [`Failure`].
    fn counts(&mut self) -> [&mut u64; 6] {
        let Self { connect, read, write, timeout, status, body } = self;
        [connect, read, write, timeout, status, body]
    }
}
