//! Which answers are right: all that HTTP/1 allows, and no others.

use super::{HELLO, each, in_turn, options, repeat, run, serve};
use bench::load::Expect;

/// Each is a complete answer to GET after which the connection goes on.
const RIGHT: [&str; 5] = [
    "HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\nContent-Length: 9\r\n\r\n",
    "HTTP/1.1 308 x\r\nLocation: /y\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nA: b\r\n\r\nHTTP/1.1 201 x\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;a=\"b\"\r\no\r\n01 ;c\r\nk\r\n0;d\r\nX: y\r\n\r\n",
    "HTTP/1.0 200 OK\r\nConnection: x, KEEP-ALIVE\r\nContent-Length: 2\r\n\r\nok",
];

#[test]
fn whatever_http_allows_is_right_and_keeps_the_connection() {
    each(RIGHT, |answer| {
        let mut options = options(serve(move |stream| repeat(stream, answer)));
        options.expect = Expect::Any;
        let tally = run(&options).tally;
        assert!(tally.requests > 0, "{answer:?}: {tally:?}");
        assert_eq!((tally.errors.total(), tally.reconnects), (0, 0), "{answer:?}: {tally:?}");
    });
}

#[test]
fn an_answer_to_head_needs_no_length() {
    each(["A: b", "Content-Length: 13", "Transfer-Encoding: chunked"], |field| {
        let answer = format!("HTTP/1.1 200 OK\r\n{field}\r\n\r\n");
        let mut options = options(serve(move |stream| repeat(stream, &answer)));
        options.method = "HEAD".to_owned();
        let tally = run(&options).tally;
        assert!(tally.requests > 0 && tally.served == 5, "{field}: {tally:?}");
        assert_eq!((tally.errors.total(), tally.reconnects), (0, 0), "{field}: {tally:?}");
    });
}

#[test]
fn wrong_bytes_are_errors_and_not_requests() {
    let wrong =
        |stream| repeat(stream, "HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\nHello, World?");
    let tally = run(&options(serve(wrong))).tally;
    assert_eq!((tally.requests, tally.served), (0, 0));
    assert!(tally.errors.body > 0);
    let mut same = options(serve(wrong));
    same.expect = Expect::Same;
    assert_eq!(run(&same).tally.errors.total(), 0, "nothing else was asked for");
}

#[test]
fn a_later_answer_that_differs_is_an_error() {
    let shorter = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno".to_owned();
    each([shorter, HELLO.replace('!', "?")], |other| {
        let tally = run(&options(serve(move |stream| in_turn(stream, &[HELLO, &other])))).tally;
        assert!(tally.requests > 0 && tally.errors.body > 0, "{tally:?}");
        // One of two, on each of five connections.
        assert!(tally.requests.abs_diff(tally.errors.body) <= 5, "{tally:?}");
    });
}

#[test]
fn other_statuses_and_nonsense_are_errors() {
    let [busy, late] =
        [503, 408].map(|code| format!("HTTP/1.1 {code} x\r\nContent-Length: 0\r\n\r\n"));
    let wrong = [&busy, &late, "hello\r\n\r\n", &HELLO.repeat(2)];
    each(wrong.map(str::to_owned), |answer| {
        let is_unasked = answer.contains(HELLO);
        let tally = run(&options(serve(move |stream| repeat(stream, &answer)))).tally;
        if is_unasked {
            return assert!(tally.errors.body > 0, "a second answer to one request");
        }
        assert!(tally.errors.status > 0 && tally.requests == 0, "{tally:?}");
    });
}
