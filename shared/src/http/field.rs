//! One field line: `name: value CRLF` (RFC 9112 section 5). Heads and chunked trailers are made of them.

use super::bytes::{token_length, value_length};
use super::status::RequestError;

/// What stands at the start of some bytes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line<'a> {
    /// A whole field line of `used` bytes, its value trimmed of optional white space.
    Field { name: &'a [u8], value: &'a [u8], used: usize },
    /// The empty line that ends a field section, two bytes.
    End,
    /// What there is may yet become one of the others.
    Incomplete,
}

/// Reads one line. Everything that two parsers could read in two ways is refused: white space
/// before the colon, a line without a colon, folding, a CR or LF on its own.
#[inline(always)]
pub(super) fn line(bytes: &[u8]) -> Result<Line<'_>, RequestError> {
    match bytes {
        [] | [b'\r'] => return Ok(Line::Incomplete),
        [b'\r', b'\n', ..] => return Ok(Line::End),
        _ => {}
    }
    let colon = token_length(bytes);
    match bytes.get(colon) {
        Some(b':') if colon > 0 => {}
        None => return Ok(Line::Incomplete),
        Some(byte) => return Err(not_a_colon(colon, *byte)),
    }
    let start = colon + 1;
    let end = start + value_length(&bytes[start..]);
    if !line_end(&bytes[end..])? {
        return Ok(Line::Incomplete);
    }
    // Of ASCII white space, SP and HTAB alone can stand there.
    let value = bytes[start..end].trim_ascii();
    Ok(Line::Field { name: &bytes[..colon], value, used: end + 2 })
}

/// Whether CRLF stands here; `false` while it may still come; anything else is refused.
pub(super) fn line_end(bytes: &[u8]) -> Result<bool, RequestError> {
    match bytes {
        [b'\r', b'\n', ..] => Ok(true),
        [] | [b'\r'] => Ok(false),
        [b'\r', ..] => Err(RequestError::bad("a CR without LF")),
        [b'\n', ..] => Err(RequestError::bad("a line that ends in LF alone")),
        _ => Err(RequestError::bad("a control character")),
    }
}

fn not_a_colon(at: usize, byte: u8) -> RequestError {
    RequestError::bad(match (at, byte) {
        (0, b' ' | b'\t') => "a folded field line",
        (0, b':') => "a field line without a name",
        (_, b' ' | b'\t') => "white space before the colon of a field line",
        (0, b'\r') => "a CR without LF",
        (_, b'\r' | b'\n') => "a field line without a colon, or one that ends in LF alone",
        _ => "a character that no field name may hold",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_two_parsers_could_read_in_two_ways_is_refused() {
        let bad: [&[u8]; 14] = [
            b"Host : a\r\n",
            b"Host\t: a\r\n",
            b" folded\r\n",
            b"\tfolded\r\n",
            b": a\r\n",
            b"Host\r\n",
            b"Host\n",
            b"a: b\n",
            b"a: b\rc\r\n",
            b"a: b\0c\r\n",
            b"a: b\x7fc\r\n",
            b"a(b): c\r\n",
            b"\n",
            b"\rx",
        ];
        for bytes in bad {
            assert!(line(bytes).is_err(), "{}", bytes.escape_ascii());
        }
    }
}
