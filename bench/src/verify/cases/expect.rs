//! `Expect: 100-continue`: RFC 9110 10.1.1.

use std::time::Duration;

use super::super::case::{Case, End, must, robust};
use super::super::options::Options;

const HEAD: &str = "POST {echo} HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n";

pub(super) fn cases(options: &Options) -> Vec<Case> {
    served(options).into_iter().chain(without_100()).chain(refused(options)).collect()
}

/// The client waits for 100, sends, and is answered.
fn served(options: &Options) -> Vec<Case> {
    // A server that has the body by the time that it looks at the head owes no 100.
    let impatience = Duration::from_millis(300).max(options.patience / 20);
    let waits = |id: &str, rule: &'static str, head: String, body: &str| {
        must(format!("expect/{id}"), "RFC 9110 10.1.1", rule)
            .send(head)
            .await_answers(1)
            .send(body)
            .status(&[100])
            .status(&[200])
            .body("hello")
            .end(End::Open)
    };
    let chunked = format!("{HEAD}Transfer-Encoding: chunked\r\n\r\n");
    vec![
        waits(
            "length",
            "100, then the body, then the answer",
            format!("{HEAD}Content-Length: 5\r\n\r\n"),
            "hello",
        ),
        waits("chunked", "100 before a chunked body too", chunked, "5\r\nhello\r\n0\r\n\r\n"),
        waits(
            "value-case",
            "the expectation is compared without case",
            "POST {echo} HTTP/1.1\r\nHost: h\r\nEXPECT: 100-Continue\r\nContent-Length: 5\r\n\r\n"
                .into(),
            "hello",
        ),
        must(
            "expect/impatient",
            "RFC 9110 10.1.1",
            "a client that does not wait is answered as well",
        )
        .send(format!("{HEAD}Content-Length: 5\r\n\r\n"))
        .pause(impatience)
        .send("hello")
        .status(&[100])
        .status(&[200])
        .body("hello")
        .end(End::Open),
        must(
            "expect/after-another",
            "RFC 9110 10.1.1",
            "100 for the second request of a connection",
        )
        .send("GET {get} HTTP/1.1\r\nHost: h\r\n\r\n")
        .send(format!("{HEAD}Content-Length: 5\r\n\r\n"))
        .await_answers(2)
        .send("hello")
        .oks(1)
        .status(&[100])
        .status(&[200])
        .end(End::Open),
    ]
}

/// Where 100 would be wrong, or of no use.
fn without_100() -> Vec<Case> {
    vec![
        must("expect/not-in-1.0", "RFC 9110 10.1.1", "no 100 to HTTP/1.0, which does not know it")
            .send("POST {echo} HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
            .pause(Duration::from_millis(50))
            .send("hello")
            .status(&[200])
            .body("hello")
            .end(End::Closed),
        robust("expect/no-body", "RFC 9110 10.1.1", "no 100 where no body is announced")
            .send("GET {get} HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n\r\n")
            .served(),
        robust("expect/empty-body", "RFC 9110 10.1.1", "no 100 for a body of no bytes")
            .send(format!("{HEAD}Content-Length: 0\r\n\r\n"))
            .status(&[200, 204])
            .end(End::Open),
        robust(
            "expect/body-here",
            "RFC 9110 10.1.1",
            "no 100 where the body has come with the head",
        )
        .send(format!("{HEAD}Content-Length: 5\r\n\r\nhello"))
        .once()
        .served()
        .body("hello"),
        robust(
            "expect/part-here",
            "RFC 9110 10.1.1",
            "no 100 where part of the body has come with the head",
        )
        .send(format!("{HEAD}Content-Length: 5\r\n\r\nhe"))
        .pause(Duration::from_millis(50))
        .send("llo")
        .served()
        .body("hello"),
    ]
}

/// A final answer that is known before the body: it comes instead of 100, and as the client may send the body or
/// not, nothing after it can be trusted.
fn refused(options: &Options) -> Vec<Case> {
    let over = options.body_limit + 1;
    let head = |target: &str| {
        format!(
            "POST {target} HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"
        )
    };
    let bad = |id: &str, expectation: &str| {
        robust(
            format!("expect/unknown-{id}"),
            "RFC 9110 10.1.1",
            "an expectation that cannot be met: 417",
        )
        .send(format!("POST {{echo}} HTTP/1.1\r\nHost: h\r\nExpect: {expectation}\r\nContent-Length: 5\r\n\r\n"))
        .refused(&[417])
    };
    vec![
        bad("word", "200-ok"),
        bad("longer", "100-continue-not"),
        bad("list", "100-continue, x"),
        robust(
            "expect/unknown-no-body",
            "RFC 9110 10.1.1",
            "an expectation that cannot be met: 417, body or not",
        )
        .send("GET {get} HTTP/1.1\r\nHost: h\r\nExpect: x\r\n\r\n")
        .status(&[417])
        .end(End::Any),
        robust("expect/missing", "RFC 9110 10.1.1", "404 at once instead of 100")
            .send(head("/no/such/resource"))
            .refused(&[404]),
        robust("expect/not-allowed", "RFC 9110 10.1.1", "405 at once instead of 100")
            .send(head("{get}"))
            .refused(&[405]),
        robust("expect/too-large", "RFC 9110 10.1.1", "413 at once instead of 100")
            .send(format!("{HEAD}Content-Length: {over}\r\n\r\n"))
            .refused(&[413]),
        must("expect/bad-framing", "RFC 9112 6.3", "400 instead of 100")
            .send(format!("{HEAD}Content-Length: 5x\r\n\r\n"))
            .refused(&[400]),
        robust(
            "expect/chunked-too-large",
            "RFC 9110 10.1.1",
            "a chunked body may turn out too large after the 100: 413",
        )
        .send(format!("{HEAD}Transfer-Encoding: chunked\r\n\r\n"))
        .await_answers(1)
        .send(format!("{over:x}\r\n"))
        .status(&[100])
        .refused(&[413]),
    ]
}
