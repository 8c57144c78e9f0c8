//! Methods: RFC 9110 9.

use crate::verify::case::Level::{Must, Robustness, Should};
use crate::verify::case::{Case, Check, case};

pub(super) fn cases() -> Vec<Case> {
    [vec![post()], head(), not_allowed(), unknown(), options()].concat()
}

#[rustfmt::skip]
fn post() -> Case {
    case(Must, "post", "RFC 9110 9.3.3", "POST is handed its body", "{POST}Content-Length: 2\r\n\r\nok", "200 open").body("ok")
}

/// HEAD is GET without the content: RFC 9110 9.3.2.
#[rustfmt::skip]
fn head() -> Vec<Case> {
    let (section, none) = ("RFC 9110 9.3.2", "no content follows the fields of a response to HEAD");
    vec![
        case(Must, "head", section, none, "HEAD {get}{1.1}\r\n", "200 head open"),
        case(Should, "head-fields", section, "HEAD has the fields of GET", "{GET}HEAD {get}{1.1}\r\n", "200 200 head open")
            .check(Check::Same("content-length", 0)).check(Check::Same("content-type", 0)).check(Check::Same("transfer-encoding", 0)),
        case(Must, "head-then-get", section, none, "HEAD {get}{1.1}\r\n{GET}", "200 head 200 open"),
        case(Must, "head-missing", section, none, "HEAD /no/such/resource{1.1}\r\n", "404 head open"),
        case(Must, "head-stream", section, none, "HEAD {count}1000{1.1}\r\n", "200 head open"),
        case(Must, "head-1.0", section, none, "HEAD {get} HTTP/1.0\r\n\r\n", "200 head closed"),
        case(Must, "head-refused", section, none, "HEAD {get} HTTP/1.1\r\n\r\n", "400 head"),
        // Of a head that cannot be read, the method may be unread as well.
        case(Robustness, "head-refused-later", section, none, "\r\nHEAD {get}{1.1}X-A : 1\r\n\r\n", "400 head"),
        case(Robustness, "head-cut-short", section, "nor of one to a HEAD request that was cut short", "HEAD {get}{1.1}", "400 head or-nothing").half_close(),
    ]
}

/// Methods that are known, on a resource that does not have them: 405 (its Allow is judged in `every_response`).
#[rustfmt::skip]
fn not_allowed() -> Vec<Case> {
    let on_get = |method: &str| {
        case(Should, format!("{}-not-allowed", method.to_lowercase()), "RFC 9110 15.5.6", "a known method that the resource lacks: 405",
            format!("{method} {{get}}{{1.1}}Content-Length: 0\r\n\r\n"), "405 open").check(Check::Token("allow", "GET"))
    };
    vec![
        on_get("POST"),
        on_get("PUT"),
        on_get("DELETE"),
        on_get("PATCH"),
        case(Robustness, "trace", "RFC 9110 9.3.8", "TRACE, which would show a client's secrets, is not offered", "TRACE {get}{1.1}\r\n", "405"),
        case(Should, "head-in-allow", "RFC 9110 10.2.1", "Allow lists HEAD beside GET", "DELETE {get}{1.1}\r\n", "405 open")
            .check(Check::Token("allow", "HEAD")),
        case(Should, "get-not-allowed", "RFC 9110 15.5.6", "GET of a resource that only takes POST: 405", "GET {echo}{1.1}\r\n", "405 open")
            .check(Check::Token("allow", "POST")),
        case(Should, "missing-beats-method", "RFC 9110 15.5.5", "no resource, no Allow: 404 whatever the method",
            "DELETE /no/such/resource{1.1}\r\n", "404 open"),
    ]
}

/// Unknown methods: 501, which is no reason to close.
#[rustfmt::skip]
fn unknown() -> Vec<Case> {
    let of = |id: &str, method: &str| {
        case(Should, id, "RFC 9110 9.1", "a method that the server does not know: 501", format!("{method} {{get}}{{1.1}}\r\n"), "501 open")
    };
    vec![
        of("unknown", "BREW"),
        of("unknown-lower-case", "get"),
        of("unknown-prefix", "GE"),
        of("unknown-longer", "GETS"),
        of("unknown-token", "!#$%&'*+-.^_`|~09"),
        case(Should, "unknown-body", "RFC 9110 9.1", "a method that the server does not know: 501, its body read past",
            "BREW {get}{1.1}Content-Length: 5\r\n\r\nhello", "501 open"),
        // Too long a line, or a method that is not known: both are true.
        case(Robustness, "unknown-long", "RFC 9110 9.1", "a method of 9000 letters", format!("{} {{get}}{{1.1}}\r\n", "A".repeat(9000)), "400|414|501 closed"),
    ]
}

#[rustfmt::skip]
fn options() -> Vec<Case> {
    vec![
        case(Should, "options-asterisk", "RFC 9110 9.3.7", "OPTIONS * asks about the server as a whole", "OPTIONS *{1.1}\r\n", "200|204 open"),
        case(Robustness, "options-absolute", "RFC 9112 3.2.4", "OPTIONS of a URL with no path is OPTIONS *", "OPTIONS http://h{1.1}\r\n", "200|204 open"),
        // Whether OPTIONS is offered at all is the server's choice; 405 must then carry Allow, which says the same.
        case(Robustness, "options", "RFC 9110 9.3.7", "OPTIONS of a resource tells its methods in Allow", "OPTIONS {get}{1.1}\r\n", "200|204|405 open")
            .check(Check::Token("allow", "GET")),
        case(Robustness, "hello-not-allowed", "RFC 9110 15.5.6", "a dynamic path has its methods too", "DELETE {hello}x{1.1}\r\n", "405 open")
            .check(Check::Token("allow", "GET")),
    ]
}
