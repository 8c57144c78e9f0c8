//! Chunked bodies: RFC 9112 7.1.

use super::{Row, rows};
use crate::verify::case::Level::{Must, Robustness, Should};
use crate::verify::case::{Case, case};

/// Chunked bodies that are `hello`, on a connection that stays.
#[rustfmt::skip]
const SERVED: &[Row] = &[
    ("many", Must, "RFC 9112 7.1", b"1\r\nh\r\n1\r\ne\r\n2\r\nll\r\n1\r\no\r\n0\r\n\r\n", "many chunks"),
    ("size-zeros", Must, "RFC 9112 7.1", b"00000005\r\nhello\r\n0\r\n\r\n", "leading zeros in a size"),
    ("last-zeros", Must, "RFC 9112 7.1", b"5\r\nhello\r\n000\r\n\r\n", "the last chunk may have many zeros"),
    ("extension", Must, "RFC 9112 7.1.1", b"5;a\r\nhello\r\n0\r\n\r\n", "an unknown extension is ignored"),
    ("extension-value", Must, "RFC 9112 7.1.1", b"5;a=b;c=d\r\nhello\r\n0\r\n\r\n", "extensions with values"),
    ("extension-quoted", Must, "RFC 9112 7.1.1", b"5;a=\"b;c \\\" d\"\r\nhello\r\n0\r\n\r\n", "an extension with a quoted value"),
    ("extension-spaces", Must, "RFC 9112 7.1.1", b"5 ; a = b\r\nhello\r\n0\r\n\r\n", "white space around an extension is grammar"),
    ("extension-last", Must, "RFC 9112 7.1.1", b"5\r\nhello\r\n0;last\r\n\r\n", "an extension on the last chunk"),
    ("extension-hidden", Must, "RFC 9112 7.1.1", b"5;a=\"GET / HTTP/1.1\"\r\nhello\r\n0\r\n\r\n", "a request hidden in an extension"),
    ("trailer", Must, "RFC 9112 7.1.2", b"5\r\nhello\r\n0\r\nX-T: 1\r\n\r\n", "a trailer field"),
    ("trailers", Must, "RFC 9112 7.1.2", b"5\r\nhello\r\n0\r\nX-T: 1\r\nX-U: 2\r\nX-T:3\r\n\r\n", "trailer fields"),
    ("trailer-length", Must, "RFC 9110 6.5.1", b"5\r\nhello\r\n0\r\nContent-Length: 50\r\n\r\n", "a trailer does not frame"),
    ("trailer-coding", Must, "RFC 9110 6.5.1", b"5\r\nhello\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n", "a trailer does not frame"),
    ("trailer-close", Must, "RFC 9110 6.5.1", b"5\r\nhello\r\n0\r\nConnection: close\r\n\r\n", "a trailer does not rule the connection"),
    ("trailer-hidden", Must, "RFC 9112 7.1.2", b"5\r\nhello\r\n0\r\nX: GET / HTTP/1.1\r\n\r\n", "a request hidden in a trailer"),
];

