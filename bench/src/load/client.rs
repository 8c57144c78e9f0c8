//! One client slot: what it has sent, what it waits for, and what it makes of the bytes that come.

use super::errors::Failure;
use super::plan::Plan;
use super::response::Parser;
use super::samples::Tally;
use super::window::Shared;
use shared::sys::Socket;
use std::sync::atomic::Ordering::Relaxed;

/// A slot holds one connection at a time, over reconnects.
#[derive(Default)]
pub(super) struct Client {
    /// `None` after a connect that failed, until the next try.
    pub(super) socket: Option<Socket>,
    pub(super) parser: Parser,
    /// Bytes of the requests under way, and those of them that the socket took.
    pub(super) length: usize,
    pub(super) written: usize,
    /// Responses still to come.
    pub(super) awaiting: usize,
    /// When the requests under way were sent, in nanoseconds of the load's clock: the time-out begins then.
    pub(super) sent_at: u64,
    /// What they are timed from: the same moment, or at a constant rate when they were due.
    pub(super) since: u64,
    /// When the first piece of a response came that is not complete yet; zero without one.
    pub(super) first_byte: u64,
    /// When the connect began; zero once the connection stands.
    pub(super) connecting: u64,
    /// Whether epoll also tells when the socket takes more.
    pub(super) watches_writes: bool,
    /// Whether this connection stands, as its first successful write shows.
    pub(super) established: bool,
    /// Whether this slot ever had a connection, a response, a response in the window.
    pub(super) opened: bool,
    pub(super) warm: bool,
    pub(super) served: bool,
    /// It has nothing to do until a request is due, or for good: all requests of `-n` are sent.
    pub(super) free: bool,
    /// What is under way was sent before the window, and is none of the requests of `-n`.
    pub(super) extra: bool,
}

/// What a thread counted, and its clients: their connections stay open until the caller has read what the server used.
/// A server that closes connections uses CPU time, and one that is free of a client serves another.
pub(super) type Ended = (Tally, Vec<Client>);

/// What is to be done with the connection after bytes came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// More responses are due.
    Wait,
    /// All are here: send the next requests.
    Again,
    /// Nothing more comes on this connection, or nothing more is wanted: it is replaced.
    Leave,
    /// Nothing sensible can follow on this connection.
    Broken(Failure),
}

/// A response's bytes that were read, parsed and found right. A response that equals them byte for byte is right too
/// without being parsed, and comparing costs a tenth of parsing: most responses of a test are equal, and the others
/// (a new Date) are parsed as ever.
pub(super) struct Known {
    bytes: Vec<u8>,
    status: u16,
}

impl Known {
    /// Longer ones would not come in one read anyway.
    const LIMIT: usize = 16 * 1024;

    pub(super) fn new() -> Self {
        Self { bytes: Vec::with_capacity(Self::LIMIT), status: 0 }
    }

    fn begins(&self, bytes: &[u8]) -> bool {
        !self.bytes.is_empty() && bytes.starts_with(&self.bytes)
    }

    fn remember(&mut self, bytes: &[u8], status: u16) {
        self.bytes.clear();
        if bytes.len() <= Self::LIMIT {
            self.bytes.extend_from_slice(bytes);
        }
        self.status = status;
    }
}

/// What bytes are read with: when they came, what they should be, and where they are counted.
pub(super) struct Reading<'a> {
    pub(super) now: u64,
    pub(super) plan: &'a Plan,
    pub(super) known: &'a mut Known,
    /// `None` where it does not count.
    pub(super) tally: Option<&'a mut Tally>,
}

impl Client {
    pub(super) fn new(bodiless: bool) -> Self {
        Self { parser: Parser::new(bodiless), ..Self::default() }
    }

    /// The connection took bytes, so it stands. Of its first ones, how long that took is counted.
    pub(super) fn stands(&mut self, shared: &Shared, tally: &mut Tally) {
        self.established = true;
        self.opened = true;
        if self.connecting > 0 {
            tally.connect.saturating_record(shared.now().saturating_sub(self.connecting));
            self.connecting = 0;
            shared.stood.store(true, Relaxed);
        }
    }

