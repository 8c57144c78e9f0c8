//! `Expect: 100-continue` (RFC 9110 section 10.1.1).

use crate::client::{Client, End, GET};

const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

fn post(path: &str, version: &str, fields: &str) -> String {
    format!("POST {path} HTTP/{version}\r\nHost: a\r\nExpect: 100-continue\r\n{fields}\r\n\r\n")
}

#[test]
fn the_100_comes_before_the_body_and_the_response_after_it() {
    for (fields, body) in [
        ("Content-Length: 5", "hello"),
        ("Transfer-Encoding: chunked", "5\r\nhello\r\n0\r\n\r\n"),
        ("Content-Length: 5\r\nExpect: 100-Continue", "hello"),
    ] {
        let mut client = Client::new();
        client.send(post("/echo", "1.1", fields));
        assert_eq!(client.received, CONTINUE, "{fields}");
        client.send(body);
        client.send(GET);
        let texts: Vec<_> =
            client.responses().iter().map(|response| response.text().to_owned()).collect();
        assert_eq!(
            (texts, client.end),
            (vec!["hello".to_owned(), "Hello, next!".to_owned()], End::Open)
        );
    }
}

#[test]
fn there_is_no_100_where_no_client_waits_for_one() {
    for (request, statuses) in [
        (post("/echo", "1.0", "Content-Length: 5"), vec![]),
        (post("/echo", "1.1", "Content-Length: 0"), vec![200]),
        (post("/echo", "1.1", "X: y"), vec![200]),
        (post("/echo", "1.1", "Content-Length: 5") + "h", vec![]),
        (post("/echo", "1.1", "Transfer-Encoding: chunked") + "5", vec![]),
        (post("/none", "1.1", "Content-Length: 5"), vec![404]),
        (post("/", "1.1", "Content-Length: 5"), vec![405]),
        (post("/echo", "1.1", "Content-Length: 9999999"), vec![413]),
        (post("/echo", "1.1", "Content-Length: x"), vec![400]),
    ] {
        let mut client = Client::new();
        client.send(&request);
        assert_eq!(client.statuses(), statuses, "{request}");
        assert!(!client.received.starts_with(CONTINUE), "{request}");
    }
}

/// It may send the body or leave it out: what follows the head cannot be told from the next request.
#[test]
fn a_client_that_waits_for_100_and_gets_a_final_response_cannot_go_on() {
    let mut client = Client::new();
    client.send(post("/none", "1.1", "Content-Length: 5"));
    assert_eq!(client.end, End::Lingering);
    assert!(client.responses()[0].is_last());
    client.send(format!("hello{GET}"));
    assert_eq!(client.statuses(), [404]);
}

#[test]
fn any_other_expectation_is_417() {
    for expectation in ["200-ok", "100-continue, x", "x, 100-continue", "100-continue;q=1"] {
        for version in ["1.1", "1.0"] {
            let mut client = Client::new();
            client
                .send(format!("GET / HTTP/{version}\r\nHost: a\r\nExpect: {expectation}\r\n\r\n"));
            assert_eq!(client.statuses(), [417], "{expectation}");
        }
    }
}

#[test]
fn a_chunked_body_may_prove_too_large_after_the_100() {
    let mut client = Client::new();
    client.send(post("/echo", "1.1", "Transfer-Encoding: chunked"));
    client.send("fffffff\r\n");
    assert!(client.received.starts_with(CONTINUE));
    assert_eq!((client.statuses(), client.end), (vec![413], End::Lingering));
}
