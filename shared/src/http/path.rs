//! The path of a request target, as segments (RFC 3986 sections 3.3 and 5.2.4).
//!
//! Segments are split first and decoded afterwards, so `%2F` is a slash *inside* a segment and never
//! a separator. `.` and `..` are resolved before anything is looked up, however they were written.

use super::status::RequestError;

/// A path. `/` has one segment, the empty one.
#[derive(Debug, PartialEq, Eq)]
pub enum Path<'a> {
    /// Nothing to decode, nothing to resolve: the bytes as they came, nearly always.
    Plain(&'a [u8]),
    /// Decoded and resolved.
    Segments(Vec<Vec<u8>>),
}

impl<'a> Path<'a> {
    /// Reads the path in front of the query; an empty one (after an authority) is `/`.
    #[inline(always)]
    pub fn parse(path: &'a [u8]) -> Result<Self, RequestError> {
        let path = if path.is_empty() { b"/" } else { path };
        let plain = !path.contains(&b'%') && !path.windows(2).any(|two| two == b"/.");
        if plain { Ok(Self::Plain(path)) } else { resolve(path).map(Self::Segments) }
    }

    /// The segments, decoded.
    pub fn segments(&self) -> impl Iterator<Item = &[u8]> {
        let (plain, decoded) = match self {
            Self::Plain(path) => (Some(path[1..].split(|&byte| byte == b'/')), None),
            Self::Segments(segments) => (None, Some(segments.iter().map(Vec::as_slice))),
        };
        plain.into_iter().flatten().chain(decoded.into_iter().flatten())
    }
}

fn resolve(path: &[u8]) -> Result<Vec<Vec<u8>>, RequestError> {
    let mut resolved: Vec<Vec<u8>> = Vec::new();
    // After `.` or `..` at the end, what is named is a folder: `/a/..` is `/`.
    let mut folder = false;
    for raw in path[1..].split(|&byte| byte == b'/') {
        let segment = decode(raw)?;
        folder = matches!(segment.as_slice(), b"." | b"..");
        match segment.as_slice() {
            b"." => {}
            b".." => {
                drop(resolved.pop().ok_or(RequestError::bad("a path that climbs above the root"))?)
            }
            _ => resolved.push(segment),
        }
    }
    if folder {
        resolved.push(Vec::new());
    }
    Ok(resolved)
}

/// Undoes percent-encoding (RFC 3986 section 2.1). A NUL would end the name of a file in C, so it is refused.
fn decode(segment: &[u8]) -> Result<Vec<u8>, RequestError> {
    let mut decoded = Vec::with_capacity(segment.len());
    let mut rest = segment;
    while let [byte, after @ ..] = rest {
        rest = after;
        decoded.push(match (byte, after) {
            (b'%', [high, low, after @ ..]) => {
                rest = after;
                escape(*high, *low)?
            }
            (b'%', _) => return Err(BAD_ESCAPE),
            (byte, _) => *byte,
        });
    }
    Ok(decoded)
}

const BAD_ESCAPE: RequestError =
    RequestError::bad("a percent sign that two hex digits do not follow, or %00");

fn escape(high: u8, low: u8) -> Result<u8, RequestError> {
    let digit = |byte: u8| char::from(byte).to_digit(16).ok_or(BAD_ESCAPE);
    match digit(high)? * 16 + digit(low)? {
        0 => Err(BAD_ESCAPE),
        value => Ok(value as u8),
    }
}
