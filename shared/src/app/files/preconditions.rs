//! Conditional requests (RFC 9110 section 13): "only if it has changed", "only if it has not". A first reading may
//! skip it.

use httpdate::HttpDate;
use std::borrow::Cow;

/// The result of a request's conditions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Precondition {
    Proceed,
    /// 304.
    NotModified,
    /// 412.
    Failed,
}

impl Precondition {
    /// Evaluates the conditions for a file, in the order of section 13.2.2: where there is an entity tag, the date does
    /// not count. `field` gives the value of a request field by its name.
    pub(super) fn evaluate<'a>(
        field: impl Fn(&'static str) -> Option<Cow<'a, [u8]>>,
        etag: &str,
        modified: HttpDate,
    ) -> Self {
        let holds = match (field("if-match"), field("if-unmodified-since")) {
            (Some(tags), _) => list_has(&tags, etag, false),
            (None, Some(date)) => parse(&date).is_none_or(|date| modified <= date),
            (None, None) => true,
        };
        let is_known = match (field("if-none-match"), field("if-modified-since")) {
            (Some(tags), _) => list_has(&tags, etag, true),
            (None, Some(date)) => parse(&date).is_some_and(|date| modified <= date),
            (None, None) => false,
        };
        match (holds, is_known) {
            (false, _) => Self::Failed,
            (true, true) => Self::NotModified,
            (true, false) => Self::Proceed,
        }
    }
}

/// Whether a range of the file as it is now fits the part that the client has (section 13.1.5). Only a strong tag
/// can say so: a file may change twice within a second, and a program may set its date back, so that a date
/// is a weak validator here (section 8.8.2.2), with which the client gets the whole file.
pub(super) fn allows_range(if_range: Option<Cow<'_, [u8]>>, etag: &str) -> bool {
    if_range.is_none_or(|tag| *tag == *etag.as_bytes())
}

/// Whether a list of entity tags, or `*`, has `etag`. `weak`: a `W/` in front does not matter.
fn list_has(tags: &[u8], etag: &str, weak: bool) -> bool {
    let same = |tag: &[u8]| {
        let tag = tag.trim_ascii();
        tag.strip_prefix(b"W/").filter(|_| weak).unwrap_or(tag) == etag.as_bytes()
    };
    // Our own tags hold no comma, so cutting at commas inside a foreign tag cannot make it equal to ours. It can make a
    // `*` of it, which stands for any tag only where it is the whole value.
    tags == b"*" || tags.split(|&byte| byte == b',').any(same)
}

fn parse(date: &[u8]) -> Option<HttpDate> {
    str::from_utf8(date).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, SystemTime};

    const ETAG: &str = "\"1-2-3\"";
    const THEN: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
    const BEFORE: &str = "Sun, 06 Nov 1994 08:49:36 GMT";

    fn evaluate(fields: &[(&str, &'static str)]) -> Precondition {
        let modified = SystemTime::UNIX_EPOCH + Duration::from_millis(784_111_777_900);
        let field = |name| {
            let found = fields.iter().find(|(found, _)| *found == name);
            found.map(|(_, value)| Cow::Borrowed(value.as_bytes()))
        };
        Precondition::evaluate(field, ETAG, modified.into())
    }

    #[test]
    fn tags_come_before_dates() {
        use Precondition::{Failed, NotModified, Proceed};
        assert_eq!(evaluate(&[("if-none-match", "\"x\""), ("if-modified-since", THEN)]), Proceed);
        assert_eq!(evaluate(&[]), Proceed);
        for (name, value, expected) in [
            ("if-none-match", ETAG, NotModified),
            ("if-none-match", "\"x\", W/\"1-2-3\"", NotModified),
            ("if-none-match", "*", NotModified),
            ("if-none-match", "\"a,*,b\"", Proceed),
            ("if-modified-since", THEN, NotModified),
            ("if-modified-since", BEFORE, Proceed),
            ("if-modified-since", "yesterday", Proceed),
            ("if-match", ETAG, Proceed),
            ("if-match", "W/\"1-2-3\"", Failed),
            ("if-match", "*", Proceed),
            ("if-match", "\"a,*,b\"", Failed),
            ("if-unmodified-since", THEN, Proceed),
            ("if-unmodified-since", BEFORE, Failed),
            ("if-unmodified-since", "yesterday", Proceed),
        ] {
            assert_eq!(evaluate(&[(name, value)]), expected, "{name}: {value}");
        }
    }

    #[test]
    fn only_the_strong_tag_allows_a_range() {
        assert!(allows_range(None, ETAG));
        for (value, expected) in
            [(ETAG, true), ("W/\"1-2-3\"", false), ("\"x\"", false), ("*", false), (THEN, false)]
        {
            assert_eq!(allows_range(Some(Cow::Borrowed(value.as_bytes())), ETAG), expected);
        }
    }
}
