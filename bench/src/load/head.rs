//! The head of a response, as a pure function of bytes (RFC 9112, sections 4 and 6).

use std::borrow::Cow;

/// No server worth measuring sends more before its body.
const LIMIT: usize = 64 * 1024;

/// What every status line begins with, before the minor version.
const VERSION: &[u8] = b"HTTP/1.";

/// Bytes that no HTTP/1 response begins with, or a framing that cannot be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

/// Where the body ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// After this many bytes.
    Length(u64),
    /// After the chunk of size 0.
    Chunked,
    /// Where the server closes the connection.
    UntilClose,
}

/// What a client must know of a head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The status code, 100 to 999.
    pub status: u16,
    /// Where the body ends.
    pub framing: Framing,
    /// Whether the fields or the version say that the connection ends after this response.
    pub close: bool,
}

/// Reads a head from the front of `bytes`: with its length when it is all here, `None` when more is
/// to come. `searched` bytes at the front are known not to end it, so that a response that
/// drips in costs no second search.
///
/// # Errors
/// Bytes that no HTTP/1 response begins with, or a framing that cannot be trusted.
pub fn parse(bytes: &[u8], searched: usize) -> Result<Option<(Head, usize)>, Malformed> {
    let from = searched.saturating_sub(2);
    match end(&bytes[from..]) {
        Some((lines, length)) if from + length <= LIMIT => {
            Ok(Some((read(&bytes[..from + lines])?, from + length)))
        }
        None if bytes.len() <= LIMIT && may_begin(bytes) => Ok(None),
        _ => Err(Malformed),
    }
}

/// Whether these bytes may be the beginning of a head. A server of another protocol often says too little to be a whole one,
/// and waits.
fn may_begin(bytes: &[u8]) -> bool {
    VERSION.iter().zip(bytes).all(|(one, other)| one == other)
}

/// Where the empty line is: the length of what stands before it, and the length with it. A line may
/// end with LF alone (RFC 9112, section 2.2).
fn end(bytes: &[u8]) -> Option<(usize, usize)> {
    (0..bytes.len()).filter(|at| bytes[*at] == b'\n').find_map(|at| match &bytes[at + 1..] {
        [b'\n', ..] => Some((at, at + 2)),
        [b'\r', b'\n', ..] => Some((at, at + 3)),
        _ => None,
    })
}

fn read(head: &[u8]) -> Result<Head, Malformed> {
    let head = unfold(head);
    let mut lines = head.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_end);
    let (status, persistent) = status_line(lines.next().unwrap_or_default())?;
    let mut fields = Fields::default();
    for line in lines {
        let colon = line.iter().position(|byte| *byte == b':').ok_or(Malformed)?;
        fields.take(line[..colon].trim_ascii_end(), &line[colon + 1..])?;
    }
    let framing = match (status, fields.chunked, fields.length) {
        // These never have a body, whatever the fields say (RFC 9112, section 6.3).
        (100..200 | 204 | 304, ..) => Framing::Length(0),
        (_, Some(true), _) => Framing::Chunked,
        (_, None, Some(length)) => Framing::Length(length),
        // Each field has its own end of the body, and the server, which has a length, may mean that one.
        (_, Some(false), Some(_)) => return Err(Malformed),
        // A body whose last coding is another one ends with the connection.
        _ => Framing::UntilClose,
    };
    // `close` wins over `keep-alive`, wherever it stands (RFC 9112, section 9.3). HTTP/1.0 has no chunks: where they come from
    // is unknown, and so is what follows them (section 6.1).
    let keeps = persistent || fields.keep_alive && fields.chunked.is_none();
    let close = fields.close || !keeps;
    Ok(Head { status, framing, close })
}

/// A line that begins with a space or a tab continues the field before it. The break between them
/// becomes spaces (obs-fold; RFC 9112, section 5.2).
fn unfold(head: &[u8]) -> Cow<'_, [u8]> {
    let breaks = |at: usize| matches!(head[at..], [b'\n', b' ' | b'\t', ..]);
    if !(0..head.len()).any(breaks) {
        return Cow::Borrowed(head);
    }
    let space = |at: usize| breaks(at) || (head[at] == b'\r' && breaks(at + 1));
    (0..head.len()).map(|at| if space(at) { b' ' } else { head[at] }).collect::<Vec<_>>().into()
}

/// The fields that a client must know.
#[derive(Default)]
struct Fields {
    length: Option<u64>,
    /// Of a body that is coded for its transfer: whether chunks are the last coding.
    chunked: Option<bool>,
    close: bool,
    keep_alive: bool,
}

impl Fields {
    fn take(&mut self, name: &[u8], value: &[u8]) -> Result<(), Malformed> {
        if name.eq_ignore_ascii_case(b"content-length") {
            self.take_lengths(value)?;
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            self.chunked = Some(
                items(value).next_back().is_some_and(|last| last.eq_ignore_ascii_case(b"chunked")),
            );
        } else if name.eq_ignore_ascii_case(b"connection") {
            self.close |= has_token(value, b"close");
            self.keep_alive |= has_token(value, b"keep-alive");
        }
        Ok(())
    }

    /// The same length may be said several times, in one line or in more (RFC 9110, section 8.6). A client that
    /// believes the wrong one of two reads the next response wrongly.
    fn take_lengths(&mut self, list: &[u8]) -> Result<(), Malformed> {
        for item in list.split(|byte| *byte == b',') {
            let length = number(item.trim_ascii())?;
            if self.length.replace(length).is_some_and(|earlier| earlier != length) {
                return Err(Malformed);
            }
        }
        Ok(())
    }
}

