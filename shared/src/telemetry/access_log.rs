//! The access log: Common Log Format, plus the seconds that the response took. A first reading may skip it.
//!
//! `127.0.0.1 - - [06/Nov/1994:08:49:37 +0000] "GET / HTTP/1.1" 200 13 0.000042`

use super::log_writer::{LineBuffer, LogWriter};
use crate::http::{DateLine, ResponseSummary};
use crate::sys::sync::lock;
use std::collections::BTreeMap;
use std::io::Write;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Instant, SystemTime};

/// Bytes of a request line that are written: an invalid one may be of any length.
const MAX_LINE: usize = 256;

/// The line that stands where `dropped` lines are missing. No line for a request begins with `#`.
pub(super) fn gap(dropped: u64) -> String {
    format!("# {dropped} lines dropped: they came faster than they could be written\n")
}

/// One thread's lines, handed over once a tick.
pub(super) struct AccessLog {
    pub(super) lines: LineBuffer,
    /// The client of the current request.
    pub(super) peer: Option<IpAddr>,
    pub(super) under_way: Arc<UnderWay>,
}

impl AccessLog {
    /// A long response begins: its line comes when it has ended, or with the process.
    pub(super) fn begin(&self, response: &ResponseSummary) -> u64 {
        self.under_way.add(Begun { peer: self.peer, response: response.clone() })
    }

    /// Adds a line before its response is sent: even if the process ends, no response is without a line.
    pub(super) fn add(&mut self, response: &ResponseSummary, date: &DateLine) {
        // Held until the line is there: the end of the process must find the one or the other.
        let _under_way =
            if response.number > 0 { self.under_way.remove(response.number) } else { None };
        write(response, self.peer, date, &mut self.lines.lines());
    }
}

/// The long responses of all threads that have begun and not ended. The end of the process cuts them.
#[derive(Default)]
pub(super) struct UnderWay(Mutex<Responses>);

#[derive(Default)]
struct Responses {
    by_number: BTreeMap<u64, Begun>,
    last_number: u64,
    /// The lines of all are written: the process is about to end.
    is_finished: bool,
}

struct Begun {
    peer: Option<IpAddr>,
    response: ResponseSummary,
}

impl UnderWay {
    fn add(&self, begun: Begun) -> u64 {
        let mut responses = lock(&self.0);
        responses.last_number += 1;
        let number = responses.last_number;
        responses.by_number.insert(number, begun);
        number
    }

    fn remove(&self, number: u64) -> Option<MutexGuard<'_, Responses>> {
        let mut responses = lock(&self.0);
        responses.by_number.remove(&number);
        (!responses.is_finished).then_some(responses)
    }

    /// The end of `log`: see [`LogWriter::finish`].
    pub(super) fn finish(&self, log: &LogWriter) {
        let mut responses = lock(&self.0);
        let date = DateLine::new(Instant::now(), SystemTime::now());
        let mut lines = Vec::new();
        for Begun { peer, response } in std::mem::take(&mut responses.by_number).into_values() {
            write(&response, peer, &date, &mut lines);
        }
        log.finish(&lines);
        responses.is_finished = true;
    }
}

/// Writes the line of a response that ends at `date`.
fn write(response: &ResponseSummary, peer: Option<IpAddr>, date: &DateLine, out: &mut Vec<u8>) {
    // Writing to a Vec cannot fail.
    let _ = match peer {
        Some(peer) => write!(out, "{peer}"),
        None => write!(out, "-"),
    };
    let Ok(date) = str::from_utf8(date.date()) else { return };
    let (day, month, year, time) = (&date[5..7], &date[8..11], &date[12..16], &date[17..25]);
    let _ = write!(out, " - - [{day}/{month}/{year}:{time} +0000] \"");
    escape(out, response.request.as_deref().unwrap_or_default());
    let _ = write!(out, "\" {} ", response.code);
    let _ = match response.length {
        Some(length) => write!(out, "{length}"),
        None => write!(out, "-"),
    };
    // Within a tick the server's clock stands still; a line may know better.
    let _ = writeln!(out, " {:.6}", response.since.elapsed().as_secs_f64());
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
