//! One client slot: what it has sent, what it waits for, and what it makes of the bytes that come.

use super::errors::Failure;
use super::plan::Plan;
use super::response::Parser;
use super::samples::Tally;
use shared::sys::Socket;

/// A slot holds one connection at a time, over reconnects.
pub(super) struct Client {
    /// `None` after a connect that failed, until the next try.
    pub(super) socket: Option<Socket>,
    pub(super) parser: Parser,
    /// Bytes of the plan's requests that the socket took.
    pub(super) written: usize,
    /// Responses still to come.
    pub(super) awaiting: usize,
    /// When the requests under way were sent, in nanoseconds of the load's clock: the time-out begins then.
    pub(super) sent_at: u64,
    /// What they are timed from: the same moment, or at a constant rate when they were due.
    pub(super) since: u64,
    /// Whether epoll also tells when the socket takes more.
    pub(super) watches_writes: bool,
    /// Whether this connection stands, as its first successful write shows.
    pub(super) established: bool,
    /// Whether this slot ever had a connection, a response, a response in the window.
    pub(super) opened: bool,
    pub(super) warm: bool,
    pub(super) served: bool,
    /// At a constant rate: it has nothing to do until a request is due.
    pub(super) free: bool,
}

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
pub(super) struct Known(Vec<u8>);

impl Known {
    /// Longer ones would not come in one read anyway.
    const LIMIT: usize = 16 * 1024;

    pub(super) fn new() -> Self {
        Self(Vec::with_capacity(Self::LIMIT))
    }

    fn begins(&self, bytes: &[u8]) -> bool {
        !self.0.is_empty() && bytes.starts_with(&self.0)
    }

    fn remember(&mut self, bytes: &[u8]) {
        self.0.clear();
        if bytes.len() <= Self::LIMIT {
            self.0.extend_from_slice(bytes);
        }
    }
}

/// What bytes are read with: when they came, what they should be, and where they are counted.
pub(super) struct Reading<'a> {
    pub(super) now: u64,
    pub(super) plan: &'a Plan,
    pub(super) known: &'a mut Known,
    /// `None` outside of the window.
    pub(super) tally: Option<&'a mut Tally>,
}

impl Client {
    pub(super) fn new(bodiless: bool) -> Self {
        Self {
            socket: None,
            parser: Parser::new(bodiless),
            written: 0,
            awaiting: 0,
            sent_at: 0,
            since: 0,
            watches_writes: false,
            established: false,
            opened: false,
            warm: false,
            served: false,
            free: false,
        }
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
            0 if self.written == reading.plan.requests.len() => Step::Again,
            // The server responded before it had the whole request: what it makes of the rest is unknown.
            0 => Step::Broken(Failure::Write),
            _ => Step::Wait,
        }
    }

    /// Takes one response, or the part of it that is here.
    fn take_one(&mut self, bytes: &[u8], reading: &mut Reading<'_>) -> Result<usize, Step> {
        let whole = self.parser.between_responses();
        if whole && reading.known.begins(bytes) {
            self.finish(None, reading);
            return Ok(reading.known.0.len());
        }
        // What is about to be remembered as right must be right in every byte. Only long responses, and
        // of those all but a connection's first, are checked by their length alone.
        self.parser.hashing |= whole && bytes.len() <= Known::LIMIT;
        let fed = self.parser.feed(bytes).map_err(|_| Step::Broken(Failure::Status))?;
        let (used, Some(response)) = fed else { return Ok(fed.0) };
        let wrong = reading.plan.wrong(&response, self.parser.hashing);
        if wrong.is_none() && whole && self.parser.hashing && !response.close {
            reading.known.remember(&bytes[..used]);
        }
        self.finish(wrong, reading);
        if response.close { Err(Step::Leave) } else { Ok(used) }
    }

    /// The server ended the connection: says whether that was to be expected.
    pub(super) fn end(&mut self, reading: &mut Reading<'_>) -> Result<(), Failure> {
        let response = self.parser.end().ok_or(Failure::Read)?;
        let wrong = reading.plan.wrong(&response, self.parser.hashing);
        self.finish(wrong, reading);
        Ok(())
    }

    /// A response is complete. After a right one the connection is trusted: lengths will do.
    fn finish(&mut self, wrong: Option<Failure>, reading: &mut Reading<'_>) {
        self.parser.hashing = wrong.is_some();
        self.awaiting -= 1;
        match (wrong, &mut reading.tally) {
            (None, Some(tally)) => {
                self.served = true;
                tally.requests += 1;
                tally.latency.saturating_record(reading.now.saturating_sub(self.since));
            }
            (Some(failure), Some(tally)) => tally.errors.add(failure, 1),
            (_, None) => {}
        }
    }
}

/// A response without a request. With 408 a server may end a connection on which nothing came for a
/// while (RFC 9110, section 15.5.9). With any other, which response is whose is unknown from here on.
fn unexpected(bytes: &[u8]) -> Step {
    if bytes.starts_with(b"HTTP/1.") && bytes.get(8..12) == Some(b" 408") {
        Step::Leave
    } else {
        Step::Broken(Failure::Body)
    }
}
