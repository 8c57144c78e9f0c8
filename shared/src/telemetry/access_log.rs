//! The access log: Common Log Format, plus the seconds that the response took. A first reading may skip it.
//!
//! `127.0.0.1 - - [06/Nov/1994:08:49:37 +0000] "GET / HTTP/1.1" 200 13 0.000042`

use super::log_writer::LineBuffer;
use std::io::Write;
use std::net::IpAddr;
use std::time::Instant;

/// Bytes of a request line that are written: an invalid one may be of any length.
const MAX_LINE: usize = 256;

/// A response that has ended.
pub struct ResponseRecord<'a> {
    /// The status code.
    pub code: u16,
    /// Bytes of content; `None` where the length was not known beforehand.
    pub length: Option<u64>,
    /// The first bytes of the request, if they were kept.
    pub request: &'a [u8],
    /// When the thread woke up to the last byte of the request.
    pub since: Instant,
    /// The present moment, and the same as an IMF-fixdate.
    pub now: Instant,
    /// See `now`.
    pub date: &'a [u8],
}

/// The line that stands where `dropped` lines are missing. No line for a request begins with `#`.
pub(super) fn gap(dropped: u64) -> String {
    format!("# {dropped} lines dropped: they came faster than they could be written\n")
}

/// One thread's lines, handed over once a tick.
pub(super) struct AccessLog {
    pub(super) lines: LineBuffer,
    /// The client of the current request.
    pub(super) peer: Option<IpAddr>,
}

impl AccessLog {
    /// Adds a line before its response is sent: even if the process ends, no response is without a line.
    pub(super) fn add(&mut self, response: &ResponseRecord<'_>) {
        let out = &mut *self.lines.lines();
        // Writing to a Vec cannot fail.
        let _ = match self.peer {
            Some(peer) => write!(out, "{peer}"),
            None => write!(out, "-"),
        };
        let Ok(date) = str::from_utf8(response.date) else { return };
        let (day, month, year, time) = (&date[5..7], &date[8..11], &date[12..16], &date[17..25]);
        let _ = write!(out, " - - [{day}/{month}/{year}:{time} +0000] \"");
        escape(out, response.request);
        let _ = write!(out, "\" {} ", response.code);
        let _ = match response.length {
            Some(length) => write!(out, "{length}"),
            None => write!(out, "-"),
        };
        // Within a tick the server's clock stands still; a line may know better.
        let _ = writeln!(out, " {:.6}", response.since.elapsed().as_secs_f64());
    }
}

/// Writes the request line in the first bytes of a request. All that is no plain text is
/// escaped: a client must not be able to forge a line, or to move the cursor of a reader's terminal.
fn escape(out: &mut Vec<u8>, request: &[u8]) {
    let mut lines = request.split(|byte| matches!(byte, b'\r' | b'\n'));
    let line = lines.find(|line| !line.is_empty()).unwrap_or_default();
    for &byte in &line[..line.len().min(MAX_LINE)] {
        let _ = match byte {
            b'"' | b'\\' => write!(out, "\\{}", char::from(byte)),
            byte if byte.is_ascii_graphic() || byte == b' ' => out.write_all(&[byte]),
            byte => write!(out, "\\x{byte:02x}"),
        };
    }
}
