//! The suite tested on itself: a right server is green, each wrong one is red where it is wrong.

use super::every_response::RULES;
use super::{Level, Options, Report, Verdict, cases, resolve, run};
use crate::wire::response::find;
use std::collections::HashSet;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, SystemTime};

/// How a tiny server responds to a head: its response, and whether the connection stays.
type Handler = fn(&str) -> (String, bool);

/// Serves on a free port until the test ends.
fn serve(handler: Handler) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            thread::spawn(move || converse(stream.unwrap(), handler));
        }
    });
    address
}

/// Responds to one head after the other.
fn converse(mut stream: TcpStream, handler: Handler) {
    let (mut bytes, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        while let Some(end) = find(&bytes, b"\r\n\r\n") {
            let head: Vec<u8> = bytes.drain(..end + 4).collect();
            let (response, stays) = handler(&String::from_utf8_lossy(&head));
            if stream.write_all(response.as_bytes()).is_err() || !stays {
                return;
            }
        }
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => return,
            Ok(count) => bytes.extend_from_slice(&buffer[..count]),
        }
    }
}

/// The response that a GET or HEAD of / is due, its fields to be bent by the tests.
fn good(head: &str) -> (String, bool) {
    let close = head.contains("Connection: close");
    let status = if head.contains("\r\nHost:") { "200 OK" } else { "400 Bad Request" };
    let body = if head.starts_with("HEAD") { "" } else { "Hello, World!" };
    let last = if close { "Connection: close\r\n" } else { "" };
    let date = httpdate::fmt_http_date(SystemTime::now());
    let response =
        format!("HTTP/1.1 {status}\r\nDate: {date}\r\nContent-Length: 13\r\n{last}\r\n{body}");
    (response, !close)
}

/// A wrong server is waited for no longer than this; a right one responds in time, however loaded the machine.
const SHORT: Duration = Duration::from_millis(500);
const LONG: Duration = Duration::from_secs(20);

fn verify(handler: Handler, only: &str, timeout: Duration) -> Report {
    let options = Options { only: only.into(), timeout, ..Options::default() };
    run(serve(handler), &options)
}

fn failed(report: &Report) -> Vec<&str> {
    report.failures().iter().map(|outcome| outcome.case.id.as_str()).collect()
}

#[test]
fn a_right_server_is_green() {
    let asked = "line/plain line/query* fields/value-tab fields/host-missing methods/head methods/head-then-get \
                 connection/close connection/close-then-request connection/hundred pipelining/two pipelining/thousand \
                 hostile/crowd";
    for only in asked.split_whitespace() {
        let report = verify(good, only, LONG);
        assert!(report.failures().is_empty(), "{report}");
        assert!(report.outcomes.len() > RULES.len(), "{only} is no case");
    }
}

/// Each wrong server, a case to ask it and the case that must be red.
#[rustfmt::skip]
#[test]
fn wrong_servers_are_red() {
    let wrong: &[(Handler, &str, &str)] = &[
        (|head| bend(head, "Date: ", "X-Date: "), "line/plain", "answers/date"),
        (|head| bend(head, " GMT", " UTC"), "line/plain", "answers/date-form"),
        (|head| bend(head, "HTTP/1.1 ", "HTTP/1.0 "), "line/plain", "answers/version"),
        (|head| bend(head, "HTTP/1.1 200 OK", "HTTP/1.1 200"), "line/plain", "line/plain"),
        (|head| bend(head, "HTTP/1.1", "http/1.1"), "line/plain", "line/plain"),
        (|head| bend(head, "Content-Length: 13", "Content-Length: 12"), "line/plain", "line/plain"),
        (|head| bend(head, "Content-Length: 13", "Content-Length: 14"), "line/plain", "line/plain"),
        (|head| bend(head, "Content-Length: 13", "Content-Length: +13"), "line/plain", "line/plain"),
        (|head| bend(head, "Length: 13", "Length: 13\r\nContent-Length: 13"), "line/plain", "answers/one-framing"),
        (|head| bend(head, "Date: ", "X Y: 1\r\nDate: "), "line/plain", "answers/field-syntax"),
        (|head| bend(head, "Connection: close\r\n", ""), "line/plain", "answers/close-said"),
        (|head| bend(head, "200 OK", "405 No"), "line/plain", "answers/allow-on-405"),
        (|head| (format!("{}!", good(head).0), true), "pipelining/two", "pipelining/two"),
        (|head| (good(head).0, true), "connection/close-then-request", "connection/close-then-request"),
        (|head| (good(head).0.repeat(2), true), "line/plain", "line/plain"),
        (|head| (good(&head.replace("HEAD", "GET")).0, true), "methods/head", "methods/head"),
        (|_| (String::new(), false), "line/plain", "line/plain"),
        (|_| (String::new(), true), "line/plain", "line/plain"),
        (good, "framing/cl-te", "framing/cl-te"),
        (good, "line/two-spaces", "line/two-spaces"),
    ];
    for (handler, only, red) in wrong {
        let report = verify(*handler, only, SHORT);
        assert!(failed(&report).contains(red), "{red} is green:\n{report}");
    }
}

fn bend(head: &str, from: &str, to: &str) -> (String, bool) {
    let (response, stays) = good(head);
    (response.replace(from, to), stays)
}

/// A server that repeats these bytes to each client for as long as it takes them.
fn repeats(bytes: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let piece = bytes.repeat(1000);
            thread::spawn(move || while stream.write_all(piece.as_bytes()).is_ok() {});
        }
    });
    address
}

#[test]
fn a_server_that_never_stops_is_red_in_time() {
    for bytes in ["HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n", "X: y\r\n"] {
        let (done, report) = mpsc::channel();
        thread::spawn(move || {
            let options =
                Options { only: "line/plain".into(), timeout: SHORT, ..Options::default() };
            done.send(run(repeats(bytes), &options))
        });
        let report = report.recv_timeout(LONG).expect("the suite goes on reading");
        assert!(failed(&report).contains(&"line/plain"), "{report}");
    }
}

#[test]
fn a_case_that_cannot_run_is_skipped() {
    let options =
        Options { echo: "none".into(), only: "framing/length".into(), ..Options::default() };
    let report = run(serve(good), &options);
    assert!(matches!(&report.outcomes[0].verdict, Verdict::Skipped(why) if why.contains("--echo")));
}

#[test]
fn ids_are_unique_and_sections_are_named() {
    let cases = cases::all(&Options::default());
    let mut ids = HashSet::new();
    for case in &cases {
        assert!(ids.insert(case.id.clone()), "{} stands twice", case.id);
        assert!(case.section.starts_with("RFC "), "{}", case.id);
    }
    assert!(
        cases
            .iter()
            .flat_map(|case| &case.wants)
            .all(|want| want.status.iter().all(|status| *status >= 100))
    );
    assert!(cases.iter().filter(|case| case.level == Level::Must).count() > 100);
}

#[test]
fn an_address_is_a_url_without_a_path() {
    for text in ["127.0.0.1:81", "http://127.0.0.1:81/", "HTTP://127.0.0.1:81"] {
        assert_eq!(resolve(text).unwrap(), "127.0.0.1:81".parse().unwrap(), "{text}");
    }
    let error = |text| format!("{:#}", resolve(text).unwrap_err());
    assert!(error("127.0.0.1:81/x").contains("--get") && error("nonsense:x").contains("HOST:PORT"));
}
