//! Which request gets which response: methods, targets, versions, paths.

use crate::client::{Client, End, GET, converse, statuses};
use crate::response;

/// The status of `line`, and how the connection is left.
fn request(line: &str) -> (u16, End) {
    let (responses, end) = converse(format!("{line}\r\nHost: a\r\n\r\n"));
    assert_eq!(responses.len(), 1, "{line}");
    (responses[0].status, end)
}

#[test]
fn a_request_line_is_served_or_refused_as_the_rfc_has_it() {
    for (line, status, end) in [
        ("GET / HTTP/1.1", 200, End::Open),
        ("GET / HTTP/1.0", 200, End::Closed),
        ("GET /?a=b#", 400, End::Lingering),
        ("GET /?a=/../b HTTP/1.1", 200, End::Open),
        ("GET http://other HTTP/1.1", 200, End::Open),
        ("GET https://other/hello/x?y HTTP/1.1", 200, End::Open),
        ("OPTIONS * HTTP/1.1", 204, End::Open),
        ("OPTIONS / HTTP/1.1", 204, End::Open),
        ("OPTIONS http://other HTTP/1.1", 204, End::Open),
        ("OPTIONS /none HTTP/1.1", 404, End::Open),
        ("GET /none HTTP/1.1", 404, End::Open),
        ("GET /a|b?[c]{d} HTTP/1.1", 404, End::Open),
        ("GET /echo HTTP/1.1", 405, End::Open),
        ("DELETE / HTTP/1.1", 405, End::Open),
        ("TRACE / HTTP/1.1", 405, End::Open),
        ("BREW / HTTP/1.1", 501, End::Open),
        ("get / HTTP/1.1", 501, End::Open),
        ("CONNECT a:80 HTTP/1.1", 501, End::Lingering),
        ("GET / HTTP/2.0", 505, End::Lingering),
        ("GET / HTTP/0.9", 505, End::Lingering),
        ("GET / http/1.1", 400, End::Lingering),
        ("GET * HTTP/1.1", 400, End::Lingering),
        ("GET a:80 HTTP/1.1", 400, End::Lingering),
        ("GET /", 400, End::Lingering),
        ("GET  / HTTP/1.1", 400, End::Lingering),
        ("GET\t/ HTTP/1.1", 400, End::Lingering),
        ("G(T / HTTP/1.1", 400, End::Lingering),
        ("GET / HTTP/1.1 ", 400, End::Lingering),
        ("GET / HTTP/1.10", 400, End::Lingering),
        ("GET / HTTP/1.#", 400, End::Lingering),
        ("GET / HTTP/#.1", 400, End::Lingering),
        ("GET /\u{e9} HTTP/1.1", 400, End::Lingering),
        ("GET /\x01 HTTP/1.1", 400, End::Lingering),
        ("GET ftp://a/ HTTP/1.1", 400, End::Lingering),
        ("GET http:///a HTTP/1.1", 400, End::Lingering),
        ("GET http://:80/ HTTP/1.1", 400, End::Lingering),
    ] {
        assert_eq!(request(line), (status, end), "{line}");
    }
}

