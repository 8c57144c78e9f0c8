//! The request line: RFC 9112 2.2 and 3.

use super::{Row, rows};
use crate::verify::case::Level::{Must, Robustness, Should};
use crate::verify::case::{Case, case};

/// Each is a whole request line, put before a good Host: 400, and the connection ends.
///
/// RFC 9112 3 says SHOULD 400 of an invalid request line, and lets a lenient server split at any white space: where
/// only that leniency is at stake, the row is a matter of robustness.
#[rustfmt::skip]
const REFUSED: &[Row] = &[
    ("two-spaces", Robustness, "RFC 9112 3", b"GET  {get} HTTP/1.1", "two spaces after the method"),
    ("two-spaces-version", Robustness, "RFC 9112 3", b"GET {get}  HTTP/1.1", "two spaces before the version"),
    ("tab-after-method", Robustness, "RFC 9112 3", b"GET\t{get} HTTP/1.1", "a tab is no SP"),
    ("tab-before-version", Robustness, "RFC 9112 3", b"GET {get}\tHTTP/1.1", "a tab is no SP"),
    ("vertical-tab", Robustness, "RFC 9112 3", b"GET\x0b{get} HTTP/1.1", "a vertical tab is no SP"),
    ("trailing-space", Robustness, "RFC 9112 3", b"GET {get} HTTP/1.1 ", "a space after the version"),
    ("leading-space", Should, "RFC 9112 3", b" GET {get} HTTP/1.1", "a space before the method"),
    ("no-method", Should, "RFC 9112 3", b" {get} HTTP/1.1", "no method"),
    ("method-colon", Should, "RFC 9110 9.1", b"GET: {get} HTTP/1.1", "a colon in the method"),
    ("method-parenthesis", Should, "RFC 9110 9.1", b"G(T {get} HTTP/1.1", "a delimiter in the method"),
    ("method-quotes", Should, "RFC 9110 9.1", b"\"GET\" {get} HTTP/1.1", "quotes around the method"),
    ("method-slash", Should, "RFC 9110 9.1", b"GE/T {get} HTTP/1.1", "a slash in the method"),
    ("method-comma", Should, "RFC 9110 9.1", b"GET, {get} HTTP/1.1", "a comma in the method"),
    ("method-control", Should, "RFC 9110 9.1", b"G\x01T {get} HTTP/1.1", "a control character in the method"),
    ("method-nul", Should, "RFC 9110 9.1", b"GET\0 {get} HTTP/1.1", "NUL in the method"),
    ("method-non-ascii", Should, "RFC 9110 9.1", b"G\xcbT {get} HTTP/1.1", "a byte beyond ASCII in the method"),
    ("no-version", Should, "RFC 9112 3", b"GET {get}", "no version: HTTP/0.9 is long gone"),
    ("no-target", Should, "RFC 9112 3", b"GET HTTP/1.1", "no target"),
    ("method-only", Should, "RFC 9112 3", b"GET", "nothing but a method"),
    ("space-in-target", Should, "RFC 9112 3.2", b"GET {get} x HTTP/1.1", "a space in the target"),
    ("cr-in-line", Should, "RFC 9112 2.2", b"GET {get}\rx HTTP/1.1", "a bare CR in the target"),
    ("cr-before-crlf", Should, "RFC 9112 2.2", b"GET {get} HTTP/1.1\r", "a bare CR before the line's end"),
    ("cr-as-end", Must, "RFC 9112 2.2", b"GET {get} HTTP/1.1\rX-A: 1", "a bare CR ends no line"),
    ("lf-as-end", Robustness, "RFC 9112 2.2", b"GET {get} HTTP/1.1\nX-A: 1", "a bare LF ends no line (a recipient MAY take it; then two disagree)"),
    ("version-lower-case", Should, "RFC 9112 2.3", b"GET {get} http/1.1", "the version is case-sensitive"),
    ("version-mixed-case", Should, "RFC 9112 2.3", b"GET {get} HtTP/1.1", "the version is case-sensitive"),
    ("version-two-digits", Should, "RFC 9112 2.3", b"GET {get} HTTP/1.10", "a version has one digit on each side"),
    ("version-leading-zero", Should, "RFC 9112 2.3", b"GET {get} HTTP/01.1", "a version has one digit on each side"),
    ("version-no-minor", Should, "RFC 9112 2.3", b"GET {get} HTTP/1", "a version has a minor digit"),
    ("version-dot-only", Should, "RFC 9112 2.3", b"GET {get} HTTP/1.", "a version has a minor digit"),
    ("version-no-major", Should, "RFC 9112 2.3", b"GET {get} HTTP/.1", "a version has a major digit"),
    ("version-letter", Should, "RFC 9112 2.3", b"GET {get} HTTP/1.x", "a version is digits"),
    ("version-sign", Should, "RFC 9112 2.3", b"GET {get} HTTP/+1.1", "a version has no sign"),
    ("version-comma", Should, "RFC 9112 2.3", b"GET {get} HTTP/1,1", "a version has a dot"),
    ("version-space", Should, "RFC 9112 2.3", b"GET {get} HTTP /1.1", "no space in a version"),
    ("version-tail", Should, "RFC 9112 2.3", b"GET {get} HTTP/1.1x", "nothing after a version"),
    ("version-other", Should, "RFC 9112 2.3", b"GET {get} ICY/1.1", "another protocol's name"),
    ("target-relative", Should, "RFC 9112 3.2", b"GET index.html HTTP/1.1", "a target without a slash"),
    ("target-query-only", Should, "RFC 9112 3.2", b"GET ?q HTTP/1.1", "a target without a path"),
    ("target-fragment", Should, "RFC 9112 3.2", b"GET {get}#top HTTP/1.1", "a fragment is no part of a target"),
    ("target-control", Should, "RFC 9112 3.2", b"GET {get}\x01 HTTP/1.1", "a control character in the target"),
    ("target-nul", Should, "RFC 9112 3.2", b"GET {get}\0 HTTP/1.1", "NUL in the target"),
    ("target-delete", Should, "RFC 9112 3.2", b"GET {get}\x7f HTTP/1.1", "DEL in the target"),
    ("target-non-ascii", Should, "RFC 9112 3.2", b"GET {get}?\xc3\xa9 HTTP/1.1", "bytes beyond ASCII in the target"),
    ("target-authority", Should, "RFC 9112 3.2.3", b"GET example.com:80 HTTP/1.1", "the authority-form is for CONNECT"),
    ("target-asterisk", Should, "RFC 9112 3.2.4", b"GET * HTTP/1.1", "the asterisk-form is for OPTIONS"),
    ("absolute-no-host", Must, "RFC 9110 4.2.1", b"GET http:///x HTTP/1.1", "an http URI with no host is invalid"),
    ("absolute-user-info", Should, "RFC 9110 4.2.4", b"GET http://user@h{get} HTTP/1.1", "user information is treated as an error"),
    ("absolute-bad-port", Should, "RFC 9112 3.2.2", b"GET http://h:8x{get} HTTP/1.1", "a port is digits"),
];

