//! Range requests (RFC 9110 section 14): one range of bytes, or the whole file.

use std::ops::Range;

/// What of a file the client is to get.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ByteRange {
    /// No range, none that is understood, or several: a server may always answer with the whole.
    All,
    Part(Range<u64>),
    /// A range that lies behind the end.
    Nothing,
}

impl ByteRange {
    /// Reads a Range field for a file of `len` bytes.
    pub(super) fn of(field: Option<&[u8]>, len: u64) -> Self {
        let Some((first, last)) = field.and_then(single).and_then(bounds) else {
            return Self::All;
        };
        match (first, last) {
            (None, None) => Self::All,
            (Some(first), Some(last)) if first > last => Self::All,
            (Some(first), _) if first >= len.max(1) => Self::Nothing,
            (None, Some(0)) => Self::Nothing,
            // From its beginning or its end, all of an empty file is nothing: 206 has no words for that.
            _ if len == 0 => Self::All,
            (Some(first), last) => {
                Self::Part(first..last.map_or(len, |last| len.min(last.saturating_add(1))))
            }
            (None, Some(length)) => Self::Part(len.saturating_sub(length)..len),
        }
    }
}

/// The only range of the set, if there is one. The unit's name may be in any case, and a list may have empty
/// elements (RFC 9110 sections 14.1 and 5.6.1).
fn single(field: &[u8]) -> Option<&[u8]> {
    let (unit, set) = field.split_at_checked(b"bytes=".len())?;
    let mut ranges = set.split(|&byte| byte == b',').map(<[u8]>::trim_ascii);
    let mut next = || ranges.find(|range| !range.is_empty());
    let range = next().filter(|_| unit.eq_ignore_ascii_case(b"bytes="))?;
    next().is_none().then_some(range)
}

/// `first-last`, either of which may be missing. A number of more than 64 bits is beyond every file.
fn bounds(set: &[u8]) -> Option<(Option<u64>, Option<u64>)> {
    let dash = set.iter().position(|&byte| byte == b'-')?;
    Some((number(&set[..dash])?, number(&set[dash + 1..])?))
}

fn number(digits: &[u8]) -> Option<Option<u64>> {
    if digits.is_empty() {
        return Some(None);
    }
    let text = str::from_utf8(digits)
        .ok()
        .filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))?;
    Some(Some(text.parse().unwrap_or(u64::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        for (field, wanted) in [
            ("bytes=0-4", ByteRange::Part(0..5)),
            ("bytes=5-", ByteRange::Part(5..10)),
            ("bytes=-3", ByteRange::Part(7..10)),
            ("bytes=-99", ByteRange::Part(0..10)),
            ("bytes=0-99999999999999999999999", ByteRange::Part(0..10)),
            ("bytes=10-", ByteRange::Nothing),
            ("bytes=-0", ByteRange::Nothing),
            ("bytes=5-4", ByteRange::All),
            ("Bytes=0-4", ByteRange::Part(0..5)),
            ("BYTES=-3", ByteRange::Part(7..10)),
            ("bytes=0-4,", ByteRange::Part(0..5)),
            ("bytes=, \t,0-4 , ,", ByteRange::Part(0..5)),
            ("bytes=10-,", ByteRange::Nothing),
            ("bytes=0-1,3-4", ByteRange::All),
            ("bytes=0-1,,3-4", ByteRange::All),
            ("bytes=,", ByteRange::All),
            ("bytes=", ByteRange::All),
            ("bytes", ByteRange::All),
            ("bytes =0-4", ByteRange::All),
            ("bytes=0 - 4", ByteRange::All),
            ("bytes=-", ByteRange::All),
            ("bytes=a-b", ByteRange::All),
            ("bytes=+1-2", ByteRange::All),
            ("lines=1-2", ByteRange::All),
        ] {
            assert_eq!(ByteRange::of(Some(field.as_bytes()), 10), wanted, "{field}");
        }
        assert_eq!(ByteRange::of(None, 10), ByteRange::All);
    }

    #[test]
    fn an_empty_file_is_answered_whole_from_its_beginning_and_from_its_end() {
        for (field, wanted) in [
            ("bytes=-5", ByteRange::All),
            ("bytes=0-", ByteRange::All),
            ("bytes=0-0", ByteRange::All),
            ("bytes=1-", ByteRange::Nothing),
            ("bytes=-0", ByteRange::Nothing),
        ] {
            assert_eq!(ByteRange::of(Some(field.as_bytes()), 0), wanted, "{field}");
        }
    }
}
