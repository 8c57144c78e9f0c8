//! A whole request: head and body.

use super::head::{Head, RequestHead};

/// A request whose body is here to the last byte.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// The head.
    pub head: RequestHead<'a>,
    /// The content, whatever transfer coding it came in.
    pub body: &'a [u8],
    /// Whether the server is about to end.
    pub draining: bool,
}

/// The same with memory of its own, for a handler that may block and runs elsewhere.
pub struct OwnedRequest {
    head: Head,
    bytes: Vec<u8>,
    body: Vec<u8>,
    draining: bool,
    /// What its response may have to wait for.
    pub blocks_on: BlocksOn,
}

impl OwnedRequest {
    pub(super) fn new(
        request: RequestHead<'_>,
        body: Vec<u8>,
        draining: bool,
        blocks_on: BlocksOn,
    ) -> Self {
        let (head, bytes) = (request.head.clone(), request.bytes.to_vec());
        Self { head, bytes, body, draining, blocks_on }
    }

    /// A view of it.
    pub fn as_request(&self) -> Request<'_> {
        let head = RequestHead { head: &self.head, bytes: &self.bytes };
        Request { head, body: &self.body, draining: self.draining }
    }
}

/// What a blocking request waits for, and so how long it may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlocksOn {
    /// A handler: as long as it likes.
    Handler,
    /// A disk: a file is opened or read.
    Disk,
}
