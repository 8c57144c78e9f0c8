//! Methods: RFC 9110 9.

use super::super::case::{Case, Check, End, Need, must, robust, should};

const HOST: &str = "HTTP/1.1\r\nHost: h\r\n\r\n";

pub(super) fn cases() -> Vec<Case> {
    plain()
        .into_iter()
        .chain(head())
        .chain(not_allowed())
        .chain(unknown())
        .chain(options())
        .collect()
}

fn plain() -> Vec<Case> {
    vec![
        must("methods/get", "RFC 9110 9.3.1", "GET is served")
            .send(format!("GET {{get}} {HOST}"))
            .served(),
        must("methods/post", "RFC 9110 9.3.3", "POST is handed its body")
            .send("POST {echo} HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nok")
            .served()
            .body("ok"),
    ]
}

/// HEAD is GET without the content: RFC 9110 9.3.2.
fn head() -> Vec<Case> {
    let (section, none) = ("RFC 9110 9.3.2", "no content follows the fields of an answer to HEAD");
    vec![
        must("methods/head", section, none)
            .send(format!("HEAD {{get}} {HOST}"))
            .served()
            .without_content(),
        should("methods/head-fields", section, "HEAD has the fields of GET")
            .send(format!("GET {{get}} {HOST}HEAD {{get}} {HOST}"))
            .oks(2)
            .without_content()
            .check(Check::Same("content-length", 0))
            .check(Check::Same("content-type", 0))
            .check(Check::Same("transfer-encoding", 0))
            .end(End::Open),
        must("methods/head-then-get", section, none)
            .send(format!("HEAD {{get}} {HOST}GET {{get}} {HOST}"))
            .oks(1)
            .without_content()
            .oks(1)
            .end(End::Open),
        must("methods/head-missing", section, none)
            .send(format!("HEAD /no/such/resource {HOST}"))
            .status(&[404])
            .without_content()
            .end(End::Open),
        must("methods/head-stream", section, none)
            .send(format!("HEAD {{count}}1000 {HOST}"))
            .served()
            .without_content(),
        must("methods/head-1.0", section, none)
            .send("HEAD {get} HTTP/1.0\r\n\r\n")
            .status(&[200])
            .without_content()
            .end(End::Closed),
        must("methods/head-refused", section, none)
            .send("HEAD {get} HTTP/1.1\r\n\r\n")
            .status(&[400])
            .without_content(),
        // Of a head that cannot be read, the method may be unread as well.
        robust("methods/head-refused-later", section, none)
            .send("\r\nHEAD {get} HTTP/1.1\r\nHost: h\r\nX-A : 1\r\n\r\n")
            .status(&[400])
            .without_content(),
        robust(
            "methods/head-cut-short",
            section,
            "nor of one to a HEAD request that was cut short",
        )
        .send("HEAD {get} HTTP/1.1\r\nHost: h\r\n")
        .half_close()
        .status(&[400])
        .without_content()
        .or_nothing(),
    ]
}

/// Methods that are known, on a resource that does not have them: 405 (its Allow is judged in `answers`).
fn not_allowed() -> Vec<Case> {
    let on_get = |method: &str| {
        should(
            format!("methods/{}-not-allowed", method.to_lowercase()),
            "RFC 9110 15.5.6",
            "a known method that the resource lacks: 405",
        )
        .send(format!("{method} {{get}} HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n"))
        .status(&[405])
        .check(Check::Token("allow", "GET"))
        .end(End::Open)
    };
    vec![
        on_get("POST"),
        on_get("PUT"),
        on_get("DELETE"),
        on_get("PATCH"),
        robust(
            "methods/trace",
            "RFC 9110 9.3.8",
            "TRACE, which would show a client's secrets, is not offered",
        )
        .send(format!("TRACE {{get}} {HOST}"))
        .status(&[405])
        .end(End::Any),
        should("methods/head-in-allow", "RFC 9110 10.2.1", "Allow lists HEAD beside GET")
            .send("DELETE {get} HTTP/1.1\r\nHost: h\r\n\r\n")
            .status(&[405])
            .check(Check::Token("allow", "HEAD"))
            .end(End::Open),
        should(
            "methods/get-not-allowed",
            "RFC 9110 15.5.6",
            "GET of a resource that only takes POST: 405",
        )
        .send(format!("GET {{echo}} {HOST}"))
        .status(&[405])
        .check(Check::Token("allow", "POST"))
        .end(End::Open),
        should(
            "methods/missing-beats-method",
            "RFC 9110 15.5.5",
            "no resource, no Allow: 404 whatever the method",
        )
        .send(format!("DELETE /no/such/resource {HOST}"))
        .status(&[404])
        .end(End::Open),
    ]
}

/// Methods that nobody knows: 501, which is no reason to close.
fn unknown() -> Vec<Case> {
    let of = |id: &str, method: &str| {
        should(
            format!("methods/{id}"),
            "RFC 9110 9.1",
            "a method that the server does not know: 501",
        )
        .send(format!("{method} {{get}} {HOST}"))
        .status(&[501])
        .end(End::Open)
    };
    vec![
        of("unknown", "BREW"),
        of("unknown-lower-case", "get"),
        of("unknown-prefix", "GE"),
        of("unknown-longer", "GETS"),
        of("unknown-token", "!#$%&'*+-.^_`|~09"),
        should(
            "methods/unknown-body",
            "RFC 9110 9.1",
            "a method that the server does not know: 501, its body read past",
        )
        .send("BREW {get} HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello")
        .status(&[501])
        .end(End::Open),
        robust("methods/unknown-long", "RFC 9110 9.1", "a method of 9000 letters")
            .send(format!("{} {{get}} {HOST}", "A".repeat(9000)))
            // Too long a line, or a method that is not known: both are true.
            .refused(&[400, 414, 501]),
    ]
}

fn options() -> Vec<Case> {
    vec![
        should(
            "methods/options-asterisk",
            "RFC 9110 9.3.7",
            "OPTIONS * asks about the server as a whole",
        )
        .send(format!("OPTIONS * {HOST}"))
        .status(&[200, 204])
        .end(End::Open),
        robust(
            "methods/options-absolute",
            "RFC 9112 3.2.4",
            "OPTIONS of a URL with no path is OPTIONS *",
        )
        .send("OPTIONS http://h HTTP/1.1\r\nHost: h\r\n\r\n")
        .status(&[200, 204])
        .end(End::Open),
        // Whether OPTIONS is offered at all is the server's choice; 405 must then carry Allow, which says the same.
        robust(
            "methods/options",
            "RFC 9110 9.3.7",
            "OPTIONS of a resource tells its methods in Allow",
        )
        .send(format!("OPTIONS {{get}} {HOST}"))
        .status(&[200, 204, 405])
        .check(Check::Token("allow", "GET"))
        .end(End::Open),
        robust(
            "methods/hello-not-allowed",
            "RFC 9110 15.5.6",
            "a dynamic path has its methods too",
        )
        .send(format!("DELETE {{hello}}x {HOST}"))
        .needs(Need::Hello)
        .status(&[405])
        .check(Check::Token("allow", "GET"))
        .end(End::Open),
    ]
}