/// The status, and whether the version keeps a connection unless told otherwise: 1.0 does not, 1.1 does. A minor version
/// that is not known yet is read as 1.1 (RFC 9110, section 2.5).
pub(crate) fn status_line(line: &[u8]) -> Result<(u16, bool), Malformed> {
    let (minor, rest) = match line.strip_prefix(VERSION) {
        Some([minor @ b'0'..=b'9', b' ', rest @ ..]) => (*minor, rest),
        _ => return Err(Malformed),
    };
    if rest.len() < 3 || rest.get(3).is_some_and(|byte| *byte != b' ') {
        return Err(Malformed);
    }
    match number(&rest[..3])? {
        status @ 100..=999 => Ok((status as u16, minor > b'0')),
        _ => Err(Malformed),
    }
}

/// Digits and nothing else: `u64::from_str` would take a `+`.
pub(crate) fn number(digits: &[u8]) -> Result<u64, Malformed> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err(Malformed);
    }
    let add = |sum: u64, digit: &u8| sum.checked_mul(10)?.checked_add(u64::from(digit - b'0'));
    digits.iter().try_fold(0, add).ok_or(Malformed)
}

pub(crate) fn has_token(list: &[u8], token: &[u8]) -> bool {
    items(list).any(|item| item.eq_ignore_ascii_case(token))
}

/// What stands between the commas of a list. Empty items do not count (RFC 9110, section 5.6.1).
fn items(list: &[u8]) -> impl DoubleEndedIterator<Item = &[u8]> {
    list.split(|byte| *byte == b',').map(<[u8]>::trim_ascii).filter(|item| !item.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(text: &str) -> Result<Option<(Head, usize)>, Malformed> {
        parse(text.as_bytes(), 0)
    }

    /// Framing and `close` of a whole head, which must be the same wherever it is cut.
    fn found(text: &str) -> (Framing, bool) {
        let (head, length) = head(text).unwrap().unwrap();
        assert_eq!(length, text.len(), "{text:?}");
        for cut in 0..text.len() {
            assert_eq!(parse(&text.as_bytes()[..cut], 0), Ok(None), "{:?}", &text[..cut]);
            let resumed = parse(text.as_bytes(), cut);
            assert_eq!(resumed, Ok(Some((head, length))), "{text:?}, searched {cut}");
        }
        (head.framing, head.close)
    }

    #[test]
    fn framing_and_persistence() {
        use Framing::{Chunked, Length, UntilClose};
        for (start, fields, framing, close) in [
            ("1.1 200 OK", "Content-Length: 13\r\n", Length(13), false),
            ("1.1 200", "content-length:0\r\nConnection: close\r\n", Length(0), true),
            (
                "1.1 200 OK",
                "Transfer-Encoding: gzip, Chunked\r\nContent-Length: 5\r\n",
                Chunked,
                false,
            ),
            (
                "1.1 200 OK",
                "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked,\r\n",
                Chunked,
                false,
            ),
            ("1.1 200 OK", "Transfer-Encoding: chunked, gzip\r\n", UntilClose, false),
            (
                "1.0 200 OK",
                "Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n",
                Chunked,
                true,
            ),
            ("1.1 204 No Content", "", Length(0), false),
            ("1.1 304 x", "Content-Length: 9\r\n", Length(0), false),
            ("1.1 200 OK", "", UntilClose, false),
            ("1.2 200 OK", "Content-Length: 13\r\n", Length(13), false),
            ("1.0 200 OK", "Content-Length: 1\r\n", Length(1), true),
            ("1.0 200 OK", "Content-Length: 1\r\nConnection: Keep-Alive\r\n", Length(1), false),
            ("1.1 200 OK", "Content-Length: 2, 2\r\nContent-Length: 2\r\n", Length(2), false),
            ("1.1 200 OK", "Content-Length : 2\r\n", Length(2), false),
            ("1.1 200 OK", "X: a\r\n b:\r\nContent-Length:\r\n\t3\r\n", Length(3), false),
            (
                "1.1 204 x",
                "Connection: x,\r\n CLOSE\r\nConnection: keep-alive\r\n",
                Length(0),
                true,
            ),
        ] {
            let text = format!("HTTP/{start}\r\n{fields}\r\n");
            assert_eq!(found(&text), (framing, close), "{text:?}");
            let bare = text.replace("\r\n", "\n");
            assert_eq!(found(&bare), (framing, close), "{bare:?}");
        }
        assert_eq!(found("HTTP/1.1 200 OK\nContent-Length: 2\n\r\n"), (Length(2), false));
        assert_eq!(head("HTTP/1.1 404\r\n\r\n").unwrap().unwrap().0.status, 404);
    }

    #[test]
    fn what_is_malformed() {
        for text in [
            "HTTP/2.0 200 OK\r\n\r\n",
            "HTTP/1.1 20 OK\r\n\r\n",
            "HTTP/1.1 2000\r\n\r\n",
            "hello\r\n\r\n",
            "\r\n\r\n",
            "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 1, 2\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: identity\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
        ] {
            assert_eq!(head(text), Err(Malformed), "{text:?}");
        }
        // Too long, whether it comes as a whole or goes on.
        let name = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nName: ".as_slice();
        for end in [b"\r\n\r\n".as_slice(), b""] {
            assert_eq!(parse(&[name, &[b'a'; LIMIT], end].concat(), 0), Err(Malformed));
        }
        // Other protocols, which wait for more after this.
        for text in ["SSH-2.0-x\r\n", "220 mail", "\x15\x03\x01", "<html>", "HTTP/2"] {
            assert_eq!(head(text), Err(Malformed), "{text:?}");
        }
    }
}
