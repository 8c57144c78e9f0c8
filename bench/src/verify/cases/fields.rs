//! Field lines and Host: RFC 9112 3.2 and 5, RFC 9110 5.

use super::{Row, rows};
use crate::verify::case::Level::{Must, Robustness, Should};
use crate::verify::case::{Case, case};

/// Each stands as a field line after Host: 400, and the connection ends.
///
/// RFC 9112 2.2: a server SHOULD respond with 400 to what does not match the grammar.
#[rustfmt::skip]
const REFUSED: &[Row] = &[
    ("space-before-colon", Must, "RFC 9112 5.1", b"X-A : 1", "white space before the colon"),
    ("tab-before-colon", Must, "RFC 9112 5.1", b"X-A\t: 1", "white space before the colon"),
    ("no-name", Should, "RFC 9112 5", b": 1", "a field line with no name"),
    ("no-colon", Should, "RFC 9112 5", b"X-A", "a line with no colon is not dropped: a proxy may have read it otherwise"),
    ("name-space", Should, "RFC 9110 5.1", b"X A: 1", "a space in a name"),
    ("name-parenthesis", Should, "RFC 9110 5.1", b"X(A: 1", "a delimiter in a name"),
    ("name-slash", Should, "RFC 9110 5.1", b"X/A: 1", "a delimiter in a name"),
    ("name-at", Should, "RFC 9110 5.1", b"X@A: 1", "a delimiter in a name"),
    ("name-quotes", Should, "RFC 9110 5.1", b"\"X\": 1", "quotes in a name"),
    ("name-bracket", Should, "RFC 9110 5.1", b"X[A: 1", "a delimiter in a name"),
    ("name-semicolon", Should, "RFC 9110 5.1", b"X;A: 1", "a delimiter in a name"),
    ("name-control", Should, "RFC 9110 5.1", b"X\x01A: 1", "a control character in a name"),
    ("name-delete", Should, "RFC 9110 5.1", b"X\x7fA: 1", "DEL in a name"),
    ("name-nul", Should, "RFC 9110 5.1", b"X\0A: 1", "NUL in a name"),
    ("name-non-ascii", Should, "RFC 9110 5.1", b"X\xe9A: 1", "a byte beyond ASCII in a name"),
    ("fold-space", Robustness, "RFC 9112 5.2", b"X-A: 1\r\n 2", "a folded line (400, or unfolded: refusing is safer)"),
    ("fold-tab", Robustness, "RFC 9112 5.2", b"X-A: 1\r\n\t2", "a folded line"),
    ("fold-empty", Robustness, "RFC 9112 5.2", b"X-A: 1\r\n ", "a folded line with nothing in it"),
    ("nul-in-value", Should, "RFC 9110 5.5", b"X-A: a\0b", "NUL in a value"),
    ("cr-in-value", Should, "RFC 9110 5.5", b"X-A: a\rb", "a bare CR in a value"),
    ("cr-before-crlf", Should, "RFC 9112 2.2", b"X-A: a\r", "a bare CR before the line's end"),
    ("control-in-value", Robustness, "RFC 9110 5.5", b"X-A: a\x01b", "a control character in a value"),
    ("escape-in-value", Robustness, "RFC 9110 5.5", b"X-A: a\x1b[2Jb", "an escape sequence in a value"),
    ("delete-in-value", Robustness, "RFC 9110 5.5", b"X-A: a\x7fb", "DEL in a value"),
    ("lf-as-end", Robustness, "RFC 9112 2.2", b"X-A: a\nX-B: b", "a bare LF ends no field line"),
    ("lf-then-crlf", Robustness, "RFC 9112 2.2", b"X-A: a\n", "a bare LF ends no field line"),
];

/// Each stands as a field line after Host and must be taken as it is.
#[rustfmt::skip]
const SERVED: &[Row] = &[
    ("value-tab", Must, "RFC 9110 5.5", b"X-A: a\tb", "a tab in a value"),
    ("value-non-ascii", Must, "RFC 9110 5.5", b"X-A: \x80\xe9\xff", "bytes 0x80 to 0xFF in a value are opaque"),
    ("value-utf8", Must, "RFC 9110 5.5", "X-A: h\u{e9}llo \u{1f40b}".as_bytes(), "UTF-8 in a value"),
    ("value-colons", Must, "RFC 9112 5", b"X-A: :b:c", "the first colon ends the name"),
    ("value-empty", Must, "RFC 9112 5", b"X-A:", "an empty value"),
    ("value-blank", Must, "RFC 9112 5", b"X-A: \t ", "a value of white space alone is empty"),
    ("value-no-space", Must, "RFC 9112 5", b"X-A:1", "no white space after the colon"),
    ("value-much-space", Must, "RFC 9112 5.1", b"X-A: \t\t  1 \t ", "much white space around a value"),
    ("name-all-token", Must, "RFC 9110 5.1", b"!#$%&'*+-.^_`|~09azAZ: 1", "every character that a name may have"),
    ("repeated", Must, "RFC 9110 5.3", b"X-A: 1\r\nX-A: 2\r\nx-a: 1", "a field of no meaning here may be repeated"),
];

