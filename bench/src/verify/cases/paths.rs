//! Paths: RFC 3986 2.1 and 5.2.4, RFC 9110 4.

use crate::verify::case::Level::{Must, Robustness, Should};
use crate::verify::case::{Case, case};

/// What follows the prefix of the greeting, and the name in its response: segments are split first, decoded after.
#[rustfmt::skip]
const NAMES: &[(&str, &str, &str, &str)] = &[
    ("plain", "ada", "ada", "a dynamic segment"),
    ("escape", "%61d%61", "ada", "an escape is the character it stands for"),
    ("escape-lower-case", "caf%c3%a9", "café", "escapes in either case"),
    ("escape-upper-case", "caf%C3%A9", "café", "escapes in either case"),
    ("space", "a%20b", "a b", "an escaped space"),
    ("plus", "a+b", "a+b", "a plus is no space in a path"),
    ("slash", "a%2Fb", "a/b", "%2F is data, not a separator"),
    ("question", "a%3Fb", "a?b", "%3F begins no query"),
    ("percent", "a%2541", "a%41", "what was decoded is not decoded again"),
    ("query", "ada?b=/c", "ada", "the query is no part of the path"),
];

/// Invalid escapes, and NUL.
#[rustfmt::skip]
const BAD: &[(&str, &str)] = &[
    ("percent-alone", "%"), ("percent-one-digit", "%4"), ("percent-letters", "%zz"), ("percent-half", "%4g"),
    ("percent-unicode", "%u0041"), ("percent-percent", "%%41"), ("nul", "%00"), ("nul-inside", "a%00b"),
];

/// Ways out of the root. None may ever be served; each of several refusals is right.
#[rustfmt::skip]
const ESCAPES: &[(&str, &str)] = &[
    ("dots", "/../../../../../../etc/passwd"), ("escaped-dots", "/%2e%2e/%2e%2e/%2E%2E/%2e%2e/etc/passwd"),
    ("escaped-slashes", "/..%2f..%2f..%2f..%2f..%2fetc%2fpasswd"), ("twice-escaped", "/%252e%252e/%252e%252e/etc/passwd"),
    ("backslashes", "/..\\..\\..\\..\\etc\\passwd"), ("after-segment", "/a/../../../../../../etc/passwd"),
    ("absolute-form", "http://h/../../../../etc/passwd"), ("empty-segments", "//../..//../etc/passwd"),
];

/// Other spellings of the same path: what stands before `{get}`, which begins with a slash.
#[rustfmt::skip]
const SPELLINGS: &[(&str, &str)] = &[
    ("dot", "/."), ("dot-dot", "/a/.."), ("dots-deep", "/a/b/c/../../.."), ("dot-escaped", "/%2e"),
    ("dot-dot-escaped", "/a/%2e%2e"), ("dot-dot-mixed", "/a/.%2E"), ("dot-in-the-middle", "/a/./.."),
];

#[rustfmt::skip]
pub(super) fn cases() -> Vec<Case> {
    let names = NAMES.iter().map(|(id, path, name, rule)| {
        case(Robustness, format!("name-{id}"), "RFC 3986 2.1", rule, format!("GET {{hello}}{path}{{1.1}}\r\n"), "200 open").body(format!("Hello, {name}!"))
    });
    let bad = BAD.iter().map(|(id, path)| {
        case(Robustness, *id, "RFC 3986 2.1", "an invalid escape, and %00: 400", format!("GET /{path}{{1.1}}\r\n"), "400")
    });
    let escapes = ESCAPES.iter().map(|(id, path)| {
        case(Must, format!("out-{id}"), "RFC 9110 17.3", "nothing leaves the root", format!("GET {path}{{1.1}}\r\n"), "400|403|404")
    });
    let spellings = SPELLINGS.iter().map(|(id, before)| {
        case(Should, *id, "RFC 3986 6.2.2", "dot segments are resolved before the path is looked up",
            format!("GET {before}{{get}}{{1.1}}\r\n"), "200 open")
    });
    names.chain(bad).chain(escapes).chain(spellings).chain(others()).collect()
}

#[rustfmt::skip]
fn others() -> Vec<Case> {
    let bad_number = |id: &str, path: &str| {
        // An invalid number may also make the path one that does not exist.
        case(Robustness, id, "RFC 9110 15.5.1", "a number beyond its maximum, or none: 400 or no such path",
            format!("GET {path}{{1.1}}\r\n"), "400|404 open")
    };
    vec![
        case(Should, "missing", "RFC 9110 15.5.5", "no such resource: 404, and no reason to close", "GET /no/such/resource{1.1}\r\n", "404 open"),
        case(Must, "case", "RFC 9110 4.2.3", "paths are case-sensitive", "GET /NO/Such/Resource{1.1}\r\n", "404 open"),
        // RFC 3986 5.2.4 takes `/..` for the root, which is served; a server may also refuse the attempt.
        case(Robustness, "above-root", "RFC 3986 5.2.4", "a way above the root ends at it, or is refused", "GET /..{get}{1.1}\r\n", "200|400|403|404"),
        case(Robustness, "not-utf8", "RFC 3986 2.1", "bytes that are no UTF-8 do no harm", "GET {hello}%ff%fe{1.1}\r\n", "200|400|404"),
        case(Robustness, "name-empty", "RFC 3986 3.3", "an empty segment is a segment, or no such path", "GET {hello}{1.1}\r\n", "200|400|404 open"),
        bad_number("count-beyond", "{count}999999999999"),
        bad_number("count-overflow", "{count}99999999999999999999999999"),
        bad_number("count-word", "{count}many"),
        bad_number("count-minus", "{count}-1"),
        bad_number("sleep-beyond", "{sleep}999999999"),
    ]
}
