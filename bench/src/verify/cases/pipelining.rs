//! Requests that do not wait for answers: RFC 9112 9.3.2.

use super::super::case::{Case, Check, End, must, robust};

const SECTION: &str = "RFC 9112 9.3.2";
const GET: &str = "GET {get} HTTP/1.1\r\nHost: h\r\n\r\n";
const BAD: &str = "GET {get} HTTP/1.1\r\nHost: h\r\nX-A : 1\r\n\r\n";

fn hello(name: &str) -> String {
    format!("GET {{hello}}{name} HTTP/1.1\r\nHost: h\r\n\r\n")
}

fn echo(body: &str) -> String {
    format!("POST {{echo}} HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

pub(super) fn cases() -> Vec<Case> {
    order().into_iter().chain(mixed()).chain(ends()).collect()
}

/// Answers come in the order of the requests.
fn order() -> Vec<Case> {
    let bodies = |case: Case, count: usize| {
        (0..count).fold(case, |case, n| case.status(&[200]).body(format!("Hello, n{n}!")))
    };
    let names = |count: usize| (0..count).map(|n| hello(&format!("n{n}"))).collect::<String>();
    vec![
        must("pipelining/two", SECTION, "two requests at once, two answers")
            .send(format!("{GET}{{|}}{GET}"))
            .oks(2)
            .end(End::Open),
        must("pipelining/split-inside-second", SECTION, "the cut falls inside the second request")
            .send(format!("{GET}GET {{get}} HT{{|}}TP/1.1\r\nHost: h\r\n\r\n"))
            .oks(2)
            .end(End::Open),
        bodies(must("pipelining/order", SECTION, "answers come in the order of the requests"), 5)
            .send(names(5))
            .end(End::Open),
        bodies(
            robust(
                "pipelining/order-deep",
                SECTION,
                "a hundred answers in the order of the requests",
            ),
            100,
        )
        .send(names(100))
        .end(End::Open),
        must("pipelining/slow-first", SECTION, "a quick request does not overtake a slow one")
            .send(format!("GET {{sleep}}200 HTTP/1.1\r\nHost: h\r\n\r\n{}", hello("quick")))
            .oks(2)
            .body("Hello, quick!")
            .end(End::Open),
        robust("pipelining/thousand", SECTION, "a thousand requests at once")
            .send(GET.repeat(1000))
            .oks(1000)
            .end(End::Open),
        robust("pipelining/large-first", SECTION, "a long answer, then a short one")
            .send(format!("GET {{count}}100000 HTTP/1.1\r\nHost: h\r\n\r\n{}", hello("after")))
            .status(&[200])
            .check(Check::Lines(100_000))
            .oks(1)
            .body("Hello, after!")
            .end(End::Open),
    ]
}

/// Bodies, HEAD and refusals that keep the connection, one behind the other.
fn mixed() -> Vec<Case> {
    let chunked = "POST {echo} HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe{|}llo\r\n0\r\n\r\n";
    let echoes: String = (0..32).map(|n| echo(&format!("{n}").repeat(500))).collect();
    let echoed = (0..32)
        .fold(must("pipelining/bodies", SECTION, "many bodies in a row"), |case, n| {
            case.oks(1).body(format!("{n}").repeat(500))
        });
    vec![
        must("pipelining/length-then-get", SECTION, "a body ends where its length says")
            .send(format!("{}{{|}}{GET}", echo("hello")))
            .oks(1)
            .body("hello")
            .oks(1)
            .end(End::Open),
        must(
            "pipelining/chunked-then-get",
            SECTION,
            "a chunked body ends where its last chunk says",
        )
        .send(format!("{chunked}{GET}"))
        .oks(1)
        .body("hello")
        .oks(1)
        .end(End::Open),
        echoed.send(echoes).end(End::Open),
        robust(
            "pipelining/empty-line-between",
            "RFC 9112 2.2",
            "an empty line behind a body, as old clients send it",
        )
        .send(format!("{}\r{{|}}\n{GET}", echo("hello")))
        .oks(2)
        .end(End::Open),
        must("pipelining/head-between", SECTION, "an answer to HEAD is not followed by content")
            .send(format!("{GET}HEAD {{get}} HTTP/1.1\r\nHost: h\r\n\r\n{GET}"))
            .oks(2)
            .without_content()
            .oks(1)
            .end(End::Open),
        must("pipelining/missing-between", SECTION, "404 keeps its place in the order")
            .send(format!("{GET}GET /no/such/resource HTTP/1.1\r\nHost: h\r\n\r\n{GET}"))
            .oks(1)
            .status(&[404])
            .oks(1)
            .end(End::Open),
        robust(
            "pipelining/1.0-keep-alive",
            SECTION,
            "HTTP/1.0 with keep-alive may be pipelined too",
        )
        .send("GET {get} HTTP/1.0\r\nConnection: keep-alive\r\n\r\n".repeat(3))
        .oks(3)
        .end(End::Open),
    ]
}

/// Where a pipeline ends before its last request.
fn ends() -> Vec<Case> {
    let close = "GET {get} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
    vec![
        must(
            "pipelining/good-then-bad",
            SECTION,
            "the good requests before a bad one are answered first",
        )
        .send(format!("{GET}{GET}{BAD}"))
        .oks(2)
        .refused(&[400]),
        must("pipelining/bad-then-good", SECTION, "nothing after a bad request is answered")
            .send(format!("{BAD}{GET}{GET}"))
            .refused(&[400]),
        must("pipelining/bad-between", SECTION, "good ones before, none after")
            .send(format!("{GET}{BAD}{GET}"))
            .oks(1)
            .refused(&[400]),
        must(
            "pipelining/close-between",
            "RFC 9112 9.6",
            "nothing after a request with close is answered",
        )
        .send(format!("{GET}{close}{GET}{GET}"))
        .oks(2)
        .end(End::Closed),
        must("pipelining/garbage-after", SECTION, "what follows is no request: 400, once")
            .send(format!("{GET}\x16\x03\x01\x02 {{|}}garbage\r\n\r\n"))
            .oks(1)
            .refused(&[400]),
        robust("pipelining/bad-deep", SECTION, "a hundred good ones, then a bad one")
            .send(format!("{}{BAD}", GET.repeat(100)))
            .oks(100)
            .refused(&[400]),
    ]
}
