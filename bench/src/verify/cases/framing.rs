//! Where a body ends: RFC 9112 6, and the classic ways to make two parsers disagree about it.
//!
//! Each refused message carries a second request behind the first. It must never get a response: a server
//! that serves it has taken part of a body for a request, which is request smuggling.

use super::{Row, rows};
use crate::verify::case::Level::{Must, Robustness, Should};
use crate::verify::case::{Case, case};

/// Field lines of a POST whose body cannot be told: 400, and the connection ends.
#[rustfmt::skip]
const REFUSED: &[Row] = &[
    ("length-empty", Must, "RFC 9112 6.3", b"Content-Length:", "an empty Content-Length"),
    ("length-plus", Must, "RFC 9112 6.3", b"Content-Length: +5", "a sign"),
    ("length-minus", Must, "RFC 9112 6.3", b"Content-Length: -5", "a sign"),
    ("length-hex", Must, "RFC 9112 6.3", b"Content-Length: 0x5", "a hexadecimal number"),
    ("length-letter", Must, "RFC 9112 6.3", b"Content-Length: 5g", "a letter after the digits"),
    ("length-letters", Must, "RFC 9112 6.3", b"Content-Length: five", "no digits at all"),
    ("length-underscore", Must, "RFC 9112 6.3", b"Content-Length: 1_0", "an underscore, which some number parsers take"),
    ("length-exponent", Must, "RFC 9112 6.3", b"Content-Length: 1e1", "an exponent"),
    ("length-fraction", Must, "RFC 9112 6.3", b"Content-Length: 5.0", "a fraction"),
    ("length-spaces", Must, "RFC 9112 6.3", b"Content-Length: 5 5", "two numbers"),
    ("length-quotes", Must, "RFC 9112 6.3", b"Content-Length: \"5\"", "quotes"),
    ("length-semicolon", Must, "RFC 9112 6.3", b"Content-Length: 5;", "a semicolon"),
    ("length-vertical-tab", Must, "RFC 9112 6.3", b"Content-Length: 5\x0b", "a vertical tab is no white space here"),
    ("length-nul", Must, "RFC 9112 6.3", b"Content-Length: 5\0", "NUL after the digits"),
    ("length-list-unequal", Must, "RFC 9112 6.3", b"Content-Length: 5, 6", "two lengths in a list"),
    ("length-twice-unequal", Must, "RFC 9112 6.3", b"Content-Length: 5\r\nContent-Length: 6", "two lengths"),
    ("length-twice-hidden", Must, "RFC 9112 6.3", b"Content-Length: 60\r\nX-A: 1\r\ncontent-length: 5", "two lengths apart (CL.CL)"),
    ("length-comma", Robustness, "RFC 9112 6.3", b"Content-Length: 5,", "a list of one"),
    ("length-list-equal", Robustness, "RFC 9112 6.3", b"Content-Length: 5, 5", "one length twice in a list (a recipient MAY take it)"),
    ("length-twice-equal", Robustness, "RFC 9112 6.3", b"Content-Length: 5\r\nContent-Length: 5", "one length twice (a recipient MAY take it)"),
    ("length-space-colon", Must, "RFC 9112 5.1", b"Content-Length : 5", "white space before the colon"),
    ("length-folded", Robustness, "RFC 9112 5.2", b"Content-Length:\r\n 5", "a folded Content-Length"),
    ("length-hidden-by-lf", Robustness, "RFC 9112 2.2", b"X-A: 1\nContent-Length: 5", "a length behind a bare LF"),
    ("length-hidden-by-cr", Should, "RFC 9112 2.2", b"X-A: 1\rContent-Length: 5", "a length behind a bare CR"),
    ("coding-and-length", Robustness, "RFC 9112 6.1", b"Transfer-Encoding: chunked\r\nContent-Length: 5", "both framings: the proxy and the server may each read another"),
    ("length-and-coding", Robustness, "RFC 9112 6.1", b"Content-Length: 5\r\nTransfer-Encoding: chunked", "both framings: the proxy and the server may each read another"),
    ("coding-space-colon", Must, "RFC 9112 5.1", b"Content-Length: 5\r\nTransfer-Encoding : chunked", "white space before the colon (TE.TE)"),
    ("coding-tab-colon", Must, "RFC 9112 5.1", b"Content-Length: 5\r\nTransfer-Encoding\t: chunked", "white space before the colon (TE.TE)"),
    ("coding-lf-colon", Should, "RFC 9112 5.1", b"Content-Length: 5\r\nTransfer-Encoding\n: chunked", "a bare LF before the colon (TE.TE)"),
    ("coding-hidden-by-lf", Robustness, "RFC 9112 2.2", b"Content-Length: 5\r\nX: X\nTransfer-Encoding: chunked", "a coding behind a bare LF (TE.TE)"),
    ("coding-hidden-by-cr", Should, "RFC 9112 2.2", b"Content-Length: 5\r\nX: X\rTransfer-Encoding: chunked", "a coding behind a bare CR (TE.TE)"),
    ("coding-folded", Robustness, "RFC 9112 5.2", b"Content-Length: 5\r\nTransfer-Encoding:\r\n chunked", "a folded coding (TE.TE)"),
    ("coding-leading-space", Robustness, "RFC 9112 5.2", b"Content-Length: 5\r\n Transfer-Encoding: chunked", "a line that begins with white space (TE.TE)"),
    ("coding-nul", Should, "RFC 9110 5.5", b"Transfer-Encoding: chunked\0", "NUL after the coding (TE.TE)"),
    ("coding-empty", Robustness, "RFC 9112 6.1", b"Transfer-Encoding:", "an empty list of codings"),
    ("coding-twice", Robustness, "RFC 9112 6.1", b"Transfer-Encoding: chunked, chunked", "chunked twice in a line"),
    ("coding-twice-lines", Robustness, "RFC 9112 6.1", b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "chunked twice on two lines"),
    ("coding-chunked-first", Robustness, "RFC 9112 6.3", b"Transfer-Encoding: chunked, gzip", "chunked, but not last"),
    ("coding-chunked-first-lines", Robustness, "RFC 9112 6.3", b"Transfer-Encoding: chunked\r\nTransfer-Encoding: x", "chunked, but not last, over two lines"),
];