#[test]
fn a_path_is_split_then_decoded_and_never_leaves_the_root() {
    for (path, status) in [
        ("/hello/../", 200),
        ("/hello/%2e%2e/", 200),
        ("/hello/a%2Fb", 200),
        ("/hello/a/b", 404),
        ("/hello/", 404),
        ("/hello", 404),
        ("/ech", 404),
        ("/echo/", 404),
        ("//", 404),
        ("/hello%2Fa", 404),
        ("/hello//a", 404),
        ("/hello/a/.", 404),
        ("/hello/a/..", 404),
        ("/hello/..", 200),
        ("/%", 400),
        ("/hello/%+1", 400),
        ("/hello/a%00b", 400),
        ("/..", 400),
        ("/a/../..", 400),
        ("/hello/%00", 400),
        ("/hello/%zz", 400),
        ("/hello/%4", 400),
        ("/../hello/a", 400),
        ("/%2e%2e/hello/a", 400),
    ] {
        assert_eq!(request(&format!("GET {path} HTTP/1.1")), (status, End::Open), "{path}");
    }
    for (path, name) in [
        ("/hello/a%2F%C3%A9", "a/\u{e9}"),
        ("/hello/%41%c3%a9", "A\u{e9}"),
        ("/hello/./b", "b"),
        ("/a/../hello/b", "b"),
        ("/a/%2e%2E/hello/b", "b"),
        ("/hello/.a", ".a"),
        ("/hello/..b", "..b"),
        ("/hello/%252e", "%2e"),
    ] {
        let (responses, _) = converse(format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n"));
        assert_eq!(responses[0].text(), format!("Hello, {name}!"), "{path}");
    }
}

#[test]
fn a_host_is_a_name_or_an_address_with_perhaps_a_port() {
    let status = |host| converse(format!("GET / HTTP/1.1\r\nHost:{host}\r\n\r\n")).0[0].status;
    for good in [
        "",
        "a",
        "a.b-c_d",
        "a:80",
        "a:",
        "127.0.0.1:65535",
        "[::1]",
        "[::1]:8080",
        "a%20b",
        "%41%42:1",
    ] {
        assert_eq!(status(good), 200, "{good}");
    }
    for bad in [
        ":80", ":", "u@a", "a:b", "a:65536", "a:+80", "a:80:80", "[::1", "::1", "[::g]", "[::1]x",
        "a/b", "a?b", "a b", "a%2", "%", "%4g", "a%20b%", "a,b c", "a<b", "a\\b", "[]",
    ] {
        assert_eq!(status(bad), 400, "{bad}");
    }
}

#[test]
fn a_response_has_the_fields_of_its_content_and_no_content_has_none() {
    let (responses, _) =
        converse("GET / HTTP/1.1\r\nHost: a\r\n\r\nOPTIONS /echo HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(
        responses[0].fields,
        ["Content-Type: text/plain; charset=utf-8", "Content-Length: 13"]
    );
    assert_eq!(responses[1].fields, ["Allow: OPTIONS, POST"]);
}

#[test]
fn allow_lists_what_is_offered() {
    for (line, allow) in [
        ("POST /", "GET, HEAD, OPTIONS"),
        ("PUT /echo", "OPTIONS, POST"),
        ("OPTIONS /echo", "OPTIONS, POST"),
        ("OPTIONS *", "GET, HEAD, OPTIONS, POST"),
    ] {
        let (responses, _) = converse(format!("{line} HTTP/1.1\r\nHost: a\r\n\r\n"));
        assert_eq!(responses[0].field("Allow"), Some(allow), "{line}");
    }
}

/// What HEAD gets, and what GET gets without its body.
fn head_and_get(path: &str, rest: &str) -> [Vec<u8>; 2] {
    ["HEAD", "GET"].map(|method| {
        let mut client = Client::new();
        client.send(format!("{method} {path} {rest}"));
        let end = client.received.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
        let skip = if method == "GET" { end } else { client.received.len() };
        let date = client.received[..end].windows(6).position(|six| six == b"Date: ").unwrap();
        [&client.received[..date], &client.received[date + 37..skip]].concat()
    })
}

#[test]
fn head_has_the_fields_of_get_and_no_body() {
    for path in
        ["/", "/hello/x", "/count/5", "/count/x", "/none", "/echo", "/panic", "/%", "/sleep/0"]
    {
        for rest in [
            "HTTP/1.1\r\nHost: a\r\n\r\n",
            "HTTP/1.0\r\n\r\n",
            "HTTP/1.1\r\nHost: a\r\nExpect: x\r\n\r\n",
        ] {
            let [head, get] = head_and_get(path, rest);
            assert_eq!(head.escape_ascii().to_string(), get.escape_ascii().to_string(), "{path}");
        }
    }
}

#[test]
fn a_head_request_that_is_refused_gets_no_body_either() {
    for rest in
        ["HTTP/1.1\r\n\r\n", "HTTP/3.0\r\n", "HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n"]
    {
        for start in ["", "\r\n"] {
            let mut client = Client::new();
            client.send(format!("{start}HEAD / {rest}"));
            assert_eq!(response::read(&client.received, &[0]).len(), 1);
            assert!(client.received.ends_with(b"\r\n\r\n"), "{}", client.received.escape_ascii());
        }
    }
    for partial in
        ["HEAD / HTTP/1.1\r\nHost", "HEAD / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n"]
    {
        let [mut cut_short, mut late] = [Client::new(), Client::new()];
        for client in [&mut cut_short, &mut late] {
            client.send(partial);
        }
        cut_short.half_close();
        late.wait();
        assert!(cut_short.received.starts_with(b"HTTP/1.1 400 "));
        assert!(late.received.starts_with(b"HTTP/1.1 408 "));
        assert!(cut_short.received.ends_with(b"\r\n\r\n") && late.received.ends_with(b"\r\n\r\n"));
    }
}

#[test]
fn a_pipeline_goes_on_after_head() {
    let mut client = Client::new();
    client.send(format!("HEAD /count/9 HTTP/1.1\r\nHost: a\r\n\r\n{GET}"));
    let responses = response::read(&client.received, &[0]);
    assert_eq!(responses[1].text(), "Hello, next!");
}

#[test]
fn a_handler_that_panics_costs_its_request_a_500_and_nothing_else() {
    let (codes, end) = statuses(format!("GET /panic HTTP/1.1\r\nHost: a\r\n\r\n{GET}"));
    assert_eq!((codes, end), (vec![500, 200], End::Open));
}

#[test]
fn an_http_1_0_client_gets_a_stream_that_ends_with_the_connection() {
    let (responses, end) = converse("GET /count/3 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    assert_eq!((responses[0].text(), end), ("1\n2\n3\n", End::Closed));
    assert_eq!(responses[0].field("Transfer-Encoding"), None);
    assert_eq!(responses[0].field("Connection"), Some("close"));
}

#[test]
fn an_http_1_1_client_gets_a_stream_in_chunks_and_may_go_on() {
    for (count, lines) in [(3, "1\n2\n3\n"), (0, "")] {
        let request = format!("GET /count/{count} HTTP/1.1\r\nHost: a\r\n\r\n{GET}");
        let (responses, end) = converse(request);
        assert_eq!(responses[0].field("Transfer-Encoding"), Some("chunked"));
        let texts = (responses[0].text(), responses[1].text());
        assert_eq!((texts, end), ((lines, "Hello, next!"), End::Open));
    }
}

#[test]
fn requests_behind_a_blocking_one_wait_for_their_turn() {
    let sleep = "GET /sleep/0 HTTP/1.1\r\nHost: a\r\n\r\n";
    let (responses, end) = converse(format!("{GET}{sleep}{GET}{sleep}"));
    let texts: Vec<_> = responses.iter().map(|response| response.text()).collect();
    let slept = "slept 0 milliseconds\n";
    assert_eq!((texts, end), (vec!["Hello, next!", slept, "Hello, next!", slept], End::Open));
}
