//! How a connection ends when the client ends it, or when it is refused (RFC 9112 section 9.6).

use crate::client::{Client, End, GET};

#[test]
fn a_half_close_between_requests_is_the_silent_end() {
    for before in ["", GET, "GET / HTTP/1.1\r\nHost: a\r\n\r\n\r\n", "\r\n", "\r"] {
        let mut client = Client::new();
        client.send(before);
        let received = client.received.len();
        client.half_close();
        assert_eq!(client.received.len(), received, "no response after {before:?}");
        assert_eq!(client.end, End::Closed);
    }
}

#[test]
fn a_half_close_inside_a_request_is_400() {
    for partial in [
        "G",
        "\r\nG",
        "GET / HTTP/1.1\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\n",
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhell",
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n",
    ] {
        let mut client = Client::new();
        client.send(format!("{GET}{partial}"));
        assert_eq!(client.statuses(), [200]);
        client.half_close();
        assert_eq!((client.statuses(), client.end), (vec![200, 400], End::Closed), "{partial}");
        assert!(client.responses()[1].is_last());
    }
}

#[test]
fn what_only_began_like_an_empty_line_is_400_however_it_came() {
    for pieces in [&["\r "][..], &["\r", " "], &["\r", "\r"], &["\r\n", " "]] {
        let mut client = Client::new();
        pieces.iter().for_each(|piece| client.send(piece));
        client.half_close();
        assert_eq!(client.statuses(), [400], "{pieces:?}");
    }
}

#[test]
fn a_half_close_while_a_body_is_drained_says_nothing_more() {
    let mut client = Client::new();
    client.send("POST /none HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhell");
    client.half_close();
    assert_eq!((client.statuses(), client.end), (vec![404], End::Closed));
}

#[test]
fn a_refused_client_may_go_on_sending_and_gets_no_second_response() {
    let mut client = Client::new();
    client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999\r\n\r\n");
    assert_eq!((client.statuses(), client.end), (vec![413], End::Lingering));
    let reads = if cfg!(miri) { 4 } else { 64 };
    for _ in 0..reads {
        client.send(vec![b'x'; 16 << 10]);
        client.send(GET);
    }
    assert_eq!((client.statuses(), client.end), (vec![413], End::Lingering));
    client.half_close();
    assert_eq!((client.statuses(), client.end), (vec![413], End::Closed));
}

#[test]
fn every_refusal_is_the_last_response_and_lingers() {
    let long = |length: usize| "x".repeat(length);
    let drip = if cfg!(miri) { 500 } else { 1 };
    for (request, status) in [
        ("\n".to_owned(), 400),
        ("GET / HTTP/1.1\r\n\r\n".to_owned(), 400),
        ("GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n".to_owned(), 400),
        (format!("GET /{} ", long(8192)), 414),
        (format!("GET / HTTP/1.1\r\nX: {}", long(16 << 10)), 431),
        (format!("GET / HTTP/1.1\r\n{}", "X: y\r\n".repeat(101)), 431),
        ("GET / HTTP/4.2\r\n".to_owned(), 505),
        ("GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n".to_owned(), 501),
    ] {
        for step in [drip, 1000, request.len()] {
            let mut client = Client::new();
            request.as_bytes().chunks(step).for_each(|piece| client.send(piece));
            assert_eq!((client.statuses(), client.end), (vec![status], End::Lingering));
            assert!(client.responses()[0].is_last());
        }
    }
}
