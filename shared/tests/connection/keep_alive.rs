//! Which response is the last one (RFC 9112 section 9.3 and 9.6).

use crate::client::{Client, End, GET, converse, statuses};
use shared::http::Limits;

/// Whether a connection goes on after a request with this version and these field lines.
fn stays_open(version: &str, fields: &str) -> bool {
    let request = format!("GET / HTTP/{version}\r\nHost: a\r\n{fields}\r\n");
    let (responses, end) = converse(&request);
    assert_eq!(responses.len(), 1);
    assert_eq!(responses[0].is_last(), end == End::Closed, "{request}");
    let says_so = responses[0].field("Connection") == Some("keep-alive");
    assert_eq!(says_so, end == End::Open && version == "1.0", "{request}");
    end == End::Open
}

#[test]
fn http_1_1_stays_open_unless_close_is_said() {
    for fields in [
        "",
        "Connection: keep-alive\r\n",
        "Connection: closed\r\n",
        "Connection: close-not\r\n",
        "Connection: x, y\r\n",
        "Connection:\r\n",
        "Connections: close\r\n",
        "X: close\r\n",
    ] {
        assert!(stays_open("1.1", fields), "{fields}");
        assert!(stays_open("1.2", fields), "{fields}");
    }
}

#[test]
fn close_is_found_in_either_case_in_a_list_and_over_several_lines() {
    for fields in [
        "Connection: close\r\n",
        "connection:CLOSE\r\n",
        "Connection: \t x ,\tClose \t\r\n",
        "Connection: keep-alive, close\r\n",
        "Connection: close, keep-alive\r\n",
        "Connection: ,,close,\r\n",
        "Connection: keep-alive\r\nConnection: close\r\n",
        "Connection: close\r\nConnection: keep-alive\r\n",
    ] {
        assert!(!stays_open("1.1", fields), "{fields}");
        assert!(!stays_open("1.0", fields), "{fields}");
    }
}

#[test]
fn http_1_0_closes_unless_keep_alive_is_said() {
    for fields in ["", "Connection: x\r\n", "Connection: keep-alives\r\n", "Keep-Alive: 5\r\n"] {
        assert!(!stays_open("1.0", fields), "{fields}");
    }
    assert!(stays_open("1.0", "Connection: Keep-Alive\r\n"));
    assert!(stays_open("1.0", "Connection: x\r\nConnection: y, keep-alive\r\n"));
}

#[test]
fn pipelined_requests_get_their_responses_in_order() {
    let requests: String =
        (0..7).map(|n| format!("GET /hello/{n} HTTP/1.1\r\nHost: a\r\n\r\n")).collect();
    let (responses, end) = converse(requests);
    let texts: Vec<_> = responses.iter().map(|response| response.text().to_owned()).collect();
    let expected: Vec<_> = (0..7).map(|n| format!("Hello, {n}!")).collect();
    assert_eq!((texts, end), (expected, End::Open));
}

#[test]
fn good_requests_before_a_bad_one_get_responses_and_none_after_it() {
    let bad = "GET / HTTP/1.1\r\nHost : a\r\n\r\n";
    assert_eq!(statuses(format!("{GET}{GET}{bad}{GET}")), (vec![200, 200, 400], End::Lingering));
}

#[test]
fn what_follows_the_last_request_gets_no_response() {
    let last = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    let mut client = Client::new();
    client.send(format!("{last}{GET}"));
    assert_eq!((client.statuses(), client.end), (vec![200], End::Lingering));
    client.send(GET);
    assert_eq!(client.statuses(), [200]);
}

#[test]
fn the_last_of_max_requests_says_close_and_the_next_gets_no_response() {
    let mut client = Client::with(Limits { max_requests: 3, ..Limits::default() });
    client.send(GET.repeat(5));
    let last: Vec<_> = client.responses().iter().map(|response| response.is_last()).collect();
    assert_eq!((last, client.end), (vec![false, false, true], End::Lingering));
}

/// The client cannot know, and may be sending its next request just now: so the server lingers.
#[test]
fn a_draining_server_makes_every_response_the_last_and_lingers() {
    let mut client = Client::new();
    client.send(GET);
    client.draining = true;
    client.send("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!((client.statuses(), client.end), (vec![200, 503], End::Lingering));
    assert!(client.responses()[1].is_last());
}

/// As with a drain: it is the server's idea, and not the client's.
#[test]
fn where_others_wait_for_the_thread_a_response_is_the_last_and_the_server_lingers() {
    let mut client = Client::new();
    client.send(GET);
    client.has_backlog = true;
    client.send(GET);
    assert_eq!((client.statuses(), client.end), (vec![200, 200], End::Lingering));
    assert!(!client.responses()[0].is_last() && client.responses()[1].is_last());
}

#[test]
fn a_stage_that_keeps_no_connections_closes_after_one_response() {
    let mut client = Client::new();
    client.keep_alive = false;
    client.send(GET);
    assert_eq!((client.statuses(), client.end), (vec![200], End::Closed));
    assert!(client.responses()[0].is_last());
}

#[test]
fn a_connection_is_between_requests_only_when_it_may_be_closed_without_loss() {
    let mut client = Client::new();
    assert!(!client.protocol().is_between_requests(), "its first request may be on the way");
    client.send(GET);
    assert!(client.protocol().is_between_requests());
    client.send("GET");
    assert!(!client.protocol().is_between_requests());
}
