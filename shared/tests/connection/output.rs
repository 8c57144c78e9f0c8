//! What waits to be written is bounded, whatever clients request.

use crate::client::{Client, End, GET};
use shared::http::Action;
use shared::http::limits::MAX_OUTPUT;

/// One response, or one piece of one, may still be added when the output is all but full.
const PIECE: usize = 80 << 10;

/// How much is requested of streams. Miri interprets each instruction, and gets what takes another piece.
const STREAM_PIECES: usize = if cfg!(miri) { 1 } else { 200 };
const STREAMS: usize = if cfg!(miri) { 2 } else { 8 };
const LINES: usize = if cfg!(miri) { 3_000 } else { 50_000 };

/// Sends `requests` at once, takes what comes when the connection wants to write, and returns how often.
fn write_rounds(client: &mut Client, requests: &[u8]) -> usize {
    let mut action = client.step(|protocol, cx| protocol.receive(requests, cx));
    let mut rounds = 0;
    while action == Action::Write {
        rounds += 1;
        action = client.step(|protocol, cx| protocol.resume(cx));
    }
    assert!(action == Action::Read);
    rounds
}

#[test]
#[cfg_attr(miri, ignore = "minutes for Miri, which gets as many bytes in ten responses")]
fn a_thousand_pipelined_requests_wait_while_their_responses_are_not_taken() {
    // 400 bytes of a name: a thousand responses are twice what may wait.
    let request = format!("GET /hello/{} HTTP/1.1\r\nHost: a\r\n\r\n", "x".repeat(400));
    let mut client = Client::new();
    let rounds = write_rounds(&mut client, request.repeat(1000).as_bytes());
    assert_eq!(client.responses().len(), 1000);
    assert!((2..20).contains(&rounds), "{rounds} rounds");
    assert!(client.most_waiting <= MAX_OUTPUT + 1024, "{} bytes waited", client.most_waiting);
}

#[test]
fn ten_large_responses_wait_while_they_are_not_taken() {
    let head = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n";
    let requests = [head.as_bytes(), &[b'x'; 60_000]].concat().repeat(10);
    let mut client = Client::new();
    let rounds = write_rounds(&mut client, &requests);
    assert_eq!(client.responses().len(), 10);
    assert_eq!(rounds, 2, "five responses at a time are more than may wait");
    assert!(client.most_waiting <= MAX_OUTPUT + PIECE, "{} bytes waited", client.most_waiting);
}

#[test]
fn an_endless_stream_is_made_as_it_is_taken() {
    let mut client = Client::new();
    let request = b"GET /count/100000000 HTTP/1.1\r\nHost: a\r\n\r\n";
    let mut action = client.step(|protocol, cx| protocol.receive(request, cx));
    for _ in 0..STREAM_PIECES {
        assert!(action == Action::Write);
        client.received.clear();
        action = client.step(|protocol, cx| protocol.resume(cx));
        assert!(client.protocol().deadline().is_none(), "the stage watches the writing");
    }
    assert!(client.most_waiting <= MAX_OUTPUT + PIECE, "{} bytes waited", client.most_waiting);
    assert!(client.most_waiting >= 32 << 10, "a piece is worth a system call");
}

#[test]
fn large_streams_behind_each_other_do_not_add_up() {
    let mut client = Client::new();
    client.send(format!("GET /count/{LINES} HTTP/1.1\r\nHost: a\r\n\r\n").repeat(STREAMS));
    let lines: String = (1..=LINES).map(|n| format!("{n}\n")).collect();
    assert!(client.responses().iter().all(|response| response.text() == lines));
    assert_eq!((client.responses().len(), client.end), (STREAMS, End::Open));
    assert!(client.most_waiting <= MAX_OUTPUT + PIECE, "{} bytes waited", client.most_waiting);
}

#[test]
fn a_large_response_of_bytes_leaves_in_pieces() {
    let mut client = Client::new();
    client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n");
    client.send(vec![b'x'; 1_000_000]);
    client.send(GET);
    let responses = client.responses();
    assert_eq!((responses[0].body.len(), responses[1].text()), (1_000_000, "Hello, next!"));
    assert!(client.most_waiting <= MAX_OUTPUT + PIECE, "{} bytes waited", client.most_waiting);
}
