//! Parsing the head of a request: request line, field lines, empty line (RFC 9112 sections 2.1, 3, 5).
//!
//! [`HeadParser::parse`] is a function of the whole buffer with three outcomes: complete with the
//! number of bytes used, incomplete, or refused with the status to respond with. The caller hands in the
//! same bytes again with more behind them. All that a parser remembers in between is how far it
//! came, so that a client which sends one byte at a time costs one look at each byte and not a walk
//! over the whole head for each: see `a_dripped_head_costs_linear_work`.

use super::super::field::{self, Line};
use super::super::limits::Limits;
use super::super::request_line;
use super::super::status::{RequestError, Status};
use super::{Head, Version};

#[cfg(test)]
mod tests;

/// Empty lines that a client may send before a request line (RFC 9112 section 2.2 wants one at least).
const EMPTY_LINES: usize = 4;

/// How far the parsing of one head has come.
///
/// Invariants:
/// - What lies beyond a limit is never looked at, so the size of the reads decides nothing.
/// - Each byte is looked at a bounded number of times, however small the pieces are in which it comes.
/// - A head that was refused stays refused: the caller closes the connection.
///
/// ```
/// use shared::http::head::HeadParser;
/// use shared::http::{Limits, Method, Status};
///
/// let (mut parser, limits) = (HeadParser::default(), Limits::default());
/// let bytes = b"GET / HTTP/1.1\r\nHost: a\r\n\r\nGET";
/// assert!(matches!(parser.parse(&bytes[..20], &limits), Ok(None)), "incomplete");
/// let complete = parser.parse(bytes, &limits);
/// assert!(matches!(complete, Ok(Some((head, 27))) if head.method == Method::Get));
/// let mut parser = HeadParser::default();
/// let refused = parser.parse(b"GET\n", &limits);
/// assert!(matches!(refused, Err(error) if error.status == Status::BAD_REQUEST));
/// ```
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
    ///
    /// # Errors
    /// The head is malformed or larger than a limit: how to respond.
    pub fn parse(
        &mut self,
        bytes: &[u8],
        limits: &Limits,
    ) -> Result<Option<(&Head, usize)>, RequestError> {
        // What lies beyond a limit is never looked at: else it would depend on the size of the reads
        // whether a long and bad head is called long or bad.
        let within = &bytes[..bytes.len().min(limits.max_head)];
        let is_in_one_line = self.still_in_one_line(bytes, limits);
        #[cfg(test)]
        {
            self.examined += bytes.len() - if is_in_one_line { self.searched } else { self.line };
        }
        let complete = !is_in_one_line
            && (self.head.is_some() || self.request_line(within, limits)?)
            && self.field_lines(within, limits)?;
        if !complete {
            return self.incomplete(bytes, limits);
        }
        match &self.head {
            Some(head) if head.version == Version::Http11 && !head.has_host => {
                Err(RequestError::bad("an HTTP/1.1 request without Host"))
            }
            head => Ok(head.as_ref().map(|head| (head, self.line))),
        }
    }

    /// Whether the bytes that came since the last call do not even end the line that they belong to:
    /// then there is nothing new to parse.
    fn still_in_one_line(&self, bytes: &[u8], limits: &Limits) -> bool {
        self.searched > self.line
            && self.excess(bytes, limits).is_none()
            && !bytes[self.searched..].contains(&b'\n')
    }

    /// What is missing may come, unless what is here is too long already. Most heads come whole.
    #[cold]
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
        if self.head.is_none() && line.len() > limits.max_request_line.saturating_add(1) {
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
        let Some(line) = request_line::parse(bytes, self.line)? else {
            return Ok(false);
        };
        self.line = line.end;
        self.head = Some(Head::new(line));
        Ok(true)
    }

    fn field_lines(&mut self, bytes: &[u8], limits: &Limits) -> Result<bool, RequestError> {
        let Some(head) = &mut self.head else {
            return Ok(false);
        };
        loop {
            match field::line(&bytes[self.line..])? {
                Line::Incomplete => return Ok(false),
                Line::End => {
                    head.fields.end = self.line;
                    self.line += 2;
                    return Ok(true);
                }
                Line::Field { name, value, used } => {
                    head.take(name, value)?;
                    self.line += used;
                    self.fields += 1;
                    if self.fields > limits.max_fields {
                        return Err(TOO_LARGE);
                    }
                }
            }
        }
    }
}

const TOO_LARGE: RequestError =
    RequestError::new(Status::FIELDS_TOO_LARGE, "the head is larger than the server's limit");

/// As much of `bytes` as a request line and its line end may take.
fn first_line<'a>(bytes: &'a [u8], limits: &Limits) -> &'a [u8] {
    &bytes[..bytes.len().min(limits.max_request_line.saturating_add(2))]
}

/// A line without a space has no target yet: if no method that is served is as long, it is the method that is too long
/// (RFC 9112 section 3).
fn line_too_long(line: &[u8]) -> RequestError {
    if line.len() <= "OPTIONS".len() || line.contains(&b' ') {
        RequestError::new(
            Status::URI_TOO_LONG,
            "the request line is longer than the server's limit",
        )
    } else {
        RequestError::new(Status::NOT_IMPLEMENTED, "a method longer than any")
    }
}

/// What is here of a request, without the empty lines that may come before it.
pub(in crate::http) fn without_empty_lines(mut bytes: &[u8]) -> &[u8] {
    for _ in 0..EMPTY_LINES {
        bytes = bytes.strip_prefix(b"\r\n").unwrap_or(bytes);
    }
    if bytes == b"\r" { b"" } else { bytes }
}

/// Whether nothing of a request is here. Seldom asked: what comes behind a request begins another one, as a rule.
#[cold]
pub(in crate::http) fn is_empty_lines(bytes: &[u8]) -> bool {
    without_empty_lines(bytes).is_empty()
}
