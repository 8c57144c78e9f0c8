//! The head parser, as a client of the crate sees it: every prefix of a good head is incomplete, and
//! how the bytes were cut into reads never shows.

#[path = "common/reads.rs"]
mod reads;

use reads::{STEP, reads};
use shared::http::head::{Head, HeadParser};
use shared::http::{Limits, RequestHead};
use shared::http::{Method, RequestError, Version};

type Outcome = Result<Option<(Head, usize)>, RequestError>;

/// The parser lends its head; a test keeps it.
fn owned(outcome: Result<Option<(&Head, usize)>, RequestError>) -> Outcome {
    outcome.map(|complete| complete.map(|(head, used)| (head.clone(), used)))
}

/// The parser's results for the first bytes up to each of `ends`, one after the other.
fn parse(bytes: &[u8], ends: impl IntoIterator<Item = usize>) -> Outcome {
    let (mut parser, limits) = (HeadParser::default(), Limits::default());
    let mut ends = ends.into_iter();
    let undecided = |end| owned(parser.parse(&bytes[..end], &limits)).transpose();
    ends.find_map(undecided).transpose()
}

/// [`STEP`] in texts of 8 KiB and more.
const LONG_STEP: usize = if cfg!(miri) { 400 } else { 1 };

/// A status stands for an error, and `None` for a head that is incomplete.
fn status(outcome: &Outcome) -> Option<u16> {
    match outcome {
        Ok(Some(_)) => Some(200),
        Ok(None) => None,
        Err(error) => Some(error.status.code),
    }
}

const VALID: [&str; 14] = [
    "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET / HTTP/1.0\r\n\r\n",
    "GET /a/b?c=d&e=%20 HTTP/1.1\r\nHost: example.org:8080\r\nAccept: */*\r\n\r\n",
    "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "HEAD / HTTP/1.9\r\nhost:\r\n\r\n",
    "POST /echo HTTP/1.1\r\nHOST: a\r\nContent-Length: 5\r\n\r\n",
    "POST /echo HTTP/1.1\r\nHost:a\r\nTransfer-Encoding: ChunKed\r\n\r\n",
    "PUT /x HTTP/1.1\r\nHost: [::1]:80\r\nExpect: 100-continue\r\nContent-Length: 00\r\n\r\n",
    "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET http://example.org/x?y HTTP/1.1\r\nHost: other\r\n\r\n",
    "GET http://example.org HTTP/1.1\r\nHost: a\r\n\r\n",
    "BREW /pot HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: \t a \t \r\nX: a\tb\u{e9}\"\r\nX:\r\nX: :\r\n\r\n",
    "GET / HTTP/1.1\r\nConnection: a, ,close\r\nConnection: keep-alive\r\nHost: a\r\n\r\n",
];

/// No limit makes of a method that is served one that is longer than any.
#[test]
fn a_request_line_beyond_the_smallest_limit_is_414() {
    for (max, line) in
        (0..16).flat_map(|max| [(max, "GET / HTTP/1.1"), (max, "OPTIONS * HTTP/1.1")])
    {
        let limits = Limits { max_request_line: max.min(line.len() - 1), ..Limits::default() };
        let head = format!("{line}\r\nHost: a\r\n\r\n");
        let outcome = owned(HeadParser::default().parse(head.as_bytes(), &limits));
        assert_eq!(status(&outcome), Some(414), "{line} beyond {max}");
    }
}

#[test]
fn a_limit_that_no_head_reaches_is_no_limit() {
    for max in [usize::MAX, usize::MAX - 1, usize::MAX - 2] {
        let limits =
            Limits { max_request_line: max, max_head: max, max_fields: max, ..Limits::default() };
        for text in VALID {
            let mut parser = HeadParser::default();
            let outcome = owned(parser.parse(text.as_bytes(), &limits));
            assert_eq!(status(&outcome), Some(200), "{max}: {text}");
        }
    }
}

#[test]
fn every_prefix_of_a_valid_head_is_incomplete() {
    for text in VALID {
        for length in (0..text.len()).step_by(STEP) {
            let outcome = parse(text.as_bytes(), [length]);
            assert_eq!(status(&outcome), None, "{}", text.as_bytes()[..length].escape_ascii());
        }
        let (_, used) = parse(text.as_bytes(), [text.len()]).unwrap().unwrap();
        assert_eq!(used, text.len(), "{text}");
    }
}

/// The text of a whole outcome: [`Head`] shows all that it knows.
fn shown(bytes: &[u8], ends: impl IntoIterator<Item = usize>) -> String {
    format!("{:?}", parse(bytes, ends))
}

/// Asserts that no way to cut `bytes` in two, and not dripping either, changes what comes out.
fn assert_cuts_do_not_show(bytes: &[u8]) {
    let whole = shown(bytes, [bytes.len()]);
    for cut in (1..bytes.len()).step_by(STEP) {
        assert_eq!(shown(bytes, [cut, bytes.len()]), whole, "cut at {cut}");
    }
    assert_eq!(shown(bytes, reads(bytes.len(), STEP)), whole, "byte by byte");
}

