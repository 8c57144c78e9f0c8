//! Where a body ends (RFC 9112 section 6), and reading it up to there.
//!
//! Request smuggling is two parsers that disagree about this. So there is one function that decides
//! it, and wherever a second parser could decide otherwise it refuses: both framing fields, either
//! one twice, a coding in HTTP/1.0, anything but plain digits.

use super::bytes::{list, token_length};
pub use super::chunked::Progress;
use super::chunked::{Chunked, TOO_LARGE};
use super::request_line::Version;
use super::status::{RequestError, Status};

/// The framing of a request body (RFC 9112 section 6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// So many bytes; 0 where the head says nothing.
    Length(u64),
    /// Chunks, to the last one.
    Chunked,
}

/// What the Transfer-Encoding fields seen so far add up to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TransferCoding {
    /// No such field.
    Absent,
    /// A field, but no coding in it so far.
    Empty,
    /// `chunked`, once and last, and nothing else.
    Chunked,
    /// Something that we do not know, and perhaps `chunked` after it.
    Unknown,
}

impl TransferCoding {
    /// Adds one field's value: several fields are one list (RFC 9110 section 5.3).
    pub(super) fn take(&mut self, value: &[u8]) -> Result<(), RequestError> {
        if *self == Self::Absent {
            *self = Self::Empty;
        }
        for coding in list(value) {
            if *self == Self::Chunked {
                return Err(RequestError::bad(
                    "a Transfer-Encoding in which chunked is not the last, or stands twice",
                ));
            }
            if token_length(coding) == 0 {
                return Err(RequestError::bad("a Transfer-Encoding that is no list of codings"));
            }
            // `unknown, chunked` stays unknown: undoing the chunks alone would not give the content.
            let chunked = coding.eq_ignore_ascii_case(b"chunked") && *self == Self::Empty;
            *self = if chunked { Self::Chunked } else { Self::Unknown };
        }
        Ok(())
    }
}

impl Framing {
    /// The decision: a pure function of what the head says.
    pub(super) fn decide(
        version: Version,
        length: Option<u64>,
        coding: TransferCoding,
    ) -> Result<Self, RequestError> {
        match (coding, length, version) {
            (TransferCoding::Absent, length, _) => Ok(Self::Length(length.unwrap_or(0))),
            (_, Some(_), _) => Err(RequestError::bad("both Content-Length and Transfer-Encoding")),
            (_, _, Version::Http10) => Err(RequestError::bad("Transfer-Encoding in HTTP/1.0")),
            (TransferCoding::Empty, ..) => Err(RequestError::bad("an empty Transfer-Encoding")),
            (TransferCoding::Chunked, ..) => Ok(Self::Chunked),
            (TransferCoding::Unknown, ..) => Err(RequestError::new(
                Status::NOT_IMPLEMENTED,
                "a transfer coding that is not known here",
            )),
        }
    }
}

/// Reads one body, in whatever pieces it arrives.
#[derive(Clone, Debug)]
pub struct Decoder(State);

#[derive(Clone, Debug)]
enum State {
    Length(u64),
    Chunked(Chunked),
}

impl Decoder {
    /// A decoder for a body with this framing and at most `limit` bytes of content, or the error
    /// of one that declares more.
    pub fn new(framing: Framing, limit: u64) -> Result<Self, RequestError> {
        match framing {
            Framing::Length(length) if length > limit => Err(TOO_LARGE),
            Framing::Length(length) => Ok(Self(State::Length(length))),
            Framing::Chunked => Ok(Self(State::Chunked(Chunked::new(limit)))),
        }
    }

    /// Takes what belongs to the body from the front of `input` and gives its content to `content`.
    pub fn decode(
        &mut self,
        input: &[u8],
        content: &mut impl FnMut(&[u8]),
    ) -> Result<Progress, RequestError> {
        match &mut self.0 {
            State::Length(left) => {
                let used = input.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                content(&input[..used]);
                *left -= used as u64;
                Ok(Progress { used, done: *left == 0 })
            }
            State::Chunked(chunked) => chunked.decode(input, content),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_two_parsers_could_disagree_there_is_no_framing() {
        use TransferCoding as Coding;
        let decide = |length, coding| {
            Framing::decide(Version::Http11, length, coding).map_err(|error| error.status.code)
        };
        assert_eq!(decide(None, Coding::Absent), Ok(Framing::Length(0)));
        assert_eq!(decide(Some(5), Coding::Absent), Ok(Framing::Length(5)));
        assert_eq!(decide(None, Coding::Chunked), Ok(Framing::Chunked));
        assert_eq!(decide(Some(5), Coding::Chunked), Err(400));
        assert_eq!(decide(Some(5), Coding::Unknown), Err(400));
        assert_eq!(decide(None, Coding::Empty), Err(400));
        assert_eq!(decide(None, Coding::Unknown), Err(501));
        assert!(Framing::decide(Version::Http10, None, Coding::Chunked).is_err());
    }
}
