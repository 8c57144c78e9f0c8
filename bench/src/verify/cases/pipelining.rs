//! Requests that do not wait for responses: RFC 9112 9.3.2.

use crate::verify::case::Level::{Must, Robustness};
use crate::verify::case::{Case, Check, case};

const SECTION: &str = "RFC 9112 9.3.2";
const BAD: &str = "GET {get}{1.1}X-A : 1\r\n\r\n";

fn hello(name: &str) -> String {
    format!("GET {{hello}}{name}{{1.1}}\r\n")
}

fn echo(body: &str) -> String {
    format!("{{POST}}Content-Length: {}\r\n\r\n{body}", body.len())
}

pub(super) fn cases() -> Vec<Case> {
    [order(), mixed(), ends()].concat()
}

/// Responses come in the order of the requests.
#[rustfmt::skip]
fn order() -> Vec<Case> {
    let named = |case: Case, count: usize| {
        let name = |number: usize| format!("n{number}");
        let case = case.send((0..count).map(|n| hello(&name(n))).collect::<String>());
        (0..count).fold(case, |case, n| case.expect("200").body(format!("Hello, {}!", name(n)))).expect("open")
    };
    vec![
        case(Must, "two", SECTION, "two requests at once, two responses", "{GET}{|}{GET}", "200*2 open"),
        case(Must, "split-inside-second", SECTION, "the cut falls inside the second request", "{GET}GET {get} HT{|}TP/1.1\r\nHost: h\r\n\r\n", "200*2 open"),
        named(case(Must, "order", SECTION, "responses come in the order of the requests", "", ""), 5),
        named(case(Robustness, "order-deep", SECTION, "a hundred responses in the order of the requests", "", ""), 100),
        case(Must, "slow-first", SECTION, "a quick request does not overtake a slow one",
            format!("GET {{sleep}}200{{1.1}}\r\n{}", hello("quick")), "200*2 open").body("Hello, quick!"),
        case(Robustness, "thousand", SECTION, "a thousand requests at once", "{GET}".repeat(1000), "200*1000 open"),
        case(Robustness, "large-first", SECTION, "a long response, then a short one",
            format!("GET {{count}}100000{{1.1}}\r\n{}", hello("after")), "200").check(Check::Lines(100_000)).expect("200 open").body("Hello, after!"),
    ]
}

/// Bodies, HEAD and refusals that keep the connection, one behind the other.
#[rustfmt::skip]
fn mixed() -> Vec<Case> {
    let body = |number: usize| number.to_string().repeat(500);
    let bodies = case(Must, "bodies", SECTION, "many bodies in a row", (0..32).map(|n| echo(&body(n))).collect::<String>(), "");
    vec![
        case(Must, "length-then-get", SECTION, "a body ends where its length says", format!("{}{{|}}{{GET}}", echo("hello")), "200").body("hello").expect("200 open"),
        case(Must, "chunked-then-get", SECTION, "a chunked body ends where its last chunk says",
            "{POST}{chunked}5\r\nhe{|}llo\r\n0\r\n\r\n{GET}", "200").body("hello").expect("200 open"),
        (0..32).fold(bodies, |case, n| case.expect("200").body(body(n))).expect("open"),
        case(Robustness, "empty-line-between", "RFC 9112 2.2", "an empty line behind a body, as old clients send it",
            format!("{}\r{{|}}\n{{GET}}", echo("hello")), "200*2 open"),
        case(Must, "head-between", SECTION, "a response to HEAD is not followed by content", "{GET}HEAD {get}{1.1}\r\n{GET}", "200*2 head 200 open"),
        case(Must, "missing-between", SECTION, "404 keeps its place in the order", "{GET}GET /no/such/resource{1.1}\r\n{GET}", "200 404 200 open"),
        case(Robustness, "1.0-keep-alive", SECTION, "HTTP/1.0 with keep-alive may be pipelined too",
            "GET {get} HTTP/1.0\r\nConnection: keep-alive\r\n\r\n".repeat(3), "200*3 open"),
    ]
}

/// Where a pipeline ends before its last request.
#[rustfmt::skip]
fn ends() -> Vec<Case> {
    vec![
        case(Must, "good-then-bad", SECTION, "the good requests before a bad one get their responses first", format!("{{GET}}{{GET}}{BAD}"), "200*2 400 closed"),
        case(Must, "bad-then-good", SECTION, "nothing after a bad request gets a response", format!("{BAD}{{GET}}{{GET}}"), "400 closed"),
        case(Must, "bad-between", SECTION, "good ones before, none after", format!("{{GET}}{BAD}{{GET}}"), "200 400 closed"),
        case(Must, "close-between", "RFC 9112 9.6", "nothing after a request with close gets a response",
            "{GET}GET {get}{1.1}Connection: close\r\n\r\n{GET}{GET}", "200*2 closed"),
        case(Must, "garbage-after", SECTION, "what follows is no request: 400, once", "{GET}\x16\x03\x01\x02 {|}garbage\r\n\r\n", "200 400 closed"),
        case(Robustness, "bad-deep", SECTION, "a hundred good ones, then a bad one", format!("{}{BAD}", "{GET}".repeat(100)), "200*100 400 closed"),
    ]
}
