//! The Date field: every response has one (RFC 9110 section 6.6.1), and it changes once a second.

use httpdate::fmt_http_date;
use std::io::Write;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A prepared `Date: ...` line. Formatting a date costs more than answering a small request; copying
/// one costs next to nothing.
#[derive(Clone, Debug)]
pub struct DateLine {
    /// An array and no text: to copy a known number of bytes takes a few moves and no call.
    line: [u8; LINE],
    /// When the second that `line` names is over.
    stale: Instant,
}

/// `Date: Sun, 06 Nov 1994 08:49:37 GMT` and the line end: a date is always as long.
const LINE: usize = 37;

impl DateLine {
    /// The line for the second of `time`; `now` is the same moment on the monotonic clock.
    pub fn new(now: Instant, time: SystemTime) -> Self {
        let into_second = time.duration_since(UNIX_EPOCH).map_or(0, |since| since.subsec_nanos());
        let left = Duration::from_secs(1) - Duration::from_nanos(into_second.into());
        let mut line = [0; LINE];
        // The line fills it, so writing cannot fail.
        let _ = write!(&mut line[..], "Date: {}\r\n", fmt_http_date(time));
        Self { line, stale: now + left }
    }

    /// Whether its second is over.
    pub fn is_stale(&self, now: Instant) -> bool {
        now >= self.stale
    }

    /// The date alone.
    pub fn date(&self) -> &[u8] {
        &self.line["Date: ".len()..LINE - 2]
    }

    /// The whole line.
    pub(super) fn line(&self) -> &[u8; LINE] {
        &self.line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_is_made_anew_when_its_second_is_over() {
        let now = Instant::now();
        let date = DateLine::new(now, SystemTime::now());
        let line = date.line();
        assert!(line.starts_with(b"Date: ") && line.ends_with(b" GMT\r\n"), "{line:?}");
        assert_eq!(date.date().len(), "Sun, 06 Nov 1994 08:49:37 GMT".len());
        let stale = date.stale;
        assert!(stale > now && stale <= now + Duration::from_secs(1));
        assert!(!date.is_stale(now) && date.is_stale(stale));
    }
}
