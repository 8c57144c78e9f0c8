//! What a handler may do wrong, and what is noted of its response.

use crate::client::{Client, End};
use shared::app::router::Router;
use shared::http::Limits;
use shared::http::{Action, Response, Stream};
use std::time::Duration;

/// Makes this many lines, appends the beginning of the next line, and panics.
struct Failing(u8);

impl Stream for Failing {
    fn produce(&mut self, out: &mut Vec<u8>, _: usize) -> bool {
        out.extend_from_slice(b"line\n");
        self.0 = self.0.checked_sub(1).expect("a bug in a handler");
        true
    }
}

#[test]
fn of_a_stream_that_panics_nothing_leaves_without_its_frame() {
    for lines in [0, 2] {
        let router = Router::new()
            .get("/0", |_| Response::stream(Failing(0)))
            .get("/2", |_| Response::stream(Failing(2)));
        let mut client = Client::of(router, Limits::default());
        client.send(format!("GET /{lines} HTTP/1.1\r\nHost: a\r\n\r\n"));
        let came = String::from_utf8(client.received.clone()).unwrap();
        let (_, body) = came.split_once("\r\n\r\n").unwrap();
        assert_eq!(body, "5\r\nline\n\r\n".repeat(lines), "whole chunks, and not the last one");
        assert_eq!(client.end, End::Lingering);
    }
}

#[test]
fn a_field_that_would_split_the_response_is_not_sent() {
    let router = Router::new()
        .get("/value", |_| Response::text("").with("X", "a\r\nSet-Cookie: b"))
        .get("/name", |_| Response::text("").with("X\r\nSet-Cookie", "b"))
        .get("/bare", |_| Response::text("").with("X", "a\nSet-Cookie: b"))
        .get("/good", |_| Response::text("").with("X", "a\tb \u{e9}"));
    let mut client = Client::of(router, Limits::default());
    for path in ["value", "name", "bare", "good"] {
        client.send(format!("GET /{path} HTTP/1.1\r\nHost: a\r\n\r\n"));
    }
    assert_eq!(client.statuses(), [500, 500, 500, 200]);
    assert!(client.responses().iter().all(|response| response.field("Set-Cookie").is_none()));
}

/// A response takes until its client has taken it, not until its head was written.
#[test]
fn a_long_response_is_counted_when_it_is_written() {
    let mut client = Client::new();
    // For Miri, which interprets each instruction, two small pieces.
    let lines = if cfg!(miri) { 3_000 } else { 50_000 };
    let request = format!("GET /count/{lines} HTTP/1.1\r\nHost: a\r\n\r\n");
    let mut action = client.step(|protocol, cx| protocol.receive(request.as_bytes(), cx));
    while action == Action::Write {
        assert_eq!(client.metric("http_response_seconds_count"), "http_response_seconds_count 0");
        client.now += Duration::from_secs(1);
        action = client.step(|protocol, cx| protocol.resume(cx));
    }
    let sum = client.metric("http_response_seconds_sum");
    let seconds: f64 = sum.rsplit(' ').next().unwrap().parse().unwrap();
    assert!(seconds >= 2.0, "{sum}");
    assert_eq!(client.metric("http_response_seconds_count"), "http_response_seconds_count 1");
}