/// Each is a Host that is no `uri-host [":" port]`: RFC 9112 3.2 demands 400. The RFC leaves the connection open or closed.
#[rustfmt::skip]
const BAD_HOSTS: &[(&str, &str)] = &[
    ("user-info", "user@h"), ("port-letters", "h:8x"), ("port-minus", "h:-1"), ("ports", "h:80:80"),
    ("bracket-open", "[::1"), ("bracket-close", "::1]"), ("bracket-tail", "[::1]x"), ("ipv6-wrong", "[gg::1]"),
    ("ipv6-bare", "::1"), ("slash", "h/x"), ("query", "h?x"), ("fragment", "h#x"), ("space", "a b"), ("list", "a, b"),
    ("angle", "<h>"), ("quotes", "\"h\""), ("backslash", "h\\x"),
];

/// Each is a Host that RFC 9110 7.2 allows.
#[rustfmt::skip]
const GOOD_HOSTS: &[(&str, &str)] = &[
    ("name", "www.example.com"), ("port", "h:8080"), ("port-empty", "h:"), ("ipv4", "127.0.0.1:80"),
    ("ipv6", "[::1]"), ("ipv6-port", "[2001:db8::1]:8080"), ("unreserved", "a_b.c-d~e"), ("padded", " \t h \t "),
];

pub(super) fn cases() -> Vec<Case> {
    const BEFORE: &str = "GET {get}{1.1}";
    const AFTER: &str = "\r\n\r\n";
    let bad = BAD_HOSTS.iter().map(|(id, host)| {
        let message = format!("GET {{get}} HTTP/1.1\r\nHost: {{|}}{host}\r\n\r\n");
        let (id, rule) = (format!("host-{id}"), "an invalid Host is refused with 400");
        case(Must, id, "RFC 9112 3.2", rule, message, "400")
    });
    let good = GOOD_HOSTS.iter().map(|(id, host)| {
        let message = format!("GET {{get}} HTTP/1.1\r\nHost:{{|}}{host}\r\n\r\n");
        let (id, rule) = (format!("host-good-{id}"), "a valid Host is accepted");
        case(Must, id, "RFC 9110 7.2", rule, message, "200 open")
    });
    let lines =
        [rows(REFUSED, BEFORE, AFTER, "400 closed"), rows(SERVED, BEFORE, AFTER, "200 open")];
    lines.concat().into_iter().chain(bad).chain(good).chain(hosts()).chain(others()).collect()
}

/// How many Hosts there may be: one in HTTP/1.1, one at most in HTTP/1.0.
#[rustfmt::skip]
fn hosts() -> Vec<Case> {
    let host = |id: &str, head: &str| {
        case(Must, format!("host-{id}"), "RFC 9112 3.2", "exactly one Host in HTTP/1.1, or 400", format!("{head}\r\n\r\n"), "400")
    };
    vec![
        host("missing", "GET {get} HTTP/1.1"),
        host("missing-absolute", "GET http://h{get} HTTP/1.1"),
        host("twice", "GET {get} HTTP/1.1\r\nHost: a\r\nHost: b"),
        host("twice-equal", "GET {get} HTTP/1.1\r\nHost: a\r\nHost: a"),
        host("twice-apart", "GET {get} HTTP/1.1\r\nHost: a\r\nX-A: 1\r\nhOST: a"),
        host("twice-1.0", "GET {get} HTTP/1.0\r\nHost: a\r\nHost: b"),
        host("twice-absolute", "GET http://a{get} HTTP/1.1\r\nHost: a\r\nHost: b"),
        case(Must, "host-none-1.0", "RFC 9112 3.2", "HTTP/1.0 is served, and needs no Host", "GET {get} HTTP/1.0\r\n\r\n", "200 closed"),
        case(Robustness, "host-empty", "RFC 9112 3.2", "an empty Host is what a URI without authority has",
            "GET {get} HTTP/1.1\r\nHost:\r\n\r\n", "200 open"),
    ]
}

#[rustfmt::skip]
fn others() -> Vec<Case> {
    vec![
        case(Must, "name-case", "RFC 9110 5.1", "names are compared without case",
            "GET {get} HTTP/1.1\r\nhOsT: h\r\ncONNECTION: close\r\n\r\n", "200 says-close closed"),
        case(Must, "value-trimmed", "RFC 9112 5.1", "white space around a value is no part of it",
            "GET {get}{1.1}Connection:\t close \t \r\n\r\n", "200 says-close closed"),
        case(Must, "space-after-line", "RFC 9112 2.2", "white space before the first field: rejected, or those lines skipped",
            "GET {get} HTTP/1.1\r\n Connection: close\r\nHost: h\r\n\r\n", "200|400"),
        case(Robustness, "space-after-line-refused", "RFC 9112 2.2", "white space before the first field is refused",
            "GET {get} HTTP/1.1\r\n Host: h\r\nHost: h\r\n\r\n", "400 closed"),
        case(Must, "long-value", "RFC 9110 5.4", "a value of 4000 bytes, as cookies have",
            format!("GET {{get}}{{1.1}}Cookie: {}\r\n\r\n", "c".repeat(4000)), "200 open"),
        case(Must, "unknown", "RFC 9110 5.1", "unknown fields are ignored",
            "GET {get}{1.1}X-Unknown: ?\r\nSec-Fetch-Mode: cors\r\n\r\n", "200 open"),
    ]
}
