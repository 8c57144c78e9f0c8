//! The access log: Common Log Format, plus the seconds that the answer took.
//!
//! `127.0.0.1 - - [06/Nov/1994:08:49:37 +0000] "GET / HTTP/1.1" 200 13 0.000042`

use super::log_writer::LineBuffer;
use std::io::Write;
use std::net::IpAddr;
use std::time::Duration;

/// Of a request line that was never understood, so much is written.
const MAX_LINE: usize = 256;

/// The line that stands where `dropped` lines are missing. No line for a request begins with `#`.
pub(crate) fn gap(dropped: u64) -> String {
    format!("# {dropped} lines dropped: they came faster than they could be written\n")
}

/// One thread's lines, handed over once a round.
pub struct AccessLog {
    lines: LineBuffer,
    /// Whose request is being answered.
    pub(crate) peer: Option<IpAddr>,
}

impl AccessLog {
    pub(crate) fn new(lines: LineBuffer) -> Self {
        Self { lines, peer: None }
    }

    /// Adds a line, before its response is sent: whenever the process ends, no response is without one.
    /// `date` is an IMF-fixdate; `length` is `None` where it is not known beforehand.
    pub(crate) fn line(
        &mut self,
        date: &[u8],
        request: &[u8],
        code: u16,
        length: Option<u64>,
        took: Duration,
    ) {
        let buffer = &mut *self.lines.lines();
        // Writing to a Vec cannot fail.
        let _ = match self.peer {
            Some(peer) => write!(buffer, "{peer}"),
            None => write!(buffer, "-"),
        };
        let Ok(date) = str::from_utf8(date) else { return };
        let (day, month, year, time) = (&date[5..7], &date[8..11], &date[12..16], &date[17..25]);
        let _ = write!(buffer, " - - [{day}/{month}/{year}:{time} +0000] \"");
        escape(buffer, request);
        let _ = write!(buffer, "\" {code} ");
        let _ = match length {
            Some(length) => write!(buffer, "{length}"),
            None => write!(buffer, "-"),
        };
        let _ = writeln!(buffer, " {:.6}", took.as_secs_f64());
    }

    /// Hands the lines over; returns how many had to be dropped.
    pub(crate) fn flush(&self) -> u64 {
        self.lines.flush(0)
    }
}

/// The request line in the first bytes of a request. What is no plain text in it is written as
/// escapes: a client must not be able to forge a line, or to move the cursor of whoever reads it.
fn escape(out: &mut Vec<u8>, request: &[u8]) {
    let start = request.iter().position(|byte| !matches!(byte, b'\r' | b'\n')).unwrap_or(0);
    let line =
        request[start..].split(|&byte| byte == b'\r' || byte == b'\n').next().unwrap_or_default();
    for &byte in &line[..line.len().min(MAX_LINE)] {
        let _ = match byte {
            b'"' | b'\\' => write!(out, "\\{}", char::from(byte)),
            byte if byte.is_ascii_graphic() || byte == b' ' => out.write_all(&[byte]),
            byte => write!(out, "\\x{byte:02x}"),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_cannot_forge_a_line() {
        for (request, expected) in [
            (&b"GET / HTTP/1.1\r\nHost: a\r\n"[..], "GET / HTTP/1.1"),
            (b"\r\nGET /a HTTP/1.1\r\n", "GET /a HTTP/1.1"),
            (b"GET /\"\\ HTTP/1.1\r\n", "GET /\\\"\\\\ HTTP/1.1"),
            (b"\x16\x03\x1b[2J", "\\x16\\x03\\x1b[2J"),
            (b"", ""),
        ] {
            let mut out = Vec::new();
            escape(&mut out, request);
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
        let mut out = Vec::new();
        escape(&mut out, &[b'a'; 10_000]);
        assert_eq!(out.len(), MAX_LINE);
    }
}
