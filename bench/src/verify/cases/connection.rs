//! Persistence, closing and half-closing: RFC 9112 9.

use super::super::case::Level::{Must, Robustness, Should};
use super::super::case::{Case, Check, End, Need, must, robust, should};
use super::super::peer::{PROBE, Peer};
use super::super::wire::{Ending, Problem};

/// Name, what follows the target, whether the connection stays, the rule.
#[rustfmt::skip]
const TOKENS: &[(&str, &str, bool, &str)] = &[
    ("default", "HTTP/1.1\r\nHost: h", true, "HTTP/1.1 stays open"),
    ("keep-alive", "HTTP/1.1\r\nHost: h\r\nConnection: keep-alive", true, "HTTP/1.1 stays open"),
    ("close", "HTTP/1.1\r\nHost: h\r\nConnection: close", false, "close closes"),
    ("close-case", "HTTP/1.1\r\nHost: h\r\nConnection: cLoSE", false, "tokens are compared without case"),
    ("close-in-list", "HTTP/1.1\r\nHost: h\r\nConnection: x-a, close", false, "close anywhere in the list"),
    ("close-first-in-list", "HTTP/1.1\r\nHost: h\r\nConnection: close , x-a", false, "close anywhere in the list"),
    ("close-empty-elements", "HTTP/1.1\r\nHost: h\r\nConnection: ,,\t,close,", false, "empty elements are ignored"),
    ("close-second-line", "HTTP/1.1\r\nHost: h\r\nConnection: x-a\r\nConnection: close", false, "a list may stand on several lines"),
    ("close-first-line", "HTTP/1.1\r\nHost: h\r\nConnection: close\r\nConnection: keep-alive", false, "a list may stand on several lines"),
    ("close-and-keep-alive", "HTTP/1.1\r\nHost: h\r\nConnection: keep-alive, close", false, "close outweighs keep-alive"),
    ("closed", "HTTP/1.1\r\nHost: h\r\nConnection: closed", true, "whole tokens are compared"),
    ("not-close", "HTTP/1.1\r\nHost: h\r\nConnection: not-close", true, "whole tokens are compared"),
    ("close-other-field", "HTTP/1.1\r\nHost: h\r\nX-Connection: close", true, "whole names are compared"),
    ("close-quoted", "HTTP/1.1\r\nHost: h\r\nConnection: \"close\"", true, "a quoted string is no token"),
    ("upgrade-ignored", "HTTP/1.1\r\nHost: h\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk", true, "an upgrade that is not offered is ignored"),
    ("1.0", "HTTP/1.0\r\nHost: h", false, "HTTP/1.0 closes"),
    ("1.0-close", "HTTP/1.0\r\nConnection: close", false, "HTTP/1.0 closes"),
    ("1.0-keep-alive-not", "HTTP/1.0\r\nConnection: keep-alives", false, "whole tokens are compared"),
    ("1.0-keep-alive-close", "HTTP/1.0\r\nConnection: keep-alive, close", false, "close outweighs keep-alive"),
    ("1.0-proxy-connection", "HTTP/1.0\r\nProxy-Connection: keep-alive", false, "Proxy-Connection is no field of any standard"),
];

/// Refusals after which the connection ends, whether or not the RFC demands that it does: what could not be read
/// is no ground to stand on. The answer says so, and its end comes soon.
#[rustfmt::skip]
const REFUSALS: &[(&str, &str, &[u16])] = &[
    ("line", "G(T {get} HTTP/1.1\r\nHost: h\r\n\r\n", &[400]),
    ("version", "GET {get} HTTP/2.0\r\nHost: h\r\n\r\n", &[505]),
    ("host", "GET {get} HTTP/1.1\r\n\r\n", &[400]),
    ("two-hosts", "GET {get} HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", &[400]),
    ("field", "GET {get} HTTP/1.1\r\nHost: h\r\nX-A : 1\r\n\r\n", &[400]),
    ("length", "POST {get} HTTP/1.1\r\nHost: h\r\nContent-Length: x\r\n\r\n", &[400]),
    ("coding", "POST {get} HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: x\r\n\r\n", &[501]),
    ("chunk", "POST {echo} HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", &[400]),
    ("large", "POST {echo} HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000000000\r\n\r\n", &[413]),
];

const GET: &str = "GET {get} HTTP/1.1\r\nHost: h\r\n\r\n";

pub(super) fn cases() -> Vec<Case> {
    let tokens = TOKENS.iter().map(|(name, rest, stays, rule)| {
        // A server may always close, so staying open is what it SHOULD do, and closing when told what it MUST.
        let level = if *stays { Should } else { Must };
        let case = Case::new(level, format!("connection/{name}"), "RFC 9112 9.3", rule)
            .send(format!("GET {{get}} {rest}\r\n\r\n"));
        if *stays { case.served() } else { case.status(&[200]).end(End::Closed) }
    });
    let closes = REFUSALS.iter().map(|(name, message, status)| {
        robust(
            format!("connection/ends-after-{name}"),
            "RFC 9112 9.6",
            "after a refusal the server closes, soon and with no reset",
        )
        .send(*message)
        .once()
        .status(status)
        .says_close()
        .end(End::Clean)
    });
    let readable = REFUSALS.iter().map(|(name, message, status)| {
        // 1 MB follows the refused message, as from a client that is still uploading.
        robust(
            format!("connection/readable-{name}"),
            "RFC 9112 9.6",
            "a client that is still sending 1 MB can read the refusal",
        )
        .send(*message)
        .send(vec![b'x'; 1_000_000])
        .status(status)
        .end(End::Clean)
    });
    tokens.chain(persistence()).chain(closes).chain(readable).chain(half_close()).collect()
}