/// Each is a whole request line that must be served, on a connection that stays.
#[rustfmt::skip]
const SERVED: &[Row] = &[
    ("plain", Must, "RFC 9112 3", b"GET {get} HTTP/1.1", "a plain request"),
    ("query", Must, "RFC 9112 3.2.1", b"GET {get}?a=b&c=/../%2F?d HTTP/1.1", "a query is no part of the path"),
    ("query-empty", Must, "RFC 9112 3.2.1", b"GET {get}? HTTP/1.1", "an empty query"),
    ("version-minor", Should, "RFC 9110 2.5", b"GET {get} HTTP/1.2", "a higher minor version is served as 1.1"),
    ("version-minor-high", Should, "RFC 9110 2.5", b"GET {get} HTTP/1.9", "a higher minor version is served as 1.1"),
    ("absolute", Must, "RFC 9112 3.2.2", b"GET http://h{get} HTTP/1.1", "the absolute-form is served"),
    ("absolute-other-host", Must, "RFC 9112 3.2.2", b"GET http://other.example{get} HTTP/1.1", "its authority wins over Host"),
    ("absolute-scheme-case", Must, "RFC 9110 4.2.3", b"GET HTTP://h{get} HTTP/1.1", "a scheme is compared without case"),
    ("absolute-port", Must, "RFC 9112 3.2.2", b"GET http://h:8080{get} HTTP/1.1", "the absolute-form may have a port"),
    ("absolute-query", Must, "RFC 9112 3.2.2", b"GET http://h{get}?a HTTP/1.1", "the absolute-form may have a query"),
];

