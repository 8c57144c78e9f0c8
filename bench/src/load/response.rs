//! Finds where a response ends: bytes in, however they are cut; responses out. The parser owns no socket.

use super::digest::Digest;
use super::head::{self, Framing, Head, Malformed};

/// One complete response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Its body. Only the length counts unless the parser was told to hash.
    pub body: Digest,
    /// Whether the server closes the connection now.
    pub close: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Head,
    /// This many bytes of body are still to come.
    Length(u64),
    /// In the line with a chunk's size: what it says so far, and whether its digits are over.
    ChunkSize {
        size: Option<u64>,
        done: bool,
    },
    ChunkData(u64),
    /// In the line break after a chunk.
    ChunkEnd,
    /// In a trailer line of so many bytes; an empty one ends the body.
    Trailer(usize),
    UntilClose,
}

/// The reading side of one connection.
#[derive(Clone, Debug, Default)]
pub struct Parser {
    state: State,
    /// An unfinished head. Empty most of the time: a response usually comes in one piece.
    partial: Vec<u8>,
    head: Option<Head>,
    body: Digest,
    /// Whether bodies are hashed, or only counted.
    pub hashing: bool,
    /// Responses to HEAD have no body, whatever their fields say.
    bodiless: bool,
}

impl Parser {
    /// A parser at the start of a response. `bodiless`: the requests are HEAD.
    pub fn new(bodiless: bool) -> Self {
        Self { hashing: true, bodiless, ..Self::default() }
    }

    /// Back to the start of a response, on a new connection. It keeps its memory.
    pub fn reset(&mut self) {
        self.partial.clear();
        self.state = State::Head;
        self.hashing = true;
    }

    /// Whether no response is half read.
    pub fn between_responses(&self) -> bool {
        self.state == State::Head && self.partial.is_empty()
    }

    /// Takes bytes up to the end of one response at most, and says how many it took. It takes all
    /// unless a response ended before.
    ///
    /// # Errors
    /// Bytes that are no HTTP/1 response; nothing sensible can follow.
    pub fn feed(&mut self, input: &[u8]) -> Result<(usize, Option<Response>), Malformed> {
        let mut used = 0;
        loop {
            let rest = &input[used..];
            if self.state == State::Head {
                let Some(count) = self.feed_head(rest)? else {
                    return Ok((input.len(), None));
                };
                used += count;
            } else if rest.is_empty() {
                return Ok((used, None));
            } else {
                used += self.feed_body(rest)?;
            }
            if let Some(response) = self.completed() {
                return Ok((used, Some(response)));
            }
        }
    }

    /// The server closed: the end of a response that was to end so, or of nothing.
    pub fn end(&mut self) -> Option<Response> {
        (self.state == State::UntilClose).then(|| self.take()).flatten()
    }

    fn feed_head(&mut self, input: &[u8]) -> Result<Option<usize>, Malformed> {
        let earlier = self.partial.len();
        let found = if earlier == 0 {
            head::parse(input, 0)?
        } else {
            self.partial.extend_from_slice(input);
            head::parse(&self.partial, earlier)?
        };
        let Some((head, length)) = found else {
            if earlier == 0 {
                self.partial.extend_from_slice(input);
            }
            return Ok(None);
        };
        self.partial.clear();
        // Interim responses (100 Continue, 103 Early Hints) announce the real one. Behind 101 another protocol is
        // spoken: it is the last of this one.
        if head.status >= 200 || head.status == 101 {
            self.begin(head);
        }
        Ok(Some(length - earlier))
    }

    /// A head is complete: says where its body ends, and whether the connection ends there as well.
    fn begin(&mut self, head: Head) {
        let framing = if self.bodiless { Framing::Length(0) } else { head.framing };
        let close = head.close || framing == Framing::UntilClose || head.status == 101;
        self.body = Digest::default();
        self.head = Some(Head { close, ..head });
        self.state = match framing {
            Framing::Length(length) => State::Length(length),
            Framing::Chunked => State::ChunkSize { size: None, done: false },
            Framing::UntilClose => State::UntilClose,
        };
    }

    /// Takes some of `input`, which is not empty: a run of body bytes, or one byte of framing.
    fn feed_body(&mut self, input: &[u8]) -> Result<usize, Malformed> {
        let byte = input[0];
        self.state = match self.state {
            State::Length(left) => {
                let taken = self.take_body(input, left);
                self.state = State::Length(left - taken);
                return Ok(taken as usize);
            }
            State::ChunkData(left) => {
                let taken = self.take_body(input, left);
                let is_over = left == taken;
                self.state = if is_over { State::ChunkEnd } else { State::ChunkData(left - taken) };
                return Ok(taken as usize);
            }
            State::UntilClose => return Ok(self.take_body(input, u64::MAX) as usize),
            State::ChunkSize { size, done } => chunk_size(size, done, byte)?,
            State::ChunkEnd => match byte {
                b'\r' => State::ChunkEnd,
                b'\n' => State::ChunkSize { size: None, done: false },
                _ => return Err(Malformed),
            },
            State::Trailer(length) => match byte {
                b'\r' => State::Trailer(length),
                b'\n' if length == 0 => State::Length(0),
                b'\n' => State::Trailer(0),
                _ => State::Trailer(length + 1),
            },
            State::Head => State::Head,
        };
        Ok(1)
    }

    fn take_body(&mut self, input: &[u8], left: u64) -> u64 {
        let taken = left.min(input.len() as u64);
        self.body.add(&input[..taken as usize], self.hashing);
        taken
    }

    fn completed(&mut self) -> Option<Response> {
        (self.state == State::Length(0)).then(|| self.take()).flatten()
    }

    fn take(&mut self) -> Option<Response> {
        self.state = State::Head;
        let head = self.head.take()?;
        Some(Response { status: head.status, body: self.body, close: head.close })
    }
}

/// One byte of the line with a chunk's size: hex digits, then perhaps extensions, then the line break.
fn chunk_size(size: Option<u64>, done: bool, byte: u8) -> Result<State, Malformed> {
    match (char::from(byte).to_digit(16), byte, size) {
        (Some(digit), _, _) if !done => {
            let size = size.unwrap_or(0);
            let size = size.checked_mul(16).ok_or(Malformed)? + u64::from(digit);
            Ok(State::ChunkSize { size: Some(size), done })
        }
        (_, b'\n', Some(0)) => Ok(State::Trailer(0)),
        (_, b'\n', Some(size)) => Ok(State::ChunkData(size)),
        (_, _, Some(_)) if done || matches!(byte, b';' | b'\r' | b' ' | b'\t') => {
            Ok(State::ChunkSize { size, done: true })
        }
        _ => Err(Malformed),
    }
}
