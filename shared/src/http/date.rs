//! The Date field: every answer has one (RFC 9110 section 6.6.1), and it changes once a second.

use httpdate::fmt_http_date;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A prepared `Date: ...` line. Formatting a date costs more than answering a small request; copying
/// one costs next to nothing.
#[derive(Clone, Debug)]
pub struct DateLine {
    line: String,
    /// When the second that `line` names is over.
    stale: Instant,
}

impl DateLine {
    /// The line for the current second; `now` is this moment on the monotonic clock.
    pub fn new(now: Instant) -> Self {
        let time = SystemTime::now();
        let into_second = time.duration_since(UNIX_EPOCH).map_or(0, |since| since.subsec_nanos());
        let left = Duration::from_secs(1) - Duration::from_nanos(into_second.into());
        Self { line: format!("Date: {}\r\n", fmt_http_date(time)), stale: now + left }
    }

    /// Makes it anew if its second is over: one comparison nearly always.
    pub fn refresh(&mut self, now: Instant) {
        if now >= self.stale {
            *self = Self::new(now);
        }
    }

    /// The date alone.
    pub(super) fn date(&self) -> &str {
        &self.line["Date: ".len()..self.line.len() - 2]
    }

    /// `Date: Sun, 06 Nov 1994 08:49:37 GMT` and the line end.
    pub(super) fn line(&self) -> &str {
        &self.line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_is_made_anew_when_its_second_is_over() {
        let now = Instant::now();
        let mut date = DateLine::new(now);
        assert!(
            date.line.starts_with("Date: ")
                && date.line.ends_with(" GMT\r\n")
                && date.line.len() == 37
        );
        let stale = date.stale;
        assert!(stale > now && stale <= now + Duration::from_secs(1));
        date.refresh(now);
        assert_eq!(date.stale, stale);
        date.refresh(stale);
        assert!(date.stale > stale);
    }
}
