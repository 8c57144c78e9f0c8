//! Deadlines: a moment that no dripping can push further away.

use crate::client::{Client, End, GET};
use shared::http::Action;
use shared::http::limits::{Limits, SILENT_LINGER};
use std::time::Duration;

const IDLE: Duration = Duration::from_secs(15);

/// How long the connection may still wait.
fn left(client: &Client) -> Duration {
    client.protocol().deadline().unwrap() - client.now
}

#[test]
fn a_client_that_never_speaks_is_closed_without_a_word() {
    let mut client = Client::new();
    assert_eq!(left(&client), Limits::default().head_timeout);
    client.wait();
    assert_eq!((client.received.len(), client.end), (0, End::Lingering));
    client.wait();
    assert_eq!((client.received.len(), client.end), (0, End::Closed));
}

#[test]
fn empty_lines_alone_are_no_request_and_time_out_without_a_word() {
    for before in ["", GET] {
        let mut client = Client::new();
        client.send(before);
        let received = client.received.len();
        client.send("\r\n");
        client.wait();
        assert_eq!((client.received.len(), client.end), (received, End::Lingering));
    }
}

/// Some clients send one after a body (RFC 9112 section 2.2). A server that drains would wait for a whole head.
#[test]
fn a_client_that_has_sent_an_empty_line_is_as_silent_as_one_that_has_not() {
    for line in ["\r\n", "\r", "\r\n\r\n\r\n\r\n"] {
        for (request, time) in [("", Limits::default().head_timeout), (GET, IDLE)] {
            let mut client = Client::new();
            client.send(request);
            client.send(line);
            assert_eq!((left(&client), client.protocol().is_silent()), (time, true), "{line:?}");
            assert_eq!(client.protocol().silent_since(&Limits::default()), Some(client.now));
            client.send("\n".repeat(usize::from(line.ends_with('\r'))) + GET);
            assert_eq!(client.statuses().last(), Some(&200));
        }
    }
}

#[test]
fn an_idle_connection_is_closed_without_a_word() {
    let mut client = Client::new();
    client.send(GET);
    assert_eq!(left(&client), Limits::default().idle_timeout);
    assert_eq!(client.protocol().silent_since(&Limits::default()), Some(client.now));
    client.wait();
    assert_eq!(
        (client.statuses(), client.end, left(&client)),
        (vec![200], End::Lingering, SILENT_LINGER)
    );
    client.wait();
    assert_eq!(client.end, End::Closed);
}

#[test]
fn a_dripping_head_has_its_time_from_its_first_byte_and_then_gets_408() {
    for before in ["", GET] {
        let mut client = Client::new();
        client.send(before);
        client.send("G");
        let end = client.protocol().deadline();
        for byte in "ET / HTTP/1.1\r\nHost: a\r\nX".bytes() {
            client.now += Duration::from_millis(100);
            client.send([byte]);
            assert_eq!(client.protocol().deadline(), end);
        }
        client.wait();
        assert_eq!((client.statuses().last(), client.end), (Some(&408), End::Lingering));
    }
}

#[test]
fn a_pipelined_partial_head_has_the_time_of_a_head_too() {
    let mut client = Client::new();
    client.send(format!("{GET}GET /"));
    assert_eq!(left(&client), Limits::default().head_timeout);
    client.wait();
    assert_eq!(client.statuses(), [200, 408]);
}

#[test]
fn a_body_gets_a_second_more_for_each_kib_and_nothing_for_dripping() {
    let mut client = Client::new();
    client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9000\r\n\r\n");
    let grace = Limits::default().body_timeout;
    assert_eq!(left(&client), grace);
    client.now += Duration::from_secs(3);
    client.send([b'x'; 1023]);
    assert_eq!(left(&client), grace - Duration::from_secs(3));
    client.send(b"x");
    assert_eq!(left(&client), grace - Duration::from_secs(2));
    client.wait();
    assert_eq!((client.statuses(), client.end), (vec![408], End::Lingering));
}

#[test]
fn a_body_that_stands_still_has_had_its_time_however_much_of_it_came_before() {
    let grace = Limits::default().body_timeout;
    // Read for a handler, and only discarded.
    for (path, statuses) in [("/echo", vec![408]), ("/none", vec![404])] {
        let mut client = Client::new();
        client.send(format!("POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n"));
        client.send([b'x'; 150_000]);
        assert_eq!(left(&client), grace);
        client.now += grace / 2;
        client.send(b"x");
        assert_eq!(left(&client), grace, "a byte is progress");
        client.wait();
        assert_eq!((client.statuses(), client.end), (statuses, End::Lingering));
    }
}

#[test]
fn a_body_that_is_only_drained_runs_out_of_time_without_a_second_response() {
    let mut client = Client::new();
    client.send("POST /none HTTP/1.1\r\nHost: a\r\nContent-Length: 9000\r\n\r\n");
    client.wait();
    assert_eq!((client.statuses(), client.end), (vec![404], End::Lingering));
}

#[test]
fn lingering_ends_after_its_time_whatever_is_sent() {
    let mut client = Client::new();
    client.send("\n");
    let linger = Limits::default().linger_timeout;
    assert_eq!(left(&client), linger);
    client.now += linger / 2;
    client.send([b'x'; 1000]);
    assert_eq!(left(&client), linger / 2);
    assert_eq!(client.protocol().lingers_since(), Some(client.now), "until then it was silent");
    client.wait();
    assert_eq!((client.statuses(), client.end), (vec![400], End::Closed));
}

#[test]
fn a_response_that_is_held_back_comes_at_its_time_and_those_behind_it_after() {
    let mut client = Client::new();
    client.send(format!("{GET}GET /delay/500 HTTP/1.1\r\nHost: a\r\n\r\n{GET}"));
    assert_eq!(client.statuses(), [200]);
    assert!(client.protocol().is_delayed());
    assert_eq!(left(&client), Duration::from_millis(500));
    client.wait();
    let texts: Vec<_> =
        client.responses().iter().map(|response| response.text().to_owned()).collect();
    assert_eq!(texts, ["Hello, next!", "500 milliseconds later\n", "Hello, next!"]);
    assert_eq!((left(&client), client.end), (Limits::default().idle_timeout, End::Open));
}

#[test]
fn a_response_is_held_back_from_when_its_request_was_read() {
    let mut client = Client::new();
    client.since = Some(client.now - Duration::from_millis(400));
    client.send("GET /delay/500 HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(left(&client), Duration::from_millis(100), "others were served for 400 ms");
}

#[test]
fn a_pipeline_leaves_the_loop_to_others_when_it_has_had_its_time() {
    let mut client = Client::new();
    client.time_slice = Duration::ZERO;
    let mut action = client.step(|protocol, cx| protocol.receive(GET.repeat(3).as_bytes(), cx));
    for responses in 1..=3 {
        assert_eq!(client.statuses(), vec![200; responses]);
        assert!(!client.protocol().is_silent() || responses == 3);
        let is_last = responses == 3;
        assert!(if is_last { action == Action::Read } else { action == Action::Yield });
        if !is_last {
            assert_eq!(client.protocol().deadline(), None, "it is the stage that makes it wait");
            action = client.step(|protocol, cx| protocol.resume(cx));
        }
    }
    assert_eq!(left(&client), Limits::default().idle_timeout);
}