    /// Whether a request that counts was begun and has come to no end.
    pub(super) fn is_under_way(&self) -> bool {
        let begun = self.awaiting > 0 || self.written < self.length;
        begun && self.socket.is_some() && !self.extra
    }

    /// Takes what was read, and tells what follows from it.
    pub(super) fn take(&mut self, mut bytes: &[u8], reading: &mut Reading<'_>) -> Step {
        if let Some(tally) = &mut reading.tally {
            tally.bytes += bytes.len() as u64;
        }
        while !bytes.is_empty() {
            if self.awaiting == 0 {
                return unexpected(bytes);
            }
            match self.take_one(bytes, reading) {
                Ok(used) => bytes = &bytes[used..],
                Err(step) => return step,
            }
        }
        match self.awaiting {
            0 if reading.plan.close => Step::Leave,
            0 if self.written == self.length => Step::Again,
            // More responses, or the server responded before it had the whole request: the rest of that is sent yet.
            _ => Step::Wait,
        }
    }

    /// Takes one response, or the part of it that is here.
    fn take_one(&mut self, bytes: &[u8], reading: &mut Reading<'_>) -> Result<usize, Step> {
        let whole = self.parser.between_responses();
        if whole && reading.known.begins(bytes) {
            self.finish(reading.known.status, None, reading);
            return Ok(reading.known.bytes.len());
        }
        // What is about to be remembered as right must be right in every byte. Only long responses, and
        // of those all but a connection's first, are checked by their length alone.
        self.parser.hashing |= whole && bytes.len() <= Known::LIMIT;
        let fed = self.parser.feed(bytes).map_err(|_| Step::Broken(Failure::Status))?;
        let (used, Some(response)) = fed else {
            if whole {
                self.first_byte = reading.now;
            }
            return Ok(fed.0);
        };
        let wrong = reading.plan.wrong(&response, self.parser.hashing);
        if wrong.is_none() && whole && self.parser.hashing && !response.close {
            reading.known.remember(&bytes[..used], response.status);
        }
        self.finish(response.status, wrong, reading);
        if response.close { Err(Step::Leave) } else { Ok(used) }
    }

    /// The server ended the connection, and perhaps a response with it.
    pub(super) fn end(&mut self, reading: &mut Reading<'_>) -> Step {
        let Some(response) = self.parser.end() else { return Step::Broken(Failure::Read) };
        let wrong = reading.plan.wrong(&response, self.parser.hashing);
        self.finish(response.status, wrong, reading);
        Step::Leave
    }

    /// A response is complete. After a right one the connection is trusted: lengths will do.
    fn finish(&mut self, status: u16, wrong: Option<Failure>, reading: &mut Reading<'_>) {
        self.parser.hashing = wrong.is_some();
        self.awaiting -= 1;
        let first_byte = std::mem::take(&mut self.first_byte);
        let Some(tally) = &mut reading.tally else { return };
        *tally.status_codes.entry(status).or_default() += 1;
        match wrong {
            None => {
                self.served = true;
                tally.succeed(self.since, first_byte, reading.now);
            }
            Some(failure) => tally.fail(failure, 1, reading.now, || match failure {
                Failure::Body => {
                    "a body other than the expected one (do they differ on purpose? --any-body)"
                        .to_owned()
                }
                _ => format!("status {status}"),
            }),
        }
    }
}

/// A response without a request. With 408 a server may end a connection on which nothing came for a
/// while (RFC 9110, section 15.5.9). With any other, which response is whose is unknown from here on.
fn unexpected(bytes: &[u8]) -> Step {
    // As far as it has come.
    let is_408 = |version: &[u8; 12]| version.iter().zip(bytes).all(|(one, other)| one == other);
    if is_408(b"HTTP/1.1 408") || is_408(b"HTTP/1.0 408") {
        Step::Leave
    } else {
        Step::Broken(Failure::Body)
    }
}
