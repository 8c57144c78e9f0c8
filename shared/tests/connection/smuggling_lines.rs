//! Request smuggling by lines that end, begin or break where only one of two parsers would have it.

use crate::smuggling::{HIDDEN, attack, attack_raw, refused};

#[test]
fn bare_lf_as_any_line_end() {
    for request in [
        "POST /echo HTTP/1.1\nHost: a\r\nContent-Length: 0\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: a\nContent-Length: 0\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 0\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\n",
        "\nPOST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
    ] {
        assert_eq!(attack_raw(&format!("{request}{HIDDEN}")), refused(400), "{request:?}");
    }
    for body in [
        "0\n\r\n",
        "0\r\n\n",
        "0\n\n",
        "5\nhello\r\n0\r\n\r\n",
        "5\r\nhello\n0\r\n\r\n",
        "0\r\nA: b\n\r\n",
        "0;x\n\r\n",
    ] {
        assert_eq!(
            attack("Transfer-Encoding: chunked", &format!("{body}{HIDDEN}")),
            refused(400),
            "{body:?}"
        );
    }
}

#[test]
fn bare_cr_as_any_line_end() {
    for body in [
        "0\r\r\n\r\n",
        "0\r0\r\n\r\n",
        "5\r\nhello\r0\r\n\r\n",
        "0;x\ry\r\n\r\n",
        "0\r\nA: b\rC: d\r\n\r\n",
        "0\r\n\r\r\n",
    ] {
        assert_eq!(
            attack("Transfer-Encoding: chunked", &format!("{body}{HIDDEN}")),
            refused(400),
            "{body:?}"
        );
    }
    assert_eq!(attack("X: y\rContent-Length: 43", HIDDEN), refused(400));
}

#[test]
fn space_before_the_colon() {
    for field in [
        "Content-Length : 43",
        "Content-Length\t: 43",
        "Content-Length \t: 43",
        ": 43",
        "Content-Length",
    ] {
        assert_eq!(attack(field, HIDDEN), refused(400), "{field:?}");
    }
}

#[test]
fn folded_lines() {
    for fields in [
        "X: y\r\n Content-Length: 43",
        "Content-Length:\r\n 43",
        "X: y\r\n\t\r\nContent-Length: 43",
    ] {
        assert_eq!(attack(fields, HIDDEN), refused(400), "{fields:?}");
    }
    assert_eq!(
        attack_raw(&format!(
            "POST /echo HTTP/1.1\r\n Host: a\r\nContent-Length: 0\r\n\r\n{HIDDEN}"
        )),
        refused(400)
    );
}
