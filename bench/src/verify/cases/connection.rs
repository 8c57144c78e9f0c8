//! Persistence, closing and half-closing: RFC 9112 9.

use crate::verify::case::Level::{Must, Robustness, Should};
use crate::verify::case::{Case, Check, case};
use crate::verify::peer::{PROBE, Peer, Problem};
use crate::wire::Ending;

/// Name, what follows the target, whether the connection stays, the rule.
#[rustfmt::skip]
const TOKENS: &[(&str, &str, bool, &str)] = &[
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

/// Refusals after which the connection ends, whether or not the RFC demands that it does: behind what could not be
/// read the server cannot know where the next request begins. The response says so, and its end comes soon.
#[rustfmt::skip]
const REFUSALS: &[(&str, &str, &str)] = &[
    ("line", "G(T {get}{1.1}\r\n", "400"),
    ("version", "GET {get} HTTP/2.0\r\nHost: h\r\n\r\n", "505"),
    ("host", "GET {get} HTTP/1.1\r\n\r\n", "400"),
    ("two-hosts", "GET {get} HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400"),
    ("field", "GET {get}{1.1}X-A : 1\r\n\r\n", "400"),
    ("length", "POST {get}{1.1}Content-Length: x\r\n\r\n", "400"),
    ("coding", "POST {get}{1.1}Transfer-Encoding: x\r\n\r\n", "501"),
    ("chunk", "{POST}{chunked}x\r\n", "400"),
    ("large", "{POST}Content-Length: 1000000000000\r\n\r\n", "413"),
];

pub(super) fn cases() -> Vec<Case> {
    let tokens = TOKENS.iter().map(|(id, rest, stays, rule)| {
        // A server may always close, so staying open is what it SHOULD do, and closing when told what it MUST.
        let (level, expected) = if *stays { (Should, "200 open") } else { (Must, "200 closed") };
        let message = format!("GET {{get}} {rest}\r\n\r\n");
        case(level, *id, "RFC 9112 9.3", rule, message, expected)
    });
    let closes = REFUSALS.iter().map(|(id, message, status)| {
        let rule = "after a refusal the server closes, soon and with no reset";
        let expected = format!("{status} says-close clean once");
        case(Robustness, format!("ends-after-{id}"), "RFC 9112 9.6", rule, message, &expected)
    });
    let readable = REFUSALS.iter().map(|(id, message, status)| {
        let rule = "a client that is still sending 1 MB can read the refusal";
        let expected = format!("{status} clean");
        // 1 MB follows the refused message, as from a client that is still uploading.
        case(Robustness, format!("readable-{id}"), "RFC 9112 9.6", rule, message, &expected)
            .send(vec![b'x'; 1_000_000])
    });
    tokens.chain(persistence()).chain(closes).chain(readable).chain(half_close()).collect()
}

#[rustfmt::skip]
fn persistence() -> Vec<Case> {
    let post = |target: &str, length: usize| format!("POST {target}{{1.1}}Content-Length: {length}\r\n\r\n{}", "b".repeat(length));
    let body = "a body that the resource does not want is read past, and the connection stays";
    vec![
        case(Should, "1.0-keep-alive", "RFC 9112 9.3", "HTTP/1.0 with keep-alive stays open, and the response says so",
            "GET {get} HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", "200 open").check(Check::Token("connection", "keep-alive")),
        case(Must, "1.0-no-chunks", "RFC 9112 6.1", "HTTP/1.0 is never sent chunks", "GET {count}1000 HTTP/1.0\r\n\r\n", "200 closed")
            .check(Check::Lacks("transfer-encoding")).check(Check::Lines(1000)),
        case(Must, "close-then-request", "RFC 9112 9.6", "what follows a request with close gets no response",
            "GET {get}{1.1}Connection: close\r\n\r\n{GET}", "200 closed"),
        case(Should, "close-ends-soon", "RFC 9112 9.6", "after the response to close the server closes by itself",
            "GET {get}{1.1}Connection: close\r\n\r\n", "200 says-close clean once"),
        case(Robustness, "after-404-body", "RFC 9112 9.3", body, post("/no/such/resource", 100_000), "404 open"),
        case(Robustness, "after-405-body", "RFC 9112 9.3", body, post("{get}", 200_000), "405 open"),
        // Both are right: to know nothing of the resource, and to take no such body for it.
        case(Robustness, "after-404-large-body", "RFC 9112 9.6", "beyond what is read past, the response can still be read",
            post("/no/such/resource", 700_000), "404|413"),
        case(Robustness, "hundred", "RFC 9112 9.3", "a hundred requests, one after the other", "", "").scenario(hundred),
    ]
}

/// Each request is sent when the last response is there.
fn hundred(peer: &Peer) -> Result<(), Problem> {
    let mut wire = peer.connect()?;
    for count in 1..=100 {
        wire.send(&peer.fill("{GET}"));
        peer.await_responses(&mut wire, count, &format!("no response to request {count}"))?;
    }
    wire.send(&peer.fill(PROBE));
    wire.read_responses(101, |_| false, peer.deadline());
    wire.fill_to_end(peer.deadline());
    if wire.ending == Ending::Eof {
        Ok(())
    } else {
        Err(Problem::on(&wire, "the last request said close, but no clean end came"))
    }
}

/// A client that has nothing more to send may shut down its side and still gets its response.
#[rustfmt::skip]
fn half_close() -> Vec<Case> {
    let inside = |id: &str, message: &str| {
        case(Robustness, format!("half-close-{id}"), "RFC 9112 8", "a message cut short is refused or dropped, and the connection ends",
            message, "400 or-nothing clean").half_close()
    };
    let rule = "a client that half-closes after its request gets its response";
    vec![
        case(Robustness, "half-close", "RFC 9112 9.6", rule, "{GET}", "200 clean").half_close(),
        case(Robustness, "half-close-body", "RFC 9112 9.6", rule, "{POST}Content-Length: 5\r\n\r\nhello", "200 clean").body("hello").half_close(),
        case(Robustness, "half-close-pipeline", "RFC 9112 9.6", "all the requests before the half-close get their responses",
            "{GET}".repeat(20), "200*20 clean").half_close(),
        case(Robustness, "half-close-stream", "RFC 9112 9.6", "a long response goes on after a half-close",
            "GET {count}100000{1.1}\r\n", "200 clean").check(Check::Lines(100_000)).half_close(),
        inside("in-line", "GET {get} HT"),
        inside("in-head", "GET {get}{1.1}"),
        inside("in-length", "{POST}Content-Length: 5\r\n\r\nhel"),
        inside("in-chunk", "{POST}{chunked}5\r\nhel"),
        inside("before-last-chunk", "{POST}{chunked}5\r\nhello\r\n"),
        case(Must, "incomplete-not-served", "RFC 9112 8", "a body cut short is not handed on as if it were whole",
            "{POST}Content-Length: 50\r\n\r\nhel", "400|408 or-nothing").half_close(),
        case(Robustness, "half-close-silent", "RFC 9112 9.6", "a client that half-closes and sends nothing gets no response", "", "clean").half_close(),
    ]
}
