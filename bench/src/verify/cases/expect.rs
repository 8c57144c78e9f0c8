//! `Expect: 100-continue`: RFC 9110 10.1.1.

use crate::verify::case::Level::{Must, Robustness};
use crate::verify::case::{Case, case};
use crate::verify::options::Options;
use std::time::Duration;

const SECTION: &str = "RFC 9110 10.1.1";
const HEAD: &str = "{POST}Expect: 100-continue\r\n";

pub(super) fn cases(options: &Options) -> Vec<Case> {
    [served(options), without_100(), refused(options)].concat()
}

/// The client waits for 100, sends, and gets its response.
#[rustfmt::skip]
fn served(options: &Options) -> Vec<Case> {
    let length = format!("{HEAD}Content-Length: 5\r\n\r\n");
    // A server that has the body by the time that it looks at the head owes no 100.
    let impatience = Duration::from_millis(300).max(options.timeout / 20);
    let waits = |id: &str, rule: &'static str, head: &str, body: &str| {
        case(Must, id, SECTION, rule, head, "100 200 open").body("hello").await_responses(1).send(body)
    };
    vec![
        waits("length", "100, then the body, then the response", &length, "hello"),
        waits("chunked", "100 before a chunked body too", &format!("{HEAD}{{chunked}}"), "5\r\nhello\r\n0\r\n\r\n"),
        waits("value-case", "the expectation is compared without case",
            "{POST}EXPECT: 100-Continue\r\nContent-Length: 5\r\n\r\n", "hello"),
        case(Must, "impatient", SECTION, "a client that does not wait gets its response as well", &length, "100 200 open").body("hello")
            .pause(impatience).send("hello"),
        case(Must, "after-another", SECTION, "100 for the second request of a connection", "{GET}", "200 100 200 open")
            .send(&length).await_responses(2).send("hello"),
    ]
}

/// Where 100 would be wrong, or of no use.
#[rustfmt::skip]
fn without_100() -> Vec<Case> {
    let later = Duration::from_millis(50);
    vec![
        case(Must, "not-in-1.0", SECTION, "no 100 to HTTP/1.0, which does not know it",
            "POST {echo} HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n", "200 closed").body("hello").pause(later).send("hello"),
        case(Robustness, "no-body", SECTION, "no 100 where no body is announced", "GET {get}{1.1}Expect: 100-continue\r\n\r\n", "200 open"),
        case(Robustness, "empty-body", SECTION, "no 100 for a body of no bytes", format!("{HEAD}Content-Length: 0\r\n\r\n"), "200|204 open"),
        case(Robustness, "body-here", SECTION, "no 100 where the body has come with the head",
            format!("{HEAD}Content-Length: 5\r\n\r\nhello"), "200 open once").body("hello"),
        case(Robustness, "part-here", SECTION, "no 100 where part of the body has come with the head",
            format!("{HEAD}Content-Length: 5\r\n\r\nhe"), "200 open").body("hello").pause(later).send("llo"),
    ]
}

/// A final response that is known before the body: it comes instead of 100, and as the client may send the body or
/// not, nothing after it can be trusted.
#[rustfmt::skip]
fn refused(options: &Options) -> Vec<Case> {
    let over = options.body_limit + 1;
    let head = |target: &str| format!("POST {target}{{1.1}}Expect: 100-continue\r\nContent-Length: 5\r\n\r\n");
    let bad = |id: &str, expectation: &str| {
        case(Robustness, format!("unknown-{id}"), SECTION, "an expectation that cannot be met: 417",
            format!("{{POST}}Expect: {expectation}\r\nContent-Length: 5\r\n\r\n"), "417 closed")
    };
    vec![
        bad("word", "200-ok"),
        bad("longer", "100-continue-not"),
        bad("list", "100-continue, x"),
        case(Robustness, "unknown-no-body", SECTION, "an expectation that cannot be met: 417, body or not", "GET {get}{1.1}Expect: x\r\n\r\n", "417"),
        case(Robustness, "missing", SECTION, "404 at once instead of 100", head("/no/such/resource"), "404 closed"),
        case(Robustness, "not-allowed", SECTION, "405 at once instead of 100", head("{get}"), "405 closed"),
        case(Robustness, "too-large", SECTION, "413 at once instead of 100", format!("{HEAD}Content-Length: {over}\r\n\r\n"), "413 closed"),
        case(Must, "bad-framing", "RFC 9112 6.3", "400 instead of 100", format!("{HEAD}Content-Length: 5x\r\n\r\n"), "400 closed"),
        case(Robustness, "chunked-too-large", SECTION, "a chunked body may turn out too large after the 100: 413",
            format!("{HEAD}{{chunked}}"), "100 413 closed").await_responses(1).send(format!("{over:x}\r\n")),
    ]
}
