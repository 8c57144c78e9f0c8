//! Request smuggling: a message that ends in one place for a proxy and in another for us, so that the
//! proxy's client slips a request past it. Each classic vector hides `GET /hello/hidden`: it must never be
//! gets a response, and the connection ends, or goes on exactly after the message.

use crate::client::{End, GET, converse};

pub(crate) const HIDDEN: &str = "GET /hello/hidden HTTP/1.1\r\nHost: a\r\n\r\n";

/// Sends `POST /echo` with these field lines and this body, and returns the statuses and the end.
pub(crate) fn attack(fields: &str, body: &str) -> (Vec<u16>, End) {
    attack_raw(&format!("POST /echo HTTP/1.1\r\nHost: a\r\n{fields}\r\n\r\n{body}"))
}

pub(crate) fn attack_raw(request: &str) -> (Vec<u16>, End) {
    let (responses, end) = converse(request);
    for response in &responses {
        assert_ne!(response.body, b"Hello, hidden!", "the hidden request got a response");
    }
    (responses.iter().map(|response| response.status).collect(), end)
}

/// An error response with this status, and nothing that follows is looked at.
pub(crate) fn refused(status: u16) -> (Vec<u16>, End) {
    (vec![status], End::Lingering)
}

#[test]
fn cl_te_both_framing_fields_with_the_length_first() {
    let body = format!("0\r\n\r\n{HIDDEN}");
    let fields = format!("Content-Length: {}\r\nTransfer-Encoding: chunked", body.len());
    assert_eq!(attack(&fields, &body), refused(400));
}

#[test]
fn te_cl_both_framing_fields_with_the_coding_first() {
    let body = format!("{:x}\r\n{HIDDEN}\r\n0\r\n\r\n", HIDDEN.len());
    assert_eq!(attack("Transfer-Encoding: chunked\r\nContent-Length: 4", &body), refused(400));
}

#[test]
fn te_te_a_coding_that_only_one_of_two_parsers_would_see() {
    let body = format!("0\r\n\r\n{HIDDEN}");
    for (field, status) in [
        ("Transfer-Encoding: xchunked", 501),
        ("Transfer-Encoding: chunkedx", 501),
        ("Transfer-Encoding: chunked;q=0.5", 501),
        ("Transfer-Encoding: identity", 501),
        ("Transfer-Encoding: gzip, chunked", 501),
        ("Transfer-Encoding: x\r\nTransfer-Encoding: chunked", 501),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: x", 400),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", 400),
        ("Transfer-Encoding: chunked, identity", 400),
        ("Transfer-Encoding: chunked, chunked", 400),
        ("Transfer-Encoding: \"chunked\"", 400),
        ("Transfer-Encoding:", 400),
        ("Transfer-Encoding: ,", 400),
        ("Transfer-Encoding : chunked", 400),
        ("Transfer-Encoding\t: chunked", 400),
        (" Transfer-Encoding: chunked", 400),
        ("X: y\r\n\tTransfer-Encoding: chunked", 400),
        ("Transfer-Encoding: \x0bchunked", 400),
        ("Transfer-Encoding: chunked\0", 400),
        ("Transfer-Encoding\0: chunked", 400),
        ("X: y\nTransfer-Encoding: chunked", 400),
        ("X: y\rTransfer-Encoding: chunked", 400),
        ("X: y\r\r\nTransfer-Encoding: chunked", 400),
    ] {
        assert_eq!(attack(field, &body), refused(status), "{field:?}");
        let both = format!("Content-Length: {}\r\n{field}", body.len());
        assert_eq!(attack(&both, &body), refused(400), "with a length: {field:?}");
    }
}

/// Other spellings *are* the field, or are another one; either way nothing is left to hide in.
#[test]
fn te_te_case_and_white_space_around_a_value_change_nothing() {
    for field in [
        "TRANSFER-ENCODING:chunked",
        "transfer-encoding: \t CHUNKED \t",
        "Transfer-Encoding: , chunked",
    ] {
        assert_eq!(
            attack(field, &format!("0\r\n\r\n{GET}")),
            (vec![200, 200], End::Open),
            "{field}"
        );
    }
    let body = format!("Transfer_Encoding: chunked\r\nContent-Length: {}", HIDDEN.len());
    assert_eq!(attack(&body, &format!("{HIDDEN}{GET}")), (vec![200, 200], End::Open));
}

#[test]
fn te_in_http_1_0_where_it_has_no_meaning() {
    let request =
        "POST /echo HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n";
    assert_eq!(attack_raw(&format!("{request}0\r\n\r\n{HIDDEN}")), refused(400));
}

