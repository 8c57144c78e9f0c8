//! What can go wrong with a request, each counted on its own.

use serde::{Deserialize, Serialize};

/// How often each kind occurred.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Errors {
    /// No connection came about.
    pub connect: u64,
    /// The connection broke, or ended without a complete answer.
    pub read: u64,
    /// The request could not be sent.
    pub write: u64,
    /// No answer within the time-out.
    pub timeout: u64,
    /// An answer other than 2xx, or none that HTTP knows.
    pub status: u64,
    /// A body that is not the expected one, or bytes that nobody asked for.
    pub body: u64,
}

/// The kinds of [`Errors`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    Connect,
    Read,
    Write,
    Timeout,
    Status,
    Body,
}

impl Errors {
    /// All of them.
    pub fn total(&self) -> u64 {
        self.connect + self.read + self.write + self.timeout + self.status + self.body
    }

    /// Each kind by its name.
    pub fn by_name(&self) -> [(&'static str, u64); 6] {
        [
            ("connect", self.connect),
            ("read", self.read),
            ("write", self.write),
            ("timeout", self.timeout),
            ("status", self.status),
            ("body", self.body),
        ]
    }

    pub(super) fn add(&mut self, trouble: Trouble, count: u64) {
        *match trouble {
            Trouble::Connect => &mut self.connect,
            Trouble::Read => &mut self.read,
            Trouble::Write => &mut self.write,
            Trouble::Timeout => &mut self.timeout,
            Trouble::Status => &mut self.status,
            Trouble::Body => &mut self.body,
        } += count;
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.connect += other.connect;
        self.read += other.read;
        self.write += other.write;
        self.timeout += other.timeout;
        self.status += other.status;
        self.body += other.body;
    }
}
