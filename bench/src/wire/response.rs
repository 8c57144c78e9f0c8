//! A strict reader of responses (RFC 9112 section 4 to 7): whole, unfinished, or wrong and why.

use crate::args::is_token;
use crate::load::head::{Framing, has_token, number, status_line};

/// One response.
#[derive(Debug, Clone)]
pub(crate) struct Response {
    pub(crate) status_line: Vec<u8>,
    pub(crate) status: u16,
    /// Names in lower case.
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) framing: Framing,
    pub(crate) body: Vec<u8>,
    /// What is wrong with its head, though it can be read.
    pub(crate) faults: Vec<String>,
}

impl Response {
    /// The first value of a field.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// Every value of a field.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.fields.iter().filter(move |(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// Whether it is the last of its connection: HTTP/1.0 closes unless it says otherwise.
    pub(crate) fn is_last(&self) -> bool {
        let old = self.status_line.starts_with(b"HTTP/1.0");
        self.has_token("connection", "close") || old && !self.has_token("connection", "keep-alive")
    }

    /// Whether a list field holds a token, compared without case.
    pub(crate) fn has_token(&self, name: &str, token: &str) -> bool {
        self.all(name).any(|value| has_token(value.as_bytes(), token.as_bytes()))
    }
}

/// What the bytes so far are.
#[derive(Debug)]
pub(crate) enum Parsed {
    Complete(Box<Response>, usize),
    /// At least so many bytes are needed in all.
    Incomplete(usize),
    Malformed(String),
}

/// Reads one response from the start of `bytes`. `eof` tells that no more will come.
pub(crate) fn parse(bytes: &[u8], to_head: bool, eof: bool) -> Parsed {
    let Some(end) = find(bytes, b"\r\n\r\n") else {
        return if eof {
            Parsed::Malformed("the connection ended inside a head".into())
        } else {
            Parsed::Incomplete(bytes.len() + 1)
        };
    };
    match head(&bytes[..end], to_head) {
        Err(why) => Parsed::Malformed(why),
        Ok(response) => body(response, bytes, end + 4, eof),
    }
}

/// Status line and field lines, without the empty line.
fn head(bytes: &[u8], to_head: bool) -> Result<Response, String> {
    let mut lines = split_lines(bytes).into_iter();
    let status_line = lines.next().unwrap_or_default().to_vec();
    let status = status(&status_line)
        .ok_or_else(|| format!("no status line: {:?}", status_line.escape_ascii().to_string()))?;
    let mut response = Response {
        status_line,
        status,
        fields: Vec::new(),
        framing: Framing::UntilClose,
        body: Vec::new(),
        faults: Vec::new(),
    };
    for line in lines {
        match field(line) {
            Ok(field) => response.fields.push(field),
            Err(why) => {
                response.faults.push(format!("{why}: {:?}", line.escape_ascii().to_string()))
            }
        }
    }
    response.framing = framing(&response, to_head)?;
    Ok(response)
}

fn split_lines(bytes: &[u8]) -> Vec<&[u8]> {
    let mut lines = Vec::new();
    let mut rest = bytes;
    while let Some(at) = find(rest, b"\r\n") {
        lines.push(&rest[..at]);
        rest = &rest[at + 2..];
    }
    lines.push(rest);
    lines
}

/// `HTTP/1.x SP 3DIGIT SP reason`: the space stands even where the reason is empty.
fn status(line: &[u8]) -> Option<u16> {
    let (status, _) = status_line(line).ok()?;
    let reason = line["HTTP/1.1 200".len()..].strip_prefix(b" ")?;
    (status < 600 && is_text(reason)).then_some(status)
}

fn is_text(bytes: &[u8]) -> bool {
    bytes.iter().all(|&byte| byte == b'\t' || byte >= b' ' && byte != 0x7f)
}

fn field(line: &[u8]) -> Result<(String, String), &'static str> {
    let colon = line.iter().position(|&byte| byte == b':').ok_or("a field line with no colon")?;
    let (name, value) = (&line[..colon], &line[colon + 1..]);
    if !is_token(name) {
        return Err("a field name that is no token");
    }
    if !is_text(value) {
        return Err("a control character in a field value");
    }
    let value = String::from_utf8_lossy(value).trim().to_string();
    Ok((String::from_utf8_lossy(name).to_ascii_lowercase(), value))
}