#[test]
fn a_head_cut_in_two_or_dripped_is_the_same_head() {
    for text in VALID {
        assert_cuts_do_not_show(text.as_bytes());
    }
}

#[test]
fn what_follows_a_head_is_left_alone() {
    for text in VALID {
        let more = format!("{text}GET /next HTTP/1.1\r\n\r\n\0");
        let (_, used) = parse(more.as_bytes(), [more.len()]).unwrap().unwrap();
        assert_eq!(used, text.len(), "{text}");
    }
}

#[test]
fn the_parts_of_a_head_are_what_was_sent() {
    let text = VALID[12].as_bytes();
    let (head, _) = parse(text, [text.len()]).unwrap().unwrap();
    assert_eq!((head.method, head.version), (Method::Get, Version::Http11));
    assert_eq!(RequestHead::new(&head, text).target(), Some(&b"/"[..]));
    let values: Vec<_> = RequestHead::new(&head, text).field("x").collect();
    assert_eq!(values, ["a\tb\u{e9}\"".as_bytes(), b"", b":"]);
    assert_eq!(RequestHead::new(&head, text).field("host").collect::<Vec<_>>(), [b"a"]);
    assert_eq!(RequestHead::new(&head, text).field("hos").count(), 0);
}

#[test]
fn a_request_line_may_have_8192_bytes_and_not_one_more() {
    let line = |length: usize| format!("GET /{} HTTP/1.1", "x".repeat(length - 14));
    assert_eq!(line(8192).len(), 8192);
    for (length, expected) in [(8192, 200), (8193, 414), (9000, 414)] {
        let text = format!("{}\r\nHost: a\r\n\r\n", line(length));
        assert_eq!(status(&parse(text.as_bytes(), [text.len()])), Some(expected), "{length}");
        let dripped = parse(text.as_bytes(), reads(text.len(), LONG_STEP));
        assert_eq!(status(&dripped), Some(expected), "{length}");
    }
    let endless = "G".repeat(8195);
    assert_eq!(status(&parse(endless.as_bytes(), [8193])), None);
    assert_eq!(status(&parse(endless.as_bytes(), [8194])), Some(501), "a method without end");
}

#[test]
fn a_head_may_have_16384_bytes_and_not_one_more() {
    let head = |length: usize| {
        let start = "GET / HTTP/1.1\r\nHost: a\r\nX: ";
        format!("{start}{}\r\n\r\n", "x".repeat(length - start.len() - 4))
    };
    for (length, expected) in [(16384, 200), (16385, 431), (20000, 431)] {
        let text = head(length);
        assert_eq!(text.len(), length);
        assert_eq!(status(&parse(text.as_bytes(), [length])), Some(expected), "{length}");
        let dripped = parse(text.as_bytes(), reads(length, LONG_STEP));
        assert_eq!(status(&dripped), Some(expected), "{length}");
    }
}

#[test]
fn a_head_may_have_100_fields_and_not_one_more() {
    for (fields, expected) in [(100, 200), (101, 431)] {
        let text = format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", "X: y\r\n".repeat(fields - 1));
        assert_eq!(status(&parse(text.as_bytes(), [text.len()])), Some(expected), "{fields}");
        let dripped = parse(text.as_bytes(), reads(text.len(), STEP));
        assert_eq!(status(&dripped), Some(expected), "{fields}");
    }
}

#[test]
fn four_empty_lines_before_a_request_are_passed_over_and_not_one_more() {
    for (lines, expected) in [(4, 200), (5, 400)] {
        let text = format!("{}GET / HTTP/1.0\r\n\r\n", "\r\n".repeat(lines));
        assert_eq!(status(&parse(text.as_bytes(), [text.len()])), Some(expected), "{lines}");
    }
}

/// A head that breaks two rules, one of them beyond a limit: a large read shows both at once, and a
/// dripping one only the first.
#[test]
fn which_of_two_faults_is_told_does_not_depend_on_the_cuts() {
    let filler = "x".repeat(8300);
    let line = |method: &str, target: &str, version: &str| {
        format!("{method} /{target} {version}\r\nHost: a\r\n\r\n")
    };
    let lines = 40;
    let fields = format!("X: {}\r\n", "y".repeat(400)).repeat(lines);
    let late = format!("GET / HTTP/1.1\r\nHost: a\r\n{fields}");
    for (text, expected) in [
        (line("GET", &format!("{filler}\0"), "HTTP/1.1"), 414),
        (line("GET", &filler, "HTTP/2.0"), 414),
        (line("CONNECT", &filler, "HTTP/1.1"), 414),
        (line(&filler, "", "HTTP/1.1"), 501),
        (line("GET", &format!("\0{filler}"), "HTTP/1.1"), 400),
        (format!("{late}Y: {}\0\r\n\r\n", "z".repeat(400)), 431),
        (format!("{late}\0{}", "z".repeat(400)), 400),
        (format!("{late}Y: \0{}", "z".repeat(400)), 400),
    ] {
        for step in [1, 7, 1000, text.len()].into_iter().filter(|&step| step >= LONG_STEP) {
            let found = status(&parse(text.as_bytes(), reads(text.len(), step)));
            assert_eq!(found, Some(expected), "steps of {step}: {}", &text[..30]);
        }
    }
}
