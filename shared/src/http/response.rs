//! What a handler returns.

use super::bytes::{token_length, value_length};
use super::status::{RequestError, Status};
use std::borrow::Cow;
use std::io;
use std::ops::Range;
use std::os::fd::BorrowedFd;
use std::sync::Arc;
use std::time::Duration;

/// A response, before it is known to which client or over which connection it goes.
pub struct Response {
    pub(super) status: Status,
    pub(super) content_type: &'static str,
    pub(super) fields: Vec<(&'static str, String)>,
    pub(super) body: Body,
    /// How long to hold it back, if at all.
    pub(super) delay: Option<Duration>,
}

/// The content of a response.
pub enum Body {
    /// Bytes that are there now; they are announced with Content-Length.
    Bytes(Cow<'static, [u8]>),
    /// Bytes that are made as the client takes them; sent in chunks.
    Stream(Box<dyn Stream>),
    /// A part of bytes that several responses share, 64 KiB at most: a cached file.
    Shared(Arc<dyn AsRef<[u8]> + Send + Sync>, Range<usize>),
    /// A file, or a part of one, which the stage sends.
    File(Box<dyn FileBody>),
}

/// Content that the stage sends from a file, with sendfile(2).
pub trait FileBody: Send {
    /// Bytes that are still to be sent.
    fn left(&self) -> u64;

    /// Where they begin in the file.
    fn offset(&self) -> u64;

    /// How many of them can be sent without waiting for a disk, as far as is known.
    fn ready(&self) -> u64;

    /// The file. To be asked for before each sending.
    ///
    /// # Errors
    /// The file has no longer the content that the head has promised: only the end of the connection can tell the client.
    fn file(&self) -> io::Result<BorrowedFd<'_>>;

    /// So many bytes are sent.
    fn advance(&mut self, bytes: u64);

    /// What is to be run before more is sent, where that may wait: it waits for the disk, and the stage does not.
    fn read_ahead(&mut self) -> Option<ReadAhead>;
}

/// Reads a part of a file into the page cache.
pub type ReadAhead = Box<dyn FnOnce() + Send>;

/// Makes a body piece by piece, so that a response of any size costs a fixed amount of memory.
pub trait Stream: Send {
    /// Appends about `room` bytes to `out`, at least one unless this was the end. Returns whether there is more.
    fn produce(&mut self, out: &mut Vec<u8>, room: usize) -> bool;
}

/// Whole lines: a head is written by copying prepared pieces.
const TEXT: &str = "Content-Type: text/plain; charset=utf-8\r\n";
const BYTES: &str = "Content-Type: application/octet-stream\r\n";

impl Response {
    /// 200 with a text.
    pub fn text(text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Status::OK, text)
    }

    /// A text with a status.
    pub fn new(status: Status, text: impl Into<Cow<'static, str>>) -> Self {
        let bytes = match text.into() {
            Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
            Cow::Owned(text) => Cow::Owned(text.into_bytes()),
        };
        Self::with_body(status, TEXT, Body::Bytes(bytes))
    }

    /// 200 with bytes of no stated type.
    pub fn bytes(bytes: Vec<u8>) -> Self {
        Self::with_body(Status::OK, BYTES, Body::Bytes(Cow::Owned(bytes)))
    }

    /// 200 with a text that is made as the client takes it.
    pub fn stream(stream: impl Stream + 'static) -> Self {
        Self::with_body(Status::OK, TEXT, Body::Stream(Box::new(stream)))
    }

    /// Any content. `content_type` is a whole field line, line end included.
    pub fn with_body(status: Status, content_type: &'static str, body: Body) -> Self {
        Self { status, content_type, fields: Vec::new(), body, delay: None }
    }

    /// The same response, so much later. No thread sleeps for it: it is a deadline of the connection.
    pub fn after(mut self, delay: Duration) -> Self {
        self.delay = Some(delay);
        self
    }

    /// A status alone, which has no content.
    pub fn empty(status: Status) -> Self {
        Self::new(status, "")
    }

    /// Adds a field line. Content-Type, Content-Length, Transfer-Encoding, Date and Connection are
    /// not a handler's to set.
    ///
    /// A value with a line end in it, copied from a request perhaps, would let its client write fields of its own, or a
    /// whole response (response splitting). A response with such a field becomes a 500 without it.
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        let value = value.into();
        if token_length(name.as_bytes()) < name.len()
            || value_length(value.as_bytes()) < value.len()
        {
            return Self::new(Status::INTERNAL_SERVER_ERROR, "500: a field that cannot be sent\n");
        }
        self.fields.push((name, value));
        self
    }

    /// What a client is told whose request is malformed.
    pub fn refusal(error: RequestError) -> Self {
        Self::new(error.status, format!("{}: {}\n", error.status.code, error.reason))
    }
}
