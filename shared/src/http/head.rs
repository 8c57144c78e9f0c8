//! What the head of a request says (RFC 9112 sections 2.1, 3, 5), and the parser that reads it.

mod parser;

use super::body::{Framing, TransferCoding};
use super::bytes::{decimal, list};
use super::field::{self, Line};
use super::host;
use super::request_line::{Method, RequestLine, Target, Version};
use super::status::RequestError;
pub use parser::HeadParser;
pub(super) use parser::{is_empty_lines, without_empty_lines};
use std::borrow::Cow;
use std::ops::Range;

/// What a request's head says. Texts are ranges of the bytes that it was parsed from.
#[derive(Clone, Debug)]
pub struct Head {
    /// The method of the request line.
    pub method: Method,
    /// The version of the request line.
    pub version: Version,
    target: Target,
    fields: Range<usize>,
    has_host: bool,
    content_length: Option<u64>,
    transfer_coding: TransferCoding,
    close: bool,
    keep_alive: bool,
    expectation: Expectation,
}

/// What the client expects before it sends the body (RFC 9110 section 10.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expectation {
    None,
    Continue,
    Unknown,
}

impl Head {
    /// What a request line says.
    fn new(line: RequestLine) -> Self {
        Self {
            method: line.method,
            version: line.version,
            target: line.target,
            fields: line.end..line.end,
            has_host: false,
            content_length: None,
            transfer_coding: TransferCoding::Absent,
            close: false,
            keep_alive: false,
            expectation: Expectation::None,
        }
    }

    /// Where the body ends.
    pub(super) fn framing(&self) -> Result<Framing, RequestError> {
        Framing::decide(self.version, self.content_length, self.transfer_coding)
    }

    /// Whether the client wants the connection to stay open (RFC 9112 section 9.3).
    pub(super) fn wants_keep_alive(&self) -> bool {
        !self.close && (self.version == Version::Http11 || self.keep_alive)
    }

    /// What stands in Expect. HTTP/1.0 knows no 100, and a client of it waits for none.
    pub(super) fn expectation(&self) -> Expectation {
        match (self.version, self.expectation) {
            (Version::Http10, Expectation::Continue) => Expectation::None,
            (_, expectation) => expectation,
        }
    }

    /// Takes note of a field that decides about framing or connection. Most fields do not, and the
    /// length of their name is enough to tell.
    fn take(&mut self, name: &[u8], value: &[u8]) -> Result<(), RequestError> {
        match name.len() {
            4 if name.eq_ignore_ascii_case(b"host") => self.take_host(value),
            6 if name.eq_ignore_ascii_case(b"expect") => {
                self.take_expect(value);
                Ok(())
            }
            10 if name.eq_ignore_ascii_case(b"connection") => {
                self.take_connection(value);
                Ok(())
            }
            14 if name.eq_ignore_ascii_case(b"content-length") => self.take_content_length(value),
            17 if name.eq_ignore_ascii_case(b"transfer-encoding") => {
                self.transfer_coding.take(value)
            }
            _ => Ok(()),
        }
    }

    fn take_host(&mut self, value: &[u8]) -> Result<(), RequestError> {
        if std::mem::replace(&mut self.has_host, true) {
            return Err(RequestError::bad("more than one Host"));
        }
        if !host::is_valid(value) {
            return Err(RequestError::bad("a Host that is not HOST or HOST:PORT"));
        }
        Ok(())
    }

    fn take_expect(&mut self, value: &[u8]) {
        for expectation in list(value) {
            let known = expectation.eq_ignore_ascii_case(b"100-continue")
                && self.expectation != Expectation::Unknown;
            self.expectation = if known { Expectation::Continue } else { Expectation::Unknown };
        }
    }

    fn take_connection(&mut self, value: &[u8]) {
        for option in list(value) {
            self.close |= option.eq_ignore_ascii_case(b"close");
            self.keep_alive |= option.eq_ignore_ascii_case(b"keep-alive");
        }
    }

    /// Even two equal lengths are refused: a proxy in front of us may have looked at the other one.
    fn take_content_length(&mut self, value: &[u8]) -> Result<(), RequestError> {
        let length = decimal(value)
            .ok_or(RequestError::bad("a Content-Length that is not one decimal number"))?;
        match self.content_length.replace(length) {
            None => Ok(()),
            Some(_) => Err(RequestError::bad("more than one Content-Length")),
        }
    }
}

/// A head together with the bytes that it was parsed from.
#[derive(Clone, Copy)]
pub struct RequestHead<'a> {
    pub(super) head: &'a Head,
    pub(super) bytes: &'a [u8],
}

impl<'a> RequestHead<'a> {
    /// `bytes`: those that `head` was parsed from, or more.
    pub fn new(head: &'a Head, bytes: &'a [u8]) -> Self {
        Self { head, bytes }
    }

    /// The method of the request line.
    pub fn method(&self) -> Method {
        self.head.method
    }

    /// The path and query of the request target: `/path?query`, perhaps empty after an authority; `None` for `*`.
    pub fn target(&self) -> Option<&'a [u8]> {
        match &self.head.target {
            Target::Resource(range) => Some(&self.bytes[range.clone()]),
            Target::Server => None,
        }
    }

    /// The values of the fields called `name`, case aside, in their order. A walk over the head: the
    /// few fields that decide about framing and connection were taken while parsing.
    pub fn field<'n>(&self, name: &'n str) -> impl Iterator<Item = &'a [u8]> + use<'a, 'n> {
        let mut rest = &self.bytes[self.head.fields.clone()];
        std::iter::from_fn(move || {
            while let Ok(Line::Field { name: found, value, used }) = field::line(rest) {
                rest = &rest[used..];
                if found.eq_ignore_ascii_case(name.as_bytes()) {
                    return Some(value);
                }
            }
            None
        })
    }

    /// The value of a field that may be a list: all lines of that name make one (RFC 9110 section 5.3).
    pub fn list(&self, name: &str) -> Option<Cow<'a, [u8]>> {
        let mut lines = self.field(name);
        let mut list = Cow::Borrowed(lines.next()?);
        for line in lines {
            let list = list.to_mut();
            list.extend_from_slice(b", ");
            list.extend_from_slice(line);
        }
        Some(list)
    }
}