#[test]
fn cl_cl_the_length_twice_equal_or_not_in_lines_or_in_a_list() {
    for fields in [
        "Content-Length: 0\r\nContent-Length: 43",
        "Content-Length: 0\r\nX: y\r\ncontent-length: 0",
        "Content-Length: 0, 0",
        "Content-Length: 0,43",
        "Content-Length: 0,",
    ] {
        assert_eq!(attack(fields, HIDDEN), refused(400), "{fields:?}");
    }
}

#[test]
fn cl_a_length_that_is_not_plain_digits() {
    for value in [
        "",
        "+5",
        "-0",
        "0x5",
        "5g",
        "5 5",
        "5.0",
        "0_5",
        "\"5\"",
        "5;",
        "\u{665}",
        "18446744073709551616",
        "99999999999999999999999",
    ] {
        assert_eq!(attack(&format!("Content-Length: {value}"), HIDDEN), refused(400), "{value:?}");
    }
}

#[test]
fn chunk_size_tricks() {
    for size in [
        "",
        "+0",
        "-0",
        "0x0",
        " 0",
        "0 ",
        "0\t",
        "0_",
        "0g",
        "0,0",
        "0.",
        "0\0",
        "0\x0b",
        "0;\0",
        ";x",
        "0 0",
        "\u{660}",
        "10000000000000000",
        "fffffffffffffffff",
        "00000000g",
        "00000000000000000",
    ] {
        let body = format!("{size}\r\n\r\n{HIDDEN}");
        assert_eq!(attack("Transfer-Encoding: chunked", &body), refused(400), "{size:?}");
    }
    let wraps = format!("fffffffffffffffe\r\n\r\n{HIDDEN}");
    assert_eq!(attack("Transfer-Encoding: chunked", &wraps), refused(413));
}

#[test]
fn chunk_data_that_is_longer_or_shorter_than_it_says() {
    for body in [
        "4\r\nhello\r\n0\r\n\r\n",
        "6\r\nhello\r\n0\r\n\r\n",
        "5\r\nhello0\r\n\r\n",
        "5\r\nhelloXX0\r\n\r\n",
    ] {
        assert_eq!(
            attack("Transfer-Encoding: chunked", &format!("{body}{HIDDEN}")),
            refused(400),
            "{body:?}"
        );
    }
}

#[test]
fn a_body_on_get_head_or_options_is_the_body_and_no_request() {
    for method in ["GET", "OPTIONS"] {
        let length = HIDDEN.len();
        for framing in [
            format!("Content-Length: {length}\r\n\r\n{HIDDEN}"),
            format!("Transfer-Encoding: chunked\r\n\r\n{length:x}\r\n{HIDDEN}\r\n0\r\n\r\n"),
        ] {
            let request = format!("{method} / HTTP/1.1\r\nHost: a\r\n{framing}{GET}");
            let (statuses, end) = attack_raw(&request);
            assert_eq!((statuses.len(), statuses[1], end), (2, 200, End::Open), "{request}");
        }
    }
}

#[test]
fn a_request_hidden_in_a_chunk_extension() {
    let fields = "Transfer-Encoding: chunked";
    let quoted = "0;x=\"GET /hello/hidden HTTP/1.1\"\r\n\r\n";
    assert_eq!(attack(fields, &format!("{quoted}{GET}")), (vec![200, 200], End::Open));
    for end in ["\n", "\r", "\r\r\n"] {
        assert_eq!(attack(fields, &format!("0;x{end}\r\n{HIDDEN}")), refused(400), "{end:?}");
    }
}

#[test]
fn a_request_hidden_in_a_trailer_and_framing_fields_there_are_never_obeyed() {
    let fields = "Transfer-Encoding: chunked";
    for trailer in [
        "GET-hello-hidden: HTTP/1.1\r\n",
        "Content-Length: 43\r\n",
        "Transfer-Encoding: chunked\r\n",
        "Connection: close\r\n",
        "Host: b\r\nHost: c\r\n",
    ] {
        let (statuses, end) = attack(fields, &format!("0\r\n{trailer}\r\n{GET}"));
        assert_eq!((statuses, end), (vec![200, 200], End::Open), "{trailer:?}");
    }
    for no_field in ["", "A : b\r\n", " A: b\r\n", "A: \0\r\n"] {
        assert_eq!(
            attack(fields, &format!("0\r\n{no_field}{HIDDEN}")),
            refused(400),
            "{no_field:?}"
        );
    }
}