/// Unknown codings: RFC 9112 6.3 demands 400 where the last is not chunked and 6.1 recommends 501 for what
/// is not understood. Both refuse, and the connection must end.
#[rustfmt::skip]
const UNKNOWN: &[(&str, &str)] = &[
    ("gzip", "gzip"), ("identity", "identity"), ("xchunked", "xchunked"), ("chunkedx", "chunkedx"), ("chunk", "chunk"),
    ("quoted", "\"chunked\""), ("parameter", "chunked;q=1"), ("two-words", "chunked chunked"),
    ("gzip-chunked", "gzip, chunked"), ("x-chunked", "x, chunked"), ("identity-chunked", "identity, chunked"),
    ("two-lines", "x\r\nTransfer-Encoding: chunked"), ("chunked-then-gzip", "chunked, gzip"),
];

/// Field lines of a POST whose body is the five bytes that follow, in either framing.
#[rustfmt::skip]
const SERVED: &[(&str, &str, &str)] = &[
    ("length", "Content-Length: 5", "a body with Content-Length"),
    ("length-zeros", "Content-Length: 0005", "leading zeros are digits too"),
    ("length-name-case", "content-LENGTH: 5", "names are compared without case"),
    ("length-padded", "Content-Length: \t 5 \t", "white space around the length"),
];
#[rustfmt::skip]
const CHUNKED: &[(&str, &str, &str)] = &[
    ("chunked", "Transfer-Encoding: chunked", "a body with Transfer-Encoding: chunked"),
    ("chunked-case", "Transfer-Encoding: cHuNKed", "codings are compared without case"),
    ("chunked-padded", "Transfer-Encoding:\t chunked \t", "white space around the coding"),
    ("chunked-empty-after", "Transfer-Encoding: chunked,", "empty elements of a list are ignored"),
    ("chunked-empty-before", "Transfer-Encoding: , chunked", "empty elements of a list are ignored"),
];

/// The request that must not be seen.
const HIDDEN: &str = "GET {get} HTTP/1.1\r\nHost: hidden\r\n\r\n";

pub(super) fn cases() -> Vec<Case> {
    let behind = format!("\r\n\r\n5\r\nhello\r\n0\r\n\r\n{HIDDEN}");
    let unknown = UNKNOWN.iter().map(|(id, coding)| {
        let rule = "a coding that is not understood is refused, and the connection ends";
        let message = format!("{{POST}}Transfer-Encoding: {{|}}{coding}{behind}");
        case(Must, format!("unknown-{id}"), "RFC 9112 6.3", rule, message, "400|501 closed")
    });
    let served = |table: &[(&'static str, &str, &'static str)], body: &str| -> Vec<Case> {
        let message = |fields: &str| format!("{{POST}}{fields}\r\n\r\n{body}");
        let of = |(id, fields, rule): &(&'static str, &str, &'static str)| {
            case(Must, *id, "RFC 9112 6.3", rule, message(fields), "200 open").body("hello")
        };
        table.iter().map(of).collect()
    };
    [
        rows(REFUSED, "{POST}", &behind, "400 closed"),
        unknown.collect(),
        served(SERVED, "he{|}llo"),
        served(CHUNKED, "5\r\nhe{|}llo\r\n0\r\n\r\n"),
        vectors(),
        codings(),
        without(),
    ]
    .concat()
}

