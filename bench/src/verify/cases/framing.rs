//! Where a body ends: RFC 9112 6, and the classic ways to make two parsers disagree about it.
//!
//! Each refused message carries a second request behind the first. It must never be answered: whoever answers it
//! has taken part of a body for a request, which is what request smuggling is.

use super::super::case::Level::{Must, Robustness, Should};
use super::super::case::{Case, End, must, robust, should};
use super::{Row, row};

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
    ("coding-and-length", Robustness, "RFC 9112 6.1", b"Transfer-Encoding: chunked\r\nContent-Length: 5", "both framings: who reads which?"),
    ("length-and-coding", Robustness, "RFC 9112 6.1", b"Content-Length: 5\r\nTransfer-Encoding: chunked", "both framings: who reads which?"),
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

/// Codings that nobody knows: RFC 9112 6.3 demands 400 where the last is not chunked and 6.1 recommends 501 for what
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
const POST: &str = "POST {echo} HTTP/1.1\r\nHost: h\r\n";

pub(super) fn cases() -> Vec<Case> {
    let behind = format!("\r\n\r\n5\r\nhello\r\n0\r\n\r\n{HIDDEN}");
    let refused = REFUSED.iter().map(|line| row("framing", line, POST, &behind).refused(&[400]));
    let unknown = UNKNOWN.iter().map(|(name, coding)| {
        must(
            format!("framing/unknown-{name}"),
            "RFC 9112 6.3",
            "a coding that is not understood is refused, and the connection ends",
        )
        .send(format!("{POST}Transfer-Encoding: {{|}}{coding}{behind}"))
        .refused(&[400, 501])
    });
    let served = |fields: &str, id: &str, rule: &'static str, body: &str| {
        must(format!("framing/{id}"), "RFC 9112 6.3", rule)
            .send(format!("{POST}{fields}\r\n\r\n{body}"))
            .served()
            .body("hello")
    };
    let length = SERVED.iter().map(|(id, fields, rule)| served(fields, id, rule, "he{|}llo"));
    let chunked = CHUNKED
        .iter()
        .map(|(id, fields, rule)| served(fields, id, rule, "5\r\nhe{|}llo\r\n0\r\n\r\n"));
    refused
        .chain(unknown)
        .chain(length)
        .chain(chunked)
        .chain(vectors())
        .chain(codings())
        .chain(without())
        .collect()
}

/// The vectors with the bodies that make them work, and numbers that overflow.
fn vectors() -> Vec<Case> {
    // A number that is too large may also be answered 413: it is a length, and too much.
    let overflow = |id: &str, number: &str| {
        must(
            format!("framing/{id}"),
            "RFC 9112 6.3",
            "a length that overflows is never a small one",
        )
        .send(format!("{POST}Content-Length: {number}\r\n\r\nhello{HIDDEN}"))
        .refused(&[400, 413])
    };
    let rule =
        "both framings: whatever is answered, the connection ends and the rest is no request";
    let both = |id: &str, fields: &str, body: &str| {
        must(format!("framing/{id}"), "RFC 9112 6.1", rule)
            .send(format!("{POST}{fields}\r\n\r\n{body}"))
            .refused(&[200, 400, 501])
    };
    let (chunked, length) = ("Transfer-Encoding: chunked", HIDDEN.len() + 5);
    vec![
        overflow("length-2-64", "18446744073709551616"),
        overflow("length-2-64-and-5", "18446744073709551621"),
        overflow("length-2-32-and-5-wrapped", "340282366920938463463374607431768211461"),
        overflow("length-40-digits", &"9".repeat(40)),
        both(
            "cl-te",
            &format!("Content-Length: {length}\r\n{chunked}"),
            &format!("0\r\n\r\n{HIDDEN}"),
        ),
        both("te-cl", &format!("{chunked}\r\nContent-Length: 4"), &format!("2c\r\n{HIDDEN}")),
        both(
            "te-te-cl",
            &format!("{chunked}\r\nContent-Length: 5\r\nTransfer-Encoding: x"),
            &format!("0\r\n\r\n{HIDDEN}"),
        ),
        must(
            "framing/coding-in-1.0",
            "RFC 9112 6.1",
            "Transfer-Encoding in HTTP/1.0 is faulty: the connection ends",
        )
        .send(format!(
            "POST {{echo}} HTTP/1.0\r\nConnection: keep-alive\r\n{chunked}\r\n\r\n0\r\n\r\n{HIDDEN}"
        ))
        .refused(&[200, 400, 501]),
        robust(
            "framing/coding-in-1.0-refused",
            "RFC 9112 6.1",
            "Transfer-Encoding in HTTP/1.0 is refused",
        )
        .send(format!(
            "POST {{echo}} HTTP/1.0\r\nConnection: keep-alive\r\n{chunked}\r\n\r\n0\r\n\r\n{HIDDEN}"
        ))
        .refused(&[400]),
    ]
}

/// Codings that are not understood, where only the status is at stake.
fn codings() -> Vec<Case> {
    let unknown = |id: &str, coding: &str| {
        should(
            format!("framing/501-{id}"),
            "RFC 9112 6.1",
            "a transfer coding that is not understood: 501",
        )
        .send(format!("{POST}Transfer-Encoding: {coding}\r\n\r\n0\r\n\r\n{HIDDEN}"))
        .refused(&[501])
    };
    vec![
        unknown("gzip", "gzip"),
        unknown("gzip-chunked", "gzip, chunked"),
        unknown("word", "xchunked"),
    ]
}

/// No body, or one where few expect it.
fn without() -> Vec<Case> {
    let length = HIDDEN.len() - "{get}".len() + 1;
    let on = |method: &str, status: &'static [u16]| {
        // RFC 9110 9.3.1 lets a server refuse a GET with a body; reading it is what clients expect.
        robust(
            format!("framing/body-on-{}", method.to_lowercase()),
            "RFC 9112 6",
            "a body has its framing with any method",
        )
        .send(format!(
            "{method} {{get}} HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhel{{|}}lo"
        ))
        .status(status)
        .end(End::Open)
    };
    vec![
        on("GET", &[200]),
        on("HEAD", &[200]).without_content(),
        on("DELETE", &[200, 202, 204, 403, 405, 501]),
        must("framing/body-on-get-hidden", "RFC 9112 6", "a request inside the body of a GET is no request")
            // The body is long enough for a probe path of one byte; what is left over with longer ones is no request.
            .send(format!("GET {{get}} HTTP/1.1\r\nHost: h\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{HIDDEN}"))
            .status(&[200, 400])
            .end(End::Closed),
        robust("framing/body-on-get-chunked", "RFC 9112 6", "a body has its framing with any method")
            .send("GET {get} HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")
            .served(),
        must("framing/none", "RFC 9112 6.3", "a POST with neither framing has no body (or 411)")
            .send("POST {echo} HTTP/1.1\r\nHost: h\r\n\r\n")
            .status(&[200, 204, 411])
            .end(End::Any),
        must("framing/length-zero", "RFC 9112 6.3", "Content-Length: 0 is no body")
            .send("POST {echo} HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n")
            .status(&[200, 204])
            .body("")
            .end(End::Open),
        must("framing/binary", "RFC 9112 6", "a body is bytes, CRLF and NUL among them")
            .send(b"POST {echo} HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n\r\n\r\n\0{|}\xff\x80ab\n")
            .served()
            .body(b"\r\n\r\n\0\xff\x80ab\n"),
    ]
}