/// What no reader of chunks may take for a body: 400, and the connection ends.
#[rustfmt::skip]
const REFUSED: &[Row] = &[
    ("size-plus", Should, "RFC 9112 7.1", b"+5\r\nhello\r\n0\r\n\r\n", "a sign before the size"),
    ("size-minus", Should, "RFC 9112 7.1", b"-5\r\nhello\r\n0\r\n\r\n", "a sign before the size"),
    ("size-0x", Should, "RFC 9112 7.1", b"0x5\r\nhello\r\n0\r\n\r\n", "0x before the size"),
    ("size-none", Should, "RFC 9112 7.1", b"\r\nhello\r\n0\r\n\r\n", "no size"),
    ("size-extension-only", Should, "RFC 9112 7.1", b";a\r\nhello\r\n0\r\n\r\n", "an extension, but no size"),
    ("size-letter", Should, "RFC 9112 7.1", b"5g\r\nhello\r\n0\r\n\r\n", "a letter that is no hexadecimal digit"),
    ("size-underscore", Should, "RFC 9112 7.1", b"0_5\r\nhello\r\n0\r\n\r\n", "an underscore in the size"),
    ("size-comma", Should, "RFC 9112 7.1", b"5,\r\nhello\r\n0\r\n\r\n", "a comma after the size"),
    ("size-quotes", Should, "RFC 9112 7.1", b"\"5\"\r\nhello\r\n0\r\n\r\n", "quotes around the size"),
    ("size-space-before", Should, "RFC 9112 7.1", b" 5\r\nhello\r\n0\r\n\r\n", "a space before the size"),
    ("size-space-after", Should, "RFC 9112 7.1", b"5 \r\nhello\r\n0\r\n\r\n", "a space after the size"),
    ("size-tab-after", Should, "RFC 9112 7.1", b"5\t\r\nhello\r\n0\r\n\r\n", "a tab after the size"),
    ("size-space-inside", Should, "RFC 9112 7.1", b"0 5\r\nhello\r\n0\r\n\r\n", "a space inside the size"),
    ("size-nul", Should, "RFC 9112 7.1", b"5\0\r\nhello\r\n0\r\n\r\n", "NUL after the size"),
    ("size-full-width", Should, "RFC 9112 7.1", b"\xef\xbc\x95\r\nhello\r\n0\r\n\r\n", "a digit of another script"),
    ("size-lf", Should, "RFC 9112 7.1", b"5\nhello\r\n0\r\n\r\n", "a bare LF after the size"),
    ("size-cr", Must, "RFC 9112 2.2", b"5\rhello\r\n0\r\n\r\n", "a bare CR after the size"),
    ("size-cr-cr-lf", Must, "RFC 9112 2.2", b"5\r\r\nhello\r\n0\r\n\r\n", "a bare CR before the line's end"),
    ("data-no-crlf", Should, "RFC 9112 7.1", b"5\r\nhello0\r\n\r\n", "no CRLF after the data"),
    ("data-lf", Should, "RFC 9112 7.1", b"5\r\nhello\n0\r\n\r\n", "a bare LF after the data"),
    ("data-cr", Must, "RFC 9112 2.2", b"5\r\nhello\r0\r\n\r\n", "a bare CR after the data"),
    ("data-cr-other", Must, "RFC 9112 2.2", b"5\r\nhello\rX0\r\n\r\n", "a CR after the data, and no LF"),
    ("size-cr-other", Must, "RFC 9112 2.2", b"5\rXhello\r\n0\r\n\r\n", "a CR after the size, and no LF"),
    ("data-wrong-pair", Should, "RFC 9112 7.1", b"5\r\nhelloXX0\r\n\r\n", "two other bytes where CRLF is due"),
    ("data-longer", Should, "RFC 9112 7.1", b"5\r\nhello!\r\n0\r\n\r\n", "more data than the size says"),
    ("data-shorter", Should, "RFC 9112 7.1", b"6\r\nhello\r\n0\r\n\r\n", "less data than the size says"),
    ("extension-nul", Should, "RFC 9112 7.1.1", b"5;a\0b\r\nhello\r\n0\r\n\r\n", "NUL in an extension"),
    ("extension-cr", Must, "RFC 9112 2.2", b"5;a\rb\r\nhello\r\n0\r\n\r\n", "a bare CR in an extension"),
    ("extension-lf", Should, "RFC 9112 7.1.1", b"5;\nhello\r\n0\r\n\r\n", "a bare LF in an extension"),
    ("extension-lf-hidden", Should, "RFC 9112 7.1.1", b"5;a\nhello\r\n0\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n", "a bare LF ends an extension for one and not for the other"),
    ("last-lf", Should, "RFC 9112 7.1", b"5\r\nhello\r\n0\n\r\n", "a bare LF after the last chunk"),
    ("last-end-lf", Robustness, "RFC 9112 7.1", b"5\r\nhello\r\n0\r\n\n", "a bare LF for the empty line"),
    ("last-cr", Must, "RFC 9112 2.2", b"5\r\nhello\r\n0\r\r\n\r\n", "a bare CR after the last chunk"),
    ("trailer-lf", Robustness, "RFC 9112 7.1.2", b"5\r\nhello\r\n0\r\nX-T: 1\n\r\n", "a bare LF after a trailer"),
    ("trailer-no-colon", Should, "RFC 9112 7.1.2", b"5\r\nhello\r\n0\r\nX-T\r\n\r\n", "a trailer with no colon"),
    ("trailer-no-name", Should, "RFC 9112 7.1.2", b"5\r\nhello\r\n0\r\n: 1\r\n\r\n", "a trailer with no name"),
    ("trailer-space-colon", Should, "RFC 9112 7.1.2", b"5\r\nhello\r\n0\r\nX-T : 1\r\n\r\n", "white space before a trailer's colon"),
    ("trailer-folded", Robustness, "RFC 9112 7.1.2", b"5\r\nhello\r\n0\r\nX-T: 1\r\n 2\r\n\r\n", "a folded trailer"),
    ("trailer-nul", Should, "RFC 9110 5.5", b"5\r\nhello\r\n0\r\nX-T: \0\r\n\r\n", "NUL in a trailer"),
    ("trailer-request", Should, "RFC 9112 7.1.2", b"5\r\nhello\r\n0\r\nGET {get} HTTP/1.1\r\nHost: h\r\n\r\n", "a request where the trailers stand"),
];

