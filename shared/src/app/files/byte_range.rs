//! Range requests (RFC 9110 section 14): a range of bytes, or the whole file. A first reading may skip it.

use std::ops::Range;

/// The part of a file that the client is to get.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ByteRange {
    /// No range, an invalid range, or several ranges: a server may always respond with the whole file.
    All,
    Part(Range<u64>),
    /// The range begins behind the end of the file: 416.
    Unsatisfiable,
}

impl ByteRange {
    /// Reads a Range field for a file of `len` bytes.
    pub(super) fn parse(field: Option<&[u8]>, len: u64) -> Self {
        let Some((first, last)) = field.and_then(single).and_then(bounds) else {
            return Self::All;
        };
        match (first, last) {
            (None, None) => Self::All,
            (Some(first), Some(last)) if first > last => Self::All,
            (Some(first), _) if first >= len.max(1) => Self::Unsatisfiable,
            (None, Some(0)) => Self::Unsatisfiable,
            // A Content-Range cannot describe a part of an empty file.
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
fn single(field: &[u8]) -> Option<&str> {
    let (unit, set) = str::from_utf8(field).ok()?.split_once('=')?;
    let mut ranges = set.split(',').map(|range| range.trim_matches([' ', '\t']));
    let mut next = || ranges.find(|range| !range.is_empty());
    let range = next().filter(|_| unit.eq_ignore_ascii_case("bytes"))?;
    next().is_none().then_some(range)
}

/// `first-last`, either of which may be missing.
fn bounds(range: &str) -> Option<(Option<u64>, Option<u64>)> {
    let (first, last) = range.split_once('-')?;
    Some((number(first)?, number(last)?))
}

/// A number of more than 64 bits is beyond every file.
fn number(digits: &str) -> Option<Option<u64>> {
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| (!digits.is_empty()).then(|| digits.parse().unwrap_or(u64::MAX)))
}

#[cfg(test)]
mod tests {
    use super::ByteRange::{self, All, Part, Unsatisfiable};

    #[test]
    fn a_field_asks_for_a_part_for_nothing_or_for_the_whole() {
        for (len, fields, expected) in [
            (10, "bytes=0-4|Bytes=0-4|bytes=0-4,|bytes=, \t,0-4 , ,", Part(0..5)),
            (10, "bytes=5-", Part(5..10)),
            (10, "bytes=-3|BYTES=-3", Part(7..10)),
            (10, "bytes=-99|bytes=0-99999999999999999999999", Part(0..10)),
            (10, "bytes=10-|bytes=-0|bytes=10-,", Unsatisfiable),
            (10, "bytes=5-4|bytes=0-1,3-4|bytes=0-1,,3-4|bytes=,|bytes=|bytes|bytes=-", All),
            (10, "bytes =0-4|bytes=0 - 4|bytes=a-b|bytes=+1-2|lines=1-2|", All),
            (0, "bytes=-5|bytes=0-|bytes=0-0", All),
            (0, "bytes=1-|bytes=-0", Unsatisfiable),
        ] {
            for field in fields.split('|') {
                assert_eq!(ByteRange::parse(Some(field.as_bytes()), len), expected, "{field}");
            }
        }
        assert_eq!(ByteRange::parse(None, 10), All);
    }
}
