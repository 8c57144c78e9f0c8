//! How a response becomes bytes: its head, and a body with a length, in chunks, or up to the end of the connection
//! (RFC 9112 sections 4, 6 and 7).

use super::date::DateLine;
use super::request_line::Version;
use super::response::{Body, FileBody, Response, Stream};
use std::borrow::Cow;
use std::time::Instant;

/// What a response must know of the request and of the connection.
#[derive(Clone, Debug)]
pub(super) struct Exchange {
    /// HEAD: the fields of the response to GET, without its content.
    pub(super) is_head: bool,
    pub(super) version: Version,
    /// Whether another request may follow on this connection.
    pub(super) keep_alive: bool,
    /// When the thread woke up to the last byte of the request.
    pub(super) since: Instant,
    /// Its first bytes, for the log.
    pub(super) line: Option<Box<[u8]>>,
}

/// How a body is delimited (RFC 9112 section 6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Delimiter {
    Length(u64),
    Chunks,
    /// The end of the connection: all that an HTTP/1.0 client understands of a stream.
    Close,
}

impl Response {
    /// How this response will be delimited for this client.
    pub(super) fn delimiter(&self, version: Version) -> Delimiter {
        match (&self.body, version) {
            (Body::Bytes(bytes), _) => Delimiter::Length(bytes.len() as u64),
            (Body::Shared(_, range), _) => Delimiter::Length(range.len() as u64),
            (Body::File(file), _) => Delimiter::Length(file.left()),
            (Body::Stream(_), Version::Http11) => Delimiter::Chunks,
            (Body::Stream(_), Version::Http10) => Delimiter::Close,
        }
    }

    /// Appends the head: prepared pieces, copied one after the other.
    #[inline(always)]
    pub(super) fn write_head(
        &self,
        out: &mut Vec<u8>,
        exchange: &Exchange,
        delimiter: Delimiter,
        date: &DateLine,
    ) {
        out.reserve(256);
        out.extend_from_slice(self.status.line.as_bytes());
        out.extend_from_slice(date.line());
        if !self.status.is_bodyless() {
            out.extend_from_slice(self.content_type.as_bytes());
            match delimiter {
                Delimiter::Length(length) => write_length(out, length),
                Delimiter::Chunks => out.extend_from_slice(b"Transfer-Encoding: chunked\r\n"),
                Delimiter::Close => {}
            }
        }
        for (name, value) in &self.fields {
            for piece in [name, ": ", value, "\r\n"] {
                out.extend_from_slice(piece.as_bytes());
            }
        }
        match (exchange.keep_alive, exchange.version) {
            (false, _) => out.extend_from_slice(b"Connection: close\r\n"),
            (true, Version::Http10) => out.extend_from_slice(b"Connection: keep-alive\r\n"),
            (true, Version::Http11) => {}
        }
        out.extend_from_slice(b"\r\n");
    }
}

#[inline(always)]
fn write_length(out: &mut Vec<u8>, length: u64) {
    let mut line = *b"....................\r\n";
    let (mut at, mut left) = (line.len() - 2, length);
    loop {
        at -= 1;
        line[at] = b'0' + (left % 10) as u8;
        left /= 10;
        if left == 0 {
            break;
        }
    }
    out.extend_from_slice(b"Content-Length: ");
    out.extend_from_slice(&line[at..]);
}

/// What is still to be sent of a response that does not fit into the output at once.
pub(super) enum Source {
    Bytes {
        bytes: Cow<'static, [u8]>,
        sent: usize,
    },
    Stream {
        /// `None` after its last piece.
        stream: Option<Box<dyn Stream>>,
        delimiter: Delimiter,
    },
    /// Sent by the stage itself, from the file to the socket.
    File(Box<dyn FileBody>),
}

impl Source {
    /// Whether all of it has been appended, or sent.
    pub(super) fn is_spent(&self) -> bool {
        match self {
            Self::Bytes { bytes, sent } => *sent == bytes.len(),
            Self::Stream { stream, .. } => stream.is_none(),
            Self::File(file) => file.left() == 0,
        }
    }

    /// Appends the next piece, of about `room` bytes.
    pub(super) fn fill(&mut self, out: &mut Vec<u8>, room: usize) {
        match self {
            Self::Bytes { bytes, sent } => {
                let piece = &bytes[*sent..bytes.len().min(*sent + room)];
                out.extend_from_slice(piece);
                *sent += piece.len();
            }
            Self::File(_) => {}
            Self::Stream { stream: source, delimiter } => {
                let Some(stream) = source else { return };
                let start = out.len();
                let more = stream.produce(out, room);
                if *delimiter == Delimiter::Chunks {
                    frame_chunk(out, start, more);
                }
                if !more {
                    *source = None;
                }
            }
        }
    }
}

/// Makes what was appended since `start` one chunk, and ends the body after the last. An empty chunk
/// would be read as the end, so none is written for nothing.
fn frame_chunk(out: &mut Vec<u8>, start: usize, more: bool) {
    let length = out.len() - start;
    if length > 0 {
        let size_line = format!("{length:x}\r\n");
        out.splice(start..start, size_line.bytes());
        out.extend_from_slice(b"\r\n");
    }
    if !more {
        out.extend_from_slice(b"0\r\n\r\n");
    }
}
