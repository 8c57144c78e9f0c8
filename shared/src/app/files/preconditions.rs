//! Conditional requests (RFC 9110 section 13): "only if it has changed", "only if it has not".

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

/// The conditions of a request.
pub(super) struct Preconditions<'a> {
    if_match: Option<Cow<'a, [u8]>>,
    if_unmodified_since: Option<Cow<'a, [u8]>>,
    if_none_match: Option<Cow<'a, [u8]>>,
    if_modified_since: Option<Cow<'a, [u8]>>,
    if_range: Option<Cow<'a, [u8]>>,
}

/// What they come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Precondition {
    Proceed,
    NotModified,
    Failed,
}

impl<'a> Preconditions<'a> {
    pub(super) fn of(field: impl Fn(&'static str) -> Option<Cow<'a, [u8]>>) -> Self {
        Self {
            if_match: field("if-match"),
            if_unmodified_since: field("if-unmodified-since"),
            if_none_match: field("if-none-match"),
            if_modified_since: field("if-modified-since"),
            if_range: field("if-range"),
        }
    }

    /// In the order of section 13.2.2: an entity tag, where there is one, makes the date of no account.
    pub(super) fn judge(&self, etag: &str, modified: SystemTime) -> Precondition {
        let fresh = match (&self.if_match, &self.if_unmodified_since) {
            (Some(tags), _) => names(tags, etag, false),
            (None, Some(date)) => parse(date).is_none_or(|date| whole_seconds(modified) <= date),
            (None, None) => true,
        };
        if !fresh {
            return Precondition::Failed;
        }
        let known = match (&self.if_none_match, &self.if_modified_since) {
            (Some(tags), _) => names(tags, etag, true),
            (None, Some(date)) => parse(date).is_some_and(|date| whole_seconds(modified) <= date),
            (None, None) => false,
        };
        if known { Precondition::NotModified } else { Precondition::Proceed }
    }

    /// Whether a range of the file as it is now fits what the client has (section 13.1.5). Only a strong tag
    /// tells: a file may change twice within a second, and a program may set its date back, so that a date
    /// is a weak validator here (section 8.8.2.2), with which the client gets the whole file.
    pub(super) fn allow_range(&self, etag: &str) -> bool {
        self.if_range.as_deref().is_none_or(|tag| tag == etag.as_bytes())
    }
}

/// Whether a list of entity tags, or `*`, names ours. `weak`: a `W/` in front does not matter.
fn names(tags: &[u8], etag: &str, weak: bool) -> bool {
    let same = |tag: &[u8]| {
        let tag = tag.trim_ascii();
        tag == b"*" || tag.strip_prefix(b"W/").filter(|_| weak).unwrap_or(tag) == etag.as_bytes()
    };
    // Our own tags hold no comma, so cutting at commas inside a foreign one cannot make it look like ours.
    tags.split(|&byte| byte == b',').any(same)
}

fn parse(date: &[u8]) -> Option<SystemTime> {
    httpdate::parse_http_date(str::from_utf8(date).ok()?).ok()
}

/// An HTTP date has no fractions of a second, so neither has what it is compared with.
fn whole_seconds(time: SystemTime) -> SystemTime {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    SystemTime::UNIX_EPOCH + Duration::from_secs(since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ETAG: &str = "\"1-2-3\"";

    fn conditions<'a>(fields: &'a [(&str, &str)]) -> Preconditions<'a> {
        Preconditions::of(|name| {
            let found = fields.iter().find(|(found, _)| *found == name);
            found.map(|(_, value)| Cow::Borrowed(value.as_bytes()))
        })
    }

    fn judge(fields: &[(&str, &str)]) -> Precondition {
        let modified = SystemTime::UNIX_EPOCH + Duration::from_millis(784_111_777_900);
        conditions(fields).judge(ETAG, modified)
    }

    const THEN: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
    const BEFORE: &str = "Sun, 06 Nov 1994 08:49:36 GMT";

    #[test]
    fn tags_come_before_dates() {
        for (fields, verdict) in [
            (&[][..], Precondition::Proceed),
            (&[("if-none-match", ETAG)], Precondition::NotModified),
            (&[("if-none-match", "\"x\", W/\"1-2-3\"")], Precondition::NotModified),
            (&[("if-none-match", "*")], Precondition::NotModified),
            (&[("if-none-match", "\"x\""), ("if-modified-since", THEN)], Precondition::Proceed),
            (&[("if-modified-since", THEN)], Precondition::NotModified),
            (&[("if-modified-since", BEFORE)], Precondition::Proceed),
            (&[("if-modified-since", "yesterday")], Precondition::Proceed),
            (&[("if-match", ETAG)], Precondition::Proceed),
            (&[("if-match", "W/\"1-2-3\"")], Precondition::Failed),
            (&[("if-unmodified-since", THEN)], Precondition::Proceed),
            (&[("if-unmodified-since", BEFORE)], Precondition::Failed),
        ] {
            assert_eq!(judge(fields), verdict, "{fields:?}");
        }
    }

    #[test]
    fn only_the_strong_tag_lets_a_range_be_put_to_what_the_client_has() {
        assert!(conditions(&[]).allow_range(ETAG));
        for (if_range, expected) in
            [(ETAG, true), ("W/\"1-2-3\"", false), ("\"x\"", false), ("*", false), (THEN, false)]
        {
            assert_eq!(conditions(&[("if-range", if_range)]).allow_range(ETAG), expected);
        }
    }
}
