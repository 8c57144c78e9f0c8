//! The head of a request: request line, field lines, empty line (RFC 9112 sections 2.1, 3, 5).
//!
//! [`HeadParser::parse`] is a function of the whole buffer with three outcomes: complete with the
//! number of bytes used, incomplete, or refused with the status to answer. The caller hands in the
//! same bytes again with more behind them. All that a parser remembers in between is how far it
//! came, so that a client which sends one byte at a time costs one look at each byte and not a walk
//! over the whole head for each: see `a_dripped_head_costs_linear_work`.

use super::body::{Framing, TransferCoding};
use super::bytes::{decimal, list};
use super::field::{self, Line};
use super::host;
use super::limits::Limits;
use super::request_line::{self, Method, Target, Version};
use super::status::{RequestError, Status};
use std::borrow::Cow;
use std::ops::Range;

#[cfg(test)]
mod tests;

/// Empty lines that a client may send before a request line (RFC 9112 section 2.2 wants one at least).
const EMPTY_LINES: usize = 4;

/// What a request's head says. Texts are ranges of the bytes that it was parsed from.
#[derive(Clone, Debug)]
pub struct Head {
    /// The method of the request line.
    pub method: Method,
    /// The version of the request line.
    pub version: Version,
    target: Target,
    fields: Range<usize>,
    host: Option<Range<usize>>,
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
    fn new(method: Method, version: Version, target: Target) -> Self {
        Self {
            method,
            version,
            target,
            fields: 0..0,
            host: None,
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
    fn take(&mut self, name: &[u8], value: &[u8], place: usize) -> Result<(), RequestError> {
        match name.len() {
            4 if name.eq_ignore_ascii_case(b"host") => self.take_host(value, place),
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

    fn take_host(&mut self, value: &[u8], place: usize) -> Result<(), RequestError> {
        if self.host.replace(place..place + value.len()).is_some() {
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

/// How far the parsing of one head has come.
#[derive(Clone, Debug, Default)]
pub struct HeadParser {
    /// Where the first line that is not yet parsed starts.
    line: usize,
    /// Up to here, that line is known to have no end. Never before `line` but when nothing is known.
    searched: usize,
    /// Empty lines that were passed over, and field lines that were parsed.
    empty_lines: usize,
    fields: usize,
    /// What the parsed lines said; `None` before the request line.
    head: Option<Head>,
    /// Bytes looked at in all, for the test that counts them.
    #[cfg(test)]
    examined: usize,
}

impl HeadParser {
    /// Goes on with `bytes`, which start with what the last call had. `Ok(None)` is incomplete;
    /// complete is the head, and the number of bytes that it takes.
    pub fn parse(
        &mut self,
        bytes: &[u8],
        limits: &Limits,
    ) -> Result<Option<(&Head, usize)>, RequestError> {
        // What lies beyond a limit is never looked at: else it would depend on the size of the reads
        // whether a long and bad head is called long or bad.
        let within = &bytes[..bytes.len().min(limits.max_head)];
        let complete = !self.still_in_one_line(bytes, limits)
            && (self.head.is_some() || self.request_line(within, limits)?)
            && self.field_lines(within, limits)?;
        if !complete {
            return self.incomplete(bytes, limits);
        }
        match &self.head {
            Some(head) if head.version == Version::Http11 && head.host.is_none() => {
                Err(RequestError::bad("an HTTP/1.1 request without Host"))
            }
            head => Ok(head.as_ref().map(|head| (head, self.line))),
        }
    }

    /// Whether the bytes that came since the last call do not even end the line that they belong to:
    /// then there is nothing new to parse.
    fn still_in_one_line(&mut self, bytes: &[u8], limits: &Limits) -> bool {
        if self.searched <= self.line || self.excess(bytes, limits).is_some() {
            return false;
        }
        let new = &bytes[self.searched..];
        #[cfg(test)]
        {
            self.examined += new.len();
        }
        !new.contains(&b'\n')
    }

    /// What is missing may come, unless what is here is too long already.
    fn incomplete(
        &mut self,
        bytes: &[u8],
        limits: &Limits,
    ) -> Result<Option<(&Head, usize)>, RequestError> {
        self.searched = bytes.len();
        self.excess(bytes, limits).map_or(Ok(None), Err)
    }

    /// How to refuse `bytes` if they, still incomplete, are too many already.
    fn excess(&self, bytes: &[u8], limits: &Limits) -> Option<RequestError> {
        let line = first_line(&bytes[self.line..], limits);
        if self.head.is_none() && line.len() > limits.max_request_line + 1 {
            return Some(line_too_long(line));
        }
        (bytes.len() > limits.max_head).then_some(TOO_LARGE)
    }

    fn request_line(&mut self, bytes: &[u8], limits: &Limits) -> Result<bool, RequestError> {
        while let Some(b'\r') = bytes.get(self.line) {
            if !field::line_end(&bytes[self.line..])? {
                return Ok(false);
            }
            self.line += 2;
            self.empty_lines += 1;
            if self.empty_lines > EMPTY_LINES {
                return Err(RequestError::bad("empty lines instead of a request"));
            }
        }
        let bytes = first_line(&bytes[self.line..], limits);
        self.count(bytes);
        let Some(line) = request_line::parse(bytes)? else {
            return Ok(false);
        };
        let target = match line.target {
            Target::Resource(range) => {
                Target::Resource(range.start + self.line..range.end + self.line)
            }
            Target::Server => Target::Server,
        };
        self.line += line.used;
        self.head = Some(Head {
            fields: self.line..self.line,
            ..Head::new(line.method, line.version, target)
        });
        Ok(true)
    }

    fn field_lines(&mut self, bytes: &[u8], limits: &Limits) -> Result<bool, RequestError> {
        let Some(head) = &mut self.head else {
            return Ok(false);
        };
        loop {
            let rest = &bytes[self.line..];
            match field::line(rest)? {
                Line::Incomplete => {
                    self.count(rest);
                    return Ok(false);
                }
                Line::End => {
                    head.fields.end = self.line;
                    self.line += 2;
                    return Ok(true);
                }
                Line::Field { name, value, used } => {
                    head.take(name, value, self.line)?;
                    self.line += used;
                    self.fields += 1;
                    #[cfg(test)]
                    {
                        self.examined += used;
                    }
                    if self.fields > limits.max_fields {
                        return Err(TOO_LARGE);
                    }
                }
            }
        }
    }

    #[cfg(test)]
    fn count(&mut self, bytes: &[u8]) {
        self.examined += bytes.len();
    }

    #[cfg(not(test))]
    #[inline(always)]
    fn count(&self, _: &[u8]) {}
}

const TOO_LARGE: RequestError =
    RequestError::new(Status::FIELDS_TOO_LARGE, "the head is larger than the server's limit");

/// What is here of a request, without the empty lines that may come before it.
pub(super) fn without_empty_lines(mut bytes: &[u8]) -> &[u8] {
    for _ in 0..EMPTY_LINES {
        bytes = bytes.strip_prefix(b"\r\n").unwrap_or(bytes);
    }
    if bytes == b"\r" { b"" } else { bytes }
}

/// As much of `bytes` as a request line and its line end may take.
fn first_line<'a>(bytes: &'a [u8], limits: &Limits) -> &'a [u8] {
    &bytes[..bytes.len().min(limits.max_request_line + 2)]
}

/// A line without a space has no target yet: it is the method that is too long (RFC 9112 section 3).
fn line_too_long(line: &[u8]) -> RequestError {
    if line.contains(&b' ') {
        RequestError::new(
            Status::URI_TOO_LONG,
            "the request line is longer than the server's limit",
        )
    } else {
        RequestError::new(Status::NOT_IMPLEMENTED, "a method longer than any")
    }
}
