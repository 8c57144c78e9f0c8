//! The head of an answer, as a pure function of bytes (RFC 9112, sections 4 and 6).

/// No server worth measuring sends more before its body.
const LIMIT: usize = 64 * 1024;

/// Bytes that no HTTP/1 answer begins with, or a framing that cannot be trusted.
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
    /// Whether the server will close the connection after this answer.
    pub close: bool,
}

/// Reads a head from the front of `bytes`: with its length when it is all here, `None` when more is
/// to come. `searched` bytes at the front are known not to end it, so that an answer that
/// drips in costs no second search.
pub fn parse(bytes: &[u8], searched: usize) -> Result<Option<(Head, usize)>, Malformed> {
    let from = searched.saturating_sub(3);
    match bytes[from..].windows(4).position(|end| end == b"\r\n\r\n") {
        Some(end) => Ok(Some((lines(&bytes[..from + end])?, from + end + 4))),
        None if bytes.len() > LIMIT => Err(Malformed),
        None => Ok(None),
    }
}

fn lines(head: &[u8]) -> Result<Head, Malformed> {
    let mut lines = head.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_end);
    let (status, mut close) = status_line(lines.next().unwrap_or_default())?;
    let (mut length, mut chunked) = (None, false);
    for line in lines {
        let colon = line.iter().position(|byte| *byte == b':').ok_or(Malformed)?;
        let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
        if name.eq_ignore_ascii_case(b"content-length") {
            let value = number(value)?;
            // Two different lengths: whoever believes the wrong one reads the next answer wrongly.
            if length.is_some_and(|earlier| earlier != value) {
                return Err(Malformed);
            }
            length = Some(value);
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            chunked = has_token(value, b"chunked");
        } else if name.eq_ignore_ascii_case(b"connection") {
            close = has_token(value, b"close") || close && !has_token(value, b"keep-alive");
        }
    }
    let framing = match (status, chunked, length) {
        // These never have a body, whatever the fields say (RFC 9112, section 6.3).
        (100..200 | 204 | 304, ..) => Framing::Length(0),
        (_, true, _) => Framing::Chunked,
        (_, _, Some(length)) => Framing::Length(length),
        _ => Framing::UntilClose,
    };
    Ok(Head { status, framing, close: close || framing == Framing::UntilClose })
}

/// The status, and whether the version closes unless told otherwise: 1.0 does, 1.1 does not.
fn status_line(line: &[u8]) -> Result<(u16, bool), Malformed> {
    let close = match line.get(..9) {
        Some(b"HTTP/1.1 ") => false,
        Some(b"HTTP/1.0 ") => true,
        _ => return Err(Malformed),
    };
    let rest = &line[9..];
    if rest.len() < 3 || rest.get(3).is_some_and(|byte| *byte != b' ') {
        return Err(Malformed);
    }
    match number(&rest[..3])? {
        status @ 100..=999 => Ok((status as u16, close)),
        _ => Err(Malformed),
    }
}

/// Digits and nothing else: `u64::from_str` would take a `+`.
fn number(digits: &[u8]) -> Result<u64, Malformed> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err(Malformed);
    }
    let add = |sum: u64, digit: &u8| sum.checked_mul(10)?.checked_add(u64::from(digit - b'0'));
    digits.iter().try_fold(0, add).ok_or(Malformed)
}

fn has_token(list: &[u8], token: &[u8]) -> bool {
    list.split(|byte| *byte == b',').any(|item| item.trim_ascii().eq_ignore_ascii_case(token))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(text: &str) -> Result<Option<(Head, usize)>, Malformed> {
        parse(text.as_bytes(), 0)
    }

    #[test]
    fn framing_and_persistence() {
        use Framing::{Chunked, Length, UntilClose};
        for (text, status, framing, close) in [
            ("HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n", 200, Length(13), false),
            ("HTTP/1.1 200\r\ncontent-length:0\r\nConnection: close\r\n\r\n", 200, Length(0), true),
            (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, Chunked\r\nContent-Length: 5\r\n\r\n",
                200,
                Chunked,
                false,
            ),
            ("HTTP/1.1 204 No Content\r\n\r\n", 204, Length(0), false),
            ("HTTP/1.1 304 x\r\nContent-Length: 9\r\n\r\n", 304, Length(0), false),
            ("HTTP/1.1 200 OK\r\n\r\n", 200, UntilClose, true),
            ("HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\n", 200, Length(1), true),
            (
                "HTTP/1.0 200 OK\r\nContent-Length: 1\r\nConnection: Keep-Alive\r\n\r\n",
                200,
                Length(1),
                false,
            ),
            (
                "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n",
                404,
                Length(2),
                false,
            ),
        ] {
            let expected = Head { status, framing, close };
            assert_eq!(head(text), Ok(Some((expected, text.len()))), "{text:?}");
            for cut in 0..text.len() {
                assert_eq!(head(&text[..cut]), Ok(None), "{:?}", &text[..cut]);
                let resumed = parse(text.as_bytes(), cut);
                assert_eq!(resumed, Ok(Some((expected, text.len()))), "searched {cut}");
            }
        }
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
            "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
        ] {
            assert_eq!(head(text), Err(Malformed), "{text:?}");
        }
        assert_eq!(parse(&[b'a'; LIMIT + 1], 0), Err(Malformed));
    }
}
