//! The chunked transfer coding (RFC 9112 section 7.1), read byte by byte where the framing is and in
//! bulk where the data is.
//!
//! ```text
//! 5;name=value CRLF     size in hex, perhaps extensions: read, bounded, dropped
//! hello CRLF            so many bytes
//! 0 CRLF                the last chunk
//! Name: value CRLF      trailer fields: read, bounded, dropped
//! CRLF
//! ```
//!
//! An extension or a trailer field is never obeyed, whatever it says.

use super::bytes::is_value;
use super::field::{self, Line};
use super::status::{RequestError, Status};

/// How far one call to [`super::body::Decoder::decode`] came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Bytes taken from the input; the rest belongs to the next request.
    pub used: usize,
    /// Whether the body has ended.
    pub done: bool,
}

pub(super) const TOO_LARGE: RequestError =
    RequestError::new(Status::CONTENT_TOO_LARGE, "the body is larger than the server's limit");

/// Digits of a size, leading zeros included: 64 bits need no more.
const MAX_DIGITS: usize = 16;

/// Bytes of one size line, of all extensions of a body, and of its trailer section.
const MAX_SIZE_LINE: usize = 256;
const MAX_EXTENSIONS: usize = 4096;
const MAX_TRAILER: usize = 8192;

/// The decoder's place in the grammar, and what it has counted.
#[derive(Clone, Debug)]
pub(super) struct Chunked {
    state: State,
    /// Content bytes that may still come.
    left: u64,
    size_line: usize,
    extensions: usize,
    /// The trailer line that is being read, and the bytes of those before it.
    trailer_line: Vec<u8>,
    trailers: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// In the digits of a size; `None` before the first.
    Size(Option<u64>),
    /// In white space after a size, which only an extension may follow.
    SizeSpace(u64),
    Extension(u64),
    /// After the CR of a size line.
    SizeEnd(u64),
    Data(u64),
    DataCr,
    DataLf,
    Trailer,
    Done,
}

impl Chunked {
    pub(super) fn new(limit: u64) -> Self {
        Self {
            state: State::Size(None),
            left: limit,
            size_line: 0,
            extensions: 0,
            trailer_line: Vec::new(),
            trailers: 0,
        }
    }

    pub(super) fn decode(
        &mut self,
        input: &[u8],
        content: &mut impl FnMut(&[u8]),
    ) -> Result<Progress, RequestError> {
        let mut used = 0;
        while used < input.len() && self.state != State::Done {
            if let State::Data(left) = self.state {
                used += self.data(left, &input[used..], content);
            } else {
                self.state = self.framing(input[used])?;
                used += 1;
            }
        }
        Ok(Progress { used, done: self.state == State::Done })
    }

    fn data(&mut self, left: u64, input: &[u8], content: &mut impl FnMut(&[u8])) -> usize {
        let length = input.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        content(&input[..length]);
        let left = left - length as u64;
        self.state = if left == 0 { State::DataCr } else { State::Data(left) };
        length
    }

    /// The state after one byte of the framing between the data.
    fn framing(&mut self, byte: u8) -> Result<State, RequestError> {
        match (self.state, byte) {
            (State::DataCr, b'\r') => Ok(State::DataLf),
            (State::DataLf, b'\n') => Ok(State::Size(None)),
            (State::DataCr | State::DataLf, _) => {
                Err(RequestError::bad("chunk data that CRLF does not follow"))
            }
            (State::Trailer, byte) => self.trailer(byte),
            (state, byte) => self.size_line(state, byte),
        }
    }

    fn size_line(&mut self, state: State, byte: u8) -> Result<State, RequestError> {
        self.size_line += 1;
        if self.size_line > MAX_SIZE_LINE {
            return Err(RequestError::bad("a chunk size line that is too long"));
        }
        match (state, byte) {
            (State::Size(size), byte)
                if byte.is_ascii_hexdigit() && self.size_line <= MAX_DIGITS =>
            {
                Ok(add_digit(size, byte))
            }
            (State::Size(Some(size)) | State::Extension(size), b'\r') => Ok(State::SizeEnd(size)),
            (State::Size(Some(size)) | State::SizeSpace(size), b';') => self.extension(size),
            (State::Size(Some(size)) | State::SizeSpace(size), b' ' | b'\t') => {
                Ok(State::SizeSpace(size))
            }
            (State::Extension(size), byte) if is_value(byte) => self.extension(size),
            (State::SizeEnd(size), b'\n') => self.begin(size),
            _ => Err(RequestError::bad(
                "a chunk size line that is not hex digits, extensions and CRLF",
            )),
        }
    }

    fn extension(&mut self, size: u64) -> Result<State, RequestError> {
        self.extensions += 1;
        if self.extensions > MAX_EXTENSIONS {
            return Err(RequestError::bad("too many bytes of chunk extensions"));
        }
        Ok(State::Extension(size))
    }

    /// A size line is complete. A chunk that does not fit is refused now, not when its data is here.
    fn begin(&mut self, size: u64) -> Result<State, RequestError> {
        self.size_line = 0;
        self.left = self.left.checked_sub(size).ok_or(TOO_LARGE)?;
        Ok(if size == 0 { State::Trailer } else { State::Data(size) })
    }

    /// Each line of the trailer section is kept until it is whole, then checked and dropped.
    fn trailer(&mut self, byte: u8) -> Result<State, RequestError> {
        self.trailers += 1;
        if self.trailers > MAX_TRAILER {
            let reason = "the trailer section is too large";
            return Err(RequestError::new(Status::FIELDS_TOO_LARGE, reason));
        }
        self.trailer_line.push(byte);
        if byte != b'\n' {
            return Ok(State::Trailer);
        }
        match field::line(&self.trailer_line)? {
            Line::End => return Ok(State::Done),
            Line::Field { .. } => self.trailer_line.clear(),
            Line::Incomplete => {
                return Err(RequestError::bad("a trailer line that ends in LF alone"));
            }
        }
        Ok(State::Trailer)
    }
}

/// A size of [`MAX_DIGITS`] digits fits into 64 bits. One that wraps around would be a smuggled request.
fn add_digit(size: Option<u64>, byte: u8) -> State {
    let digit = char::from(byte).to_digit(16).unwrap_or(0);
    State::Size(Some(size.unwrap_or(0) << 4 | u64::from(digit)))
}