/// RFC 9112 6.3, in its order.
fn framing(response: &Response, to_head: bool) -> Result<Framing, String> {
    if to_head || response.status < 200 || matches!(response.status, 204 | 304) {
        return Ok(Framing::Length(0));
    }
    if let Some(coding) = response.field("transfer-encoding") {
        let chunked = coding.eq_ignore_ascii_case("chunked");
        return chunked.then_some(Framing::Chunked).ok_or(format!("transfer coding {coding:?}"));
    }
    match response.field("content-length") {
        None => Ok(Framing::UntilClose),
        Some(value) => number(value.as_bytes())
            .map(Framing::Length)
            .map_err(|_| format!("Content-Length {value:?}")),
    }
}

/// The content that follows the head, which ends at `start`.
fn body(mut response: Response, bytes: &[u8], start: usize, eof: bool) -> Parsed {
    let rest = &bytes[start..];
    let used = match response.framing {
        Framing::UntilClose => eof.then_some(rest.len()),
        Framing::Length(length) => (rest.len() as u64 >= length).then_some(length as usize),
        Framing::Chunked => match chunked(rest, &mut response.body) {
            Ok(used) => used,
            Err(why) => return Parsed::Malformed(why.into()),
        },
    };
    match (used, response.framing) {
        (Some(used), framing) => {
            if framing != Framing::Chunked {
                response.body = rest[..used].to_vec();
            }
            Parsed::Complete(Box::new(response), start + used)
        }
        (None, _) if eof => Parsed::Malformed("the connection ended inside the content".into()),
        (None, Framing::Length(length)) => {
            Parsed::Incomplete(start.saturating_add(length as usize))
        }
        (None, _) => Parsed::Incomplete(bytes.len() + 1),
    }
}

/// Decodes chunks into `out`; the bytes used, or `None` where more must come.
fn chunked(bytes: &[u8], out: &mut Vec<u8>) -> Result<Option<usize>, &'static str> {
    let mut at = 0;
    loop {
        let Some(line) = find(&bytes[at..], b"\r\n") else {
            return Ok(None);
        };
        let digits = &bytes[at..at + line];
        let digits = digits.split(|&byte| byte == b';').next().unwrap_or_default();
        let size = size(digits).ok_or("a chunk size that is no hexadecimal number")?;
        at += line + 2;
        if size == 0 {
            return Ok(trailers(&bytes[at..]).map(|used| at + used));
        }
        if bytes.len() < at + size + 2 {
            return Ok(None);
        }
        out.extend_from_slice(&bytes[at..at + size]);
        if &bytes[at + size..at + size + 2] != b"\r\n" {
            return Err("no CRLF after a chunk's data");
        }
        at += size + 2;
    }
}

/// Where `needle` begins in `hay`.
pub(crate) fn find(hay: &[u8], needle: &[u8]) -> Option<usize> {
    hay.windows(needle.len()).position(|window| window == needle)
}

fn size(digits: &[u8]) -> Option<usize> {
    let hex = (1..=8).contains(&digits.len()) && digits.iter().all(u8::is_ascii_hexdigit);
    let text = std::str::from_utf8(digits).ok()?;
    hex.then(|| usize::from_str_radix(text, 16).ok())?
}

/// Trailer lines and the empty line that ends them.
fn trailers(bytes: &[u8]) -> Option<usize> {
    if bytes.starts_with(b"\r\n") { Some(2) } else { find(bytes, b"\r\n\r\n").map(|at| at + 4) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_that_no_memory_has_is_waited_for() {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", usize::MAX);
        let parsed = parse(head.as_bytes(), false, false);
        assert!(matches!(parsed, Parsed::Incomplete(usize::MAX)), "{parsed:?}");
    }

    #[test]
    fn responses_are_read_strictly() {
        let malformed: &[&[u8]] = &[
            b"HTTP/1.1 200\r\n\r\n",
            b"HTTP/1.1  200 OK\r\n\r\n",
            b"HTTP/1.1 20 OK\r\n\r\n",
            b"HTTP/1.1 2000 OK\r\n\r\n",
            b"HTTP/2.0 200 OK\r\n\r\n",
            b"HTTP/1.1 200 O\x01K\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\nx",
            b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nx",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nx",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0x1\r\nx\r\n0\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxy\r\n0\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nx",
        ];
        for bytes in malformed {
            assert!(
                matches!(parse(bytes, false, true), Parsed::Malformed(_)),
                "{}",
                bytes.escape_ascii()
            );
        }
        let chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;a\r\nx\r\n2\r\nyz\r\n0\r\nT: 1\r\n\r\nrest";
        let Parsed::Complete(response, used) = parse(chunked, false, false) else {
            panic!("not read")
        };
        assert_eq!(
            (&response.body[..], used, response.framing),
            (&b"xyz"[..], chunked.len() - 4, Framing::Chunked)
        );
        for end in 0..used {
            assert!(matches!(parse(&chunked[..end], false, false), Parsed::Incomplete(_)), "{end}");
        }
    }
}