const HEAD: &str = "{POST}{chunked}";

pub(super) fn cases() -> Vec<Case> {
    let mut served = rows(SERVED, HEAD, "", "200 open");
    served = served.into_iter().map(|case| case.body("hello")).collect();
    [served, rows(REFUSED, HEAD, "", "400 closed"), sizes(), bounds()].concat()
}

#[rustfmt::skip]
fn sizes() -> Vec<Case> {
    // A number that is too large may also be refused with 413: it is a length, and too much.
    let overflow = |id: &str, size: &str| {
        case(Must, format!("overflow-{id}"), "RFC 9112 7.1", "a size that overflows is never a small one",
            format!("{HEAD}{size}\r\nhello\r\n0\r\n\r\n"), "400|413 closed")
    };
    vec![
        overflow("2-64-less-1", "FFFFFFFFFFFFFFFF"),
        overflow("2-64-and-5", "10000000000000005"),
        overflow("2-32-and-5", "100000005"),
        overflow("2-63", "8000000000000000"),
        overflow("30-digits", &"f".repeat(30)),
        case(Must, "size-letters", "RFC 9112 7.1", "sizes in letters of either case",
            format!("{HEAD}a\r\n01234{{|}}56789\r\nA\r\n0123456789\r\n0\r\n\r\n"), "200 open").body("01234567890123456789"),
        case(Must, "empty", "RFC 9112 7.1", "no chunk but the last is an empty body",
            format!("{HEAD}0\r{{|}}\n\r\n"), "200|204 open").body(""),
        case(Must, "binary", "RFC 9112 7.1", "chunk data is bytes, CRLF among them",
            format!("{HEAD}9\r\n\r\n0\r\n\r\n\r\n\r{{|}}\n0\r\n\r\n"), "200 open").body("\r\n0\r\n\r\n\r\n"),
    ]
}

/// What costs a server memory or time though it adds nothing to the body is bounded for the whole body.
#[rustfmt::skip]
fn bounds() -> Vec<Case> {
    let over = |id: &str, body: String| {
        case(Robustness, id, "RFC 9112 7.1.1", "what comes beside the data is bounded", format!("{HEAD}{body}"), "400|413|431 closed once")
    };
    let extension = |length: usize| format!("1;{}\r\nx\r\n", "e".repeat(length));
    let trailer = |length: usize| format!("X-T: {}\r\n", "t".repeat(length));
    vec![
        case(Robustness, "extension-long", "RFC 9112 7.1.1", "an extension of 200 bytes is read",
            format!("{HEAD}{}0\r\n\r\n", extension(200)), "200 open").body("x"),
        case(Robustness, "trailers-long", "RFC 9112 7.1.2", "trailers of 4 KiB are read",
            format!("{HEAD}0\r\n{}\r\n", trailer(1000).repeat(4)), "200 open once"),
        over("extension-too-long", format!("{}0\r\n\r\n", extension(300))),
        over("extension-endless", format!("1;{}", "e".repeat(20_000))),
        over("extensions-too-many", format!("{}0\r\n\r\n", extension(200).repeat(40))),
        over("size-zeros-endless", "0".repeat(20_000)),
        over("trailer-endless", format!("0\r\nX-T: {}", "t".repeat(20_000))),
        over("trailers-too-many", format!("0\r\n{}\r\n", trailer(100).repeat(100))),
    ]
}
