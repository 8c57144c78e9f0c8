//! Values on the command line that clap does not know: durations, lists of numbers, header fields.

use anyhow::{Context, Error, Result, bail, ensure};
use std::fmt;
use std::time::Duration;

/// A command line that clap reads and that still cannot be meant: told in one line, with clap's exit status.
#[derive(Debug)]
pub struct Misuse(String);

impl fmt::Display for Misuse {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for Misuse {}

/// What is wrong with a command line, and the remedy.
pub fn misuse(what: impl Into<String>) -> Error {
    Error::new(Misuse(what.into()))
}

/// The exit status of a program that ends with `error`.
pub fn status(error: &Error) -> u8 {
    if error.is::<Misuse>() { 2 } else { 1 }
}

/// A duration: `500ms`, `2s`, `1.5s`, `1m`, `1h`; a bare number is seconds. From a microsecond to a day.
///
/// # Errors
/// Another unit, or out of these bounds.
pub fn duration(text: &str) -> Result<Duration> {
    let seconds = seconds(text)?;
    ensure!((1e-6..=86_400.0).contains(&seconds), "`{text}` is not between 1us and one day");
    Ok(Duration::from_secs_f64(seconds))
}

/// The same, or 0 for none.
///
/// # Errors
/// As [`duration`].
pub fn duration_or_zero(text: &str) -> Result<Duration> {
    if seconds(text)? == 0.0 { Ok(Duration::ZERO) } else { duration(text) }
}

fn seconds(text: &str) -> Result<f64> {
    const UNITS: [(&str, f64); 7] = [
        ("us", 1e-6),
        ("µs", 1e-6),
        ("ms", 1e-3),
        ("s", 1.0),
        ("m", 60.0),
        ("h", 3600.0),
        ("", 1.0),
    ];
    let end = text.find(|character: char| character.is_alphabetic()).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let scale = UNITS.iter().find(|(name, _)| *name == unit);
    let (Ok(number), Some((_, scale))) = (number.parse::<f64>(), scale) else {
        bail!("`{text}` is not a duration; examples: 500ms, 2s, 1m, 1h");
    };
    Ok(number * scale)
}

/// A number of connections or threads: at least 1.
///
/// # Errors
/// No number, or zero.
pub fn count(text: &str) -> Result<usize> {
    let number = text.parse().with_context(|| format!("`{text}` is not a number"))?;
    ensure!(number > 0, "at least 1 is needed");
    Ok(number)
}

/// CPUs by their numbers, rising: `0-3,8`, as the kernel writes them too.
///
/// # Errors
/// Another form, or a number that no CPU has.
pub fn cpus(text: &str) -> Result<Vec<usize>> {
    // The most that Linux can be built for.
    const LIMIT: usize = 8192;
    let mut cpus = Vec::new();
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let ends = first.parse::<usize>().ok().zip(last.parse().ok());
        let ends = ends.filter(|(first, last)| first <= last && *last < LIMIT);
        let (first, last) =
            ends.with_context(|| format!("`{text}` is no list of CPUs such as 0-3,8"))?;
        cpus.extend(first..=last);
    }
    cpus.sort_unstable();
    cpus.dedup();
    Ok(cpus)
}

/// A rate: requests per second, from one in a day or so to a million.
///
/// # Errors
/// No number, or one out of these bounds.
pub fn rate(text: &str) -> Result<f64> {
    let rate: f64 = text.parse().with_context(|| format!("`{text}` is not a number"))?;
    ensure!((1e-5..=1e6).contains(&rate), "a rate is between 0.00001 and 1000000 per second");
    Ok(rate)
}

/// Whether it is a token: a method, or the name of a header field (RFC 9110, section 5.6.2).
pub(crate) fn is_token(text: &[u8]) -> bool {
    let is_one = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    !text.is_empty() && text.iter().all(is_one)
}

/// A header field as curl takes it: `Name: value`.
///
/// # Errors
/// No colon, a name that is no token, or a control character.
pub fn header(text: &str) -> Result<(String, String)> {
    let (name, value) =
        text.split_once(':').with_context(|| format!("`{text}` is not `Name: value`"))?;
    // A line break would smuggle in a second field line, or end the head.
    ensure!(
        !value.contains(|one: char| one.is_control() && one != '\t') && is_token(name.as_bytes()),
        "`{}` is not a header field",
        text.escape_debug()
    );
    Ok((name.to_owned(), value.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        for (text, millis) in [
            ("500ms", 500),
            ("1.5s", 1500),
            ("90s", 90_000),
            ("2m", 120_000),
            ("1h", 3_600_000),
            ("3", 3000),
        ] {
            assert_eq!(duration(text).unwrap(), Duration::from_millis(millis), "{text}");
        }
        for text in
            ["", "s", "25h", "2d", "-1s", "0s", "0.1us", "1s2", "nan", "inf", "1e99s", "90000s"]
        {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn counts() {
        assert_eq!(count("800").unwrap(), 800);
        for text in ["", "0", "-1", "1.5", "x"] {
            assert!(count(text).is_err(), "{text}");
        }
    }

    #[test]
    fn lists_of_cpus() {
        assert_eq!(cpus("8,0-2,1").unwrap(), [0, 1, 2, 8]);
        for text in ["", "-", "1-", "-1", "2-1", "0,", "x", "0-9999", "0-18446744073709551615"] {
            assert!(cpus(text).is_err(), "{text}");
        }
    }

    #[test]
    fn rates() {
        assert_eq!(rate("0.5").unwrap(), 0.5);
        for text in ["0", "-1", "1e-300", "nan", "inf", "x", "2000000"] {
            assert!(rate(text).is_err(), "{text}");
        }
    }

    #[test]
    fn headers() {
        assert_eq!(header("A: b: c").unwrap(), ("A".into(), "b: c".into()));
        assert_eq!(header("A:").unwrap(), ("A".into(), String::new()));
        for text in ["", "A", ": b", "A b: c", "A: b\r\nC: d", "A(b): c", "\u{c4}: b", "A: \u{1}"] {
            assert!(header(text).is_err(), "{text:?}");
        }
    }
}