fn persistence() -> Vec<Case> {
    let post = |target: &str, length: usize| {
        format!(
            "POST {target} HTTP/1.1\r\nHost: h\r\nContent-Length: {length}\r\n\r\n{}",
            "b".repeat(length)
        )
    };
    let body = "a body that nobody wants is read past, and the connection stays";
    vec![
        should(
            "connection/1.0-keep-alive",
            "RFC 9112 9.3",
            "HTTP/1.0 with keep-alive stays open, and the answer says so",
        )
        .send("GET {get} HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n")
        .served()
        .check(Check::Token("connection", "keep-alive")),
        must("connection/1.0-no-chunks", "RFC 9112 6.1", "HTTP/1.0 is never sent chunks")
            .send("GET {count}1000 HTTP/1.0\r\n\r\n")
            .status(&[200])
            .check(Check::Lacks("transfer-encoding"))
            .check(Check::Lines(1000))
            .end(End::Closed),
        must(
            "connection/close-then-request",
            "RFC 9112 9.6",
            "what follows a request with close is not answered",
        )
        .send(format!("GET {{get}} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n{GET}"))
        .status(&[200])
        .end(End::Closed),
        should(
            "connection/close-ends-soon",
            "RFC 9112 9.6",
            "after the answer to close the server closes by itself",
        )
        .send("GET {get} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        .once()
        .status(&[200])
        .says_close()
        .end(End::Clean),
        robust("connection/after-404", "RFC 9112 9.3", "404 is no reason to close")
            .send("GET /no/such/resource HTTP/1.1\r\nHost: h\r\n\r\n")
            .status(&[404])
            .end(End::Open),
        robust("connection/after-404-body", "RFC 9112 9.3", body)
            .send(post("/no/such/resource", 100_000))
            .status(&[404])
            .end(End::Open),
        robust("connection/after-405-body", "RFC 9112 9.3", body)
            .send(post("{get}", 200_000))
            .status(&[405])
            .end(End::Open),
        robust(
            "connection/after-404-large-body",
            "RFC 9112 9.6",
            "beyond what is read past the answer can still be read",
        )
        .send(post("/no/such/resource", 700_000))
        // Both are right: to know nothing of the resource, and to take no such body for it.
        .status(&[404, 413])
        .end(End::Any),
        robust("connection/after-501", "RFC 9112 9.3", "501 for a method is no reason to close")
            .send("BREW {get} HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello")
            .status(&[405, 501])
            .end(End::Open),
        robust("connection/hundred", "RFC 9112 9.3", "a hundred requests, one after the other")
            .scenario(hundred),
    ]
}

/// Each request is sent when the last answer is there.
fn hundred(peer: &Peer) -> Result<(), Problem> {
    let mut wire = peer.connect()?;
    for count in 1..=100 {
        wire.send(&peer.fill(GET));
        if !wire.read_answers(count, |_| false, peer.deadline()) {
            return Err(wire.problem(format!("no answer to request {count}")));
        }
    }
    wire.send(&peer.fill(PROBE));
    wire.read_answers(101, |_| false, peer.deadline());
    wire.fill_to_end(peer.deadline());
    if wire.ending == Ending::Eof {
        Ok(())
    } else {
        Err(wire.problem("the last request said close, but no clean end came"))
    }
}

/// A client that has nothing more to say may shut down its side and still be answered.
fn half_close() -> Vec<Case> {
    let inside = |id: &str, message: &str| {
        robust(
            format!("connection/half-close-{id}"),
            "RFC 9112 8",
            "a message cut short is refused or dropped, and the connection ends",
        )
        .send(message)
        .half_close()
        .status(&[400])
        .or_nothing()
        .end(End::Clean)
    };
    let rule = "a client that half-closes after its request is answered";
    vec![
        Case::new(Robustness, "connection/half-close", "RFC 9112 9.6", rule)
            .send(GET)
            .half_close()
            .status(&[200])
            .end(End::Clean),
        robust("connection/half-close-body", "RFC 9112 9.6", rule)
            .send("POST {echo} HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello")
            .half_close()
            .status(&[200])
            .body("hello")
            .end(End::Clean),
        robust(
            "connection/half-close-pipeline",
            "RFC 9112 9.6",
            "all the requests before the half-close are answered",
        )
        .send(GET.repeat(20))
        .half_close()
        .oks(20)
        .end(End::Clean),
        robust(
            "connection/half-close-stream",
            "RFC 9112 9.6",
            "a long answer goes on after a half-close",
        )
        .send("GET {count}100000 HTTP/1.1\r\nHost: h\r\n\r\n")
        .half_close()
        .needs(Need::Count)
        .status(&[200])
        .check(Check::Lines(100_000))
        .end(End::Clean),
        inside("in-line", "GET {get} HT"),
        inside("in-head", "GET {get} HTTP/1.1\r\nHost: h\r\n"),
        inside("in-length", "POST {echo} HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhel"),
        inside(
            "in-chunk",
            "POST {echo} HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
        ),
        inside(
            "before-last-chunk",
            "POST {echo} HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        ),
        Case::new(
            Must,
            "connection/incomplete-not-served",
            "RFC 9112 8",
            "a body cut short is not handed on as if it were whole",
        )
        .send("POST {echo} HTTP/1.1\r\nHost: h\r\nContent-Length: 50\r\n\r\nhel")
        .half_close()
        .status(&[400, 408])
        .or_nothing()
        .end(End::Any),
        robust(
            "connection/half-close-silent",
            "RFC 9112 9.6",
            "a client that comes and goes without a word gets no answer",
        )
        .half_close()
        .end(End::Clean),
    ]
}