/// Major versions that no server here knows. RFC 9110 15.6.6 names 505 for them, and no other status says so.
const MAJORS: [&str; 4] = ["HTTP/0.9", "HTTP/2.0", "HTTP/3.0", "HTTP/9.1"];

pub(super) fn cases() -> Vec<Case> {
    const HOST: &str = "\r\nHost: h\r\n\r\n";
    let majors = MAJORS.iter().map(|version| {
        let id = version.to_lowercase().replace('/', "-");
        let message = format!("GET {{get}} {version}{HOST}");
        case(Robustness, id, "RFC 9110 15.6.6", "another major version: 505", message, "505 closed")
    });
    let lines = [rows(REFUSED, "", HOST, "400 closed"), rows(SERVED, "", HOST, "200 open")];
    lines.concat().into_iter().chain(majors).chain(others()).collect()
}

#[rustfmt::skip]
fn others() -> Vec<Case> {
    vec![
        case(Should, "empty-line-before", "RFC 9112 2.2", "an empty line before the request line is ignored", "\r{|}\n{GET}", "200 open"),
        case(Robustness, "empty-lines-before", "RFC 9112 2.2", "a few empty lines before the request line are ignored", "\r\n\r{|}\n{GET}", "200 open"),
        // Each of these refusals is right, and so is silence: there was no request.
        case(Robustness, "empty-lines-endless", "RFC 9112 2.2", "empty lines are not skipped without end",
            "\r\n".repeat(16384), "400|408|414|431 closed or-nothing"),
        case(Robustness, "lf-before", "RFC 9112 2.2", "a bare LF is no empty line", "\n{GET}", "400 closed"),
        case(Robustness, "lf-only", "RFC 9112 2.2", "a request whose lines all end in LF", "GET {get} HTTP/1.1\nHost: h\n\n", "400 closed"),
        case(Must, "method-case", "RFC 9110 9.1", "a method is case-sensitive: get is not GET", "get {get}{1.1}\r\n", "400|405|501"),
        // No version at all, or a major one that is not known.
        case(Should, "version-two-majors", "RFC 9112 2.3", "a version has one digit on each side",
            "GET {get} HTTP/11.1\r\nHost: h\r\n\r\n", "400|505 closed"),
        // Asterisk with another method, a method not known, a version not known: each is true.
        case(Robustness, "http2-preface", "RFC 9113 3.4", "the preface of HTTP/2 is refused", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "400|501|505 closed"),
        case(Robustness, "absolute-other-scheme", "RFC 9112 3.2.2", "an absolute-form of another scheme is refused", "GET ftp://h{get}{1.1}\r\n", "400|421"),
        // 421 is the RFC's own word for a URI that this server does not stand for.
        case(Robustness, "absolute-https", "RFC 9112 3.2.2", "a gateway that ends TLS may pass https on", "GET https://h{get}{1.1}\r\n", "200|421"),
        // Whether there is a resource at / is the server's matter.
        case(Must, "absolute-no-path", "RFC 9112 3.2.2", "an absolute-form without a path means /",
            "GET http://h{1.1}\r\n", "200|204|301|302|307|308|403|404 open"),
        case(Robustness, "connect", "RFC 9110 9.3.6", "CONNECT to a server that is no proxy: 501, close",
            "CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n", "501 closed"),
    ]
}