/// The vectors with the bodies that make them work, and numbers that overflow.
#[rustfmt::skip]
fn vectors() -> Vec<Case> {
    const CHUNKED: &str = "Transfer-Encoding: chunked";
    // A number that is too large may also be refused with 413: it is a length, and too much.
    let overflow = |id: &str, number: &str| {
        case(Must, id, "RFC 9112 6.3", "a length that overflows is never a small one",
            format!("{{POST}}Content-Length: {number}\r\n\r\nhello{HIDDEN}"), "400|413 closed")
    };
    let both = |id: &str, fields: &str, body: &str| {
        case(Must, id, "RFC 9112 6.1", "both framings: whatever the response, the connection ends and the rest is no request",
            format!("{{POST}}{fields}\r\n\r\n{body}"), "200|400|501 closed")
    };
    let in_1_0 = format!("POST {{echo}} HTTP/1.0\r\nConnection: keep-alive\r\n{CHUNKED}\r\n\r\n0\r\n\r\n{HIDDEN}");
    let length = HIDDEN.len() + 5;
    vec![
        overflow("length-2-64", "18446744073709551616"),
        overflow("length-2-64-and-5", "18446744073709551621"),
        overflow("length-2-32-and-5-wrapped", "340282366920938463463374607431768211461"),
        overflow("length-40-digits", &"9".repeat(40)),
        both("cl-te", &format!("Content-Length: {length}\r\n{CHUNKED}"), &format!("0\r\n\r\n{HIDDEN}")),
        both("te-cl", &format!("{CHUNKED}\r\nContent-Length: 4"), &format!("2c\r\n{HIDDEN}")),
        both("te-te-cl", &format!("{CHUNKED}\r\nContent-Length: 5\r\nTransfer-Encoding: x"), &format!("0\r\n\r\n{HIDDEN}")),
        case(Must, "coding-in-1.0", "RFC 9112 6.1", "Transfer-Encoding in HTTP/1.0 is faulty: the connection ends", &in_1_0, "200|400|501 closed"),
        case(Robustness, "coding-in-1.0-refused", "RFC 9112 6.1", "Transfer-Encoding in HTTP/1.0 is refused", &in_1_0, "400 closed"),
    ]
}

/// Codings that are not understood, where only the status is at stake.
fn codings() -> Vec<Case> {
    let unknown = |(id, coding): (&str, &str)| {
        let message = format!("{{POST}}Transfer-Encoding: {coding}\r\n\r\n0\r\n\r\n{HIDDEN}");
        let rule = "a transfer coding that is not understood: 501";
        case(Should, format!("501-{id}"), "RFC 9112 6.1", rule, message, "501 closed")
    };
    [("gzip", "gzip"), ("gzip-chunked", "gzip, chunked"), ("word", "xchunked")].map(unknown).into()
}

/// No body, or one where few expect it.
#[rustfmt::skip]
fn without() -> Vec<Case> {
    let length = HIDDEN.len() - "{get}".len() + 1;
    let any = "a body has its framing with any method";
    let on = |method: &str, expected: &str| {
        // RFC 9110 9.3.1 lets a server refuse a GET with a body; reading it is what clients expect.
        case(Robustness, format!("body-on-{}", method.to_lowercase()), "RFC 9112 6", any,
            format!("{method} {{get}}{{1.1}}Content-Length: 5\r\n\r\nhel{{|}}lo"), expected)
    };
    vec![
        on("GET", "200 open"),
        on("HEAD", "200 head open"),
        on("DELETE", "200|202|204|403|405|501 open"),
        // The body is long enough for a probe path of one byte; what is left over with longer ones is no request.
        case(Must, "body-on-get-hidden", "RFC 9112 6", "a request inside the body of a GET is no request",
            format!("GET {{get}}{{1.1}}Content-Length: {length}\r\nConnection: close\r\n\r\n{HIDDEN}"), "200|400 closed"),
        case(Robustness, "body-on-get-chunked", "RFC 9112 6", any, "GET {get}{1.1}{chunked}5\r\nhello\r\n0\r\n\r\n", "200 open"),
        case(Must, "none", "RFC 9112 6.3", "a POST with neither framing has no body (or 411)", "{POST}\r\n", "200|204|411"),
        case(Must, "length-zero", "RFC 9112 6.3", "Content-Length: 0 is no body", "{POST}Content-Length: 0\r\n\r\n", "200|204 open").body(""),
        case(Must, "binary", "RFC 9112 6", "a body is bytes, CRLF and NUL among them",
            b"{POST}Content-Length: 10\r\n\r\n\r\n\r\n\0{|}\xff\x80ab\n", "200 open").body(b"\r\n\r\n\0\xff\x80ab\n"),
    ]
}
