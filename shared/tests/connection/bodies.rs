//! Request bodies: both framings, their limits, and responses that do not wait for them (RFC 9112 sections 6 and 7).

use crate::client::{Client, End, GET, converse, statuses};
use shared::http::Limits;

fn post(path: &str, fields: &str, body: &str) -> String {
    format!("POST {path} HTTP/1.1\r\nHost: a\r\n{fields}\r\n\r\n{body}")
}

/// Sends `length` bytes of a body, in the pieces that a socket gives.
fn send_zeros(client: &mut Client, mut length: usize) {
    while length > 0 {
        let piece = length.min(16 << 10);
        client.send(vec![b'0'; piece]);
        length -= piece;
    }
}

#[test]
fn echo_returns_a_body_of_either_framing_and_the_next_request_follows() {
    let length = post("/echo", "Content-Length: 11", "hello world");
    let chunks = post(
        "/echo",
        "Transfer-Encoding: chunked",
        "5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nA: b\r\n\r\n",
    );
    let nothing = post("/echo", "X: y", "");
    let (responses, end) = converse(format!("{length}{chunks}{nothing}{GET}"));
    let texts: Vec<_> = responses.iter().map(|response| response.text()).collect();
    assert_eq!((texts, end), (vec!["hello world", "hello world", "", "Hello, next!"], End::Open));
}

#[test]
fn a_body_of_the_largest_size_is_served_and_one_byte_more_is_413_unread() {
    let largest = Limits::default().max_body as usize;
    let mut client = Client::new();
    client.send(post("/echo", &format!("Content-Length: {largest}"), ""));
    send_zeros(&mut client, largest);
    assert_eq!(client.responses()[0].body.len(), largest);
    assert_eq!(client.end, End::Open);
    client.send(post("/echo", &format!("Content-Length: {}", largest + 1), ""));
    assert_eq!((client.statuses(), client.end), (vec![200, 413], End::Lingering));
}

#[test]
fn many_small_chunks_count_together() {
    let mut client = Client::with(Limits { max_body: 100, ..Limits::default() });
    client.send(post("/echo", "Transfer-Encoding: chunked", &"a\r\n0123456789\r\n".repeat(10)));
    assert_eq!(client.statuses(), [0; 0]);
    client.send("1\r\n");
    assert_eq!((client.statuses(), client.end), (vec![413], End::Lingering));
}

#[test]
fn a_response_that_needs_no_body_is_given_at_once_and_the_body_is_drained() {
    for (request, status) in [
        (post("/none", "Content-Length: 262144", ""), 404),
        (post("/", "Content-Length: 262144", ""), 405),
        (post("/", "Content-Length: 262144", "").replace("POST", "BREW"), 501),
        (post("/", "Content-Length: 262144", "").replace("POST", "OPTIONS"), 204),
        (post("/%", "Content-Length: 262144", ""), 400),
    ] {
        let mut client = Client::new();
        client.send(request);
        assert_eq!((client.statuses(), client.end), (vec![status], End::Open));
        assert!(!client.responses()[0].is_last());
        send_zeros(&mut client, 256 << 10);
        client.send(GET);
        assert_eq!((client.statuses(), client.end), (vec![status, 200], End::Open));
    }
}

#[test]
fn a_body_that_is_too_long_to_drain_ends_the_connection_with_its_response() {
    let mut client = Client::new();
    client.send(post("/none", "Content-Length: 262145", ""));
    assert_eq!((client.statuses(), client.end), (vec![404], End::Lingering));
    assert!(client.responses()[0].is_last());
    send_zeros(&mut client, 262145);
    client.send(GET);
    assert_eq!(client.statuses(), [404]);
}

#[test]
fn a_chunked_body_is_drained_up_to_the_same_size() {
    let drained = |size: &str| {
        let mut client = Client::new();
        client.send(post("/none", "Transfer-Encoding: chunked", &format!("{size}\r\n")));
        client.end
    };
    assert_eq!(drained("40000"), End::Open);
    assert_eq!(drained("40001"), End::Lingering);
    let small = post("/none", "Transfer-Encoding: chunked", "2\r\nxy\r\n0\r\n\r\n");
    assert_eq!(statuses(format!("{small}{GET}")), (vec![404, 200], End::Open));
    let bad = post("/none", "Transfer-Encoding: chunked", "x\r\n");
    assert_eq!(statuses(format!("{bad}{GET}")), (vec![404], End::Lingering));
}

#[test]
fn after_close_a_body_that_no_handler_wants_is_not_waited_for() {
    let request = post("/none", "Connection: close\r\nContent-Length: 5", "hello");
    assert_eq!(statuses(format!("{request}{GET}")).0, [404]);
}
