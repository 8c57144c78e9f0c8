//! How much a client may send: every limit from both sides, its numbers given by flags.

use crate::verify::case::Level::{Robustness, Should};
use crate::verify::case::{Case, case};
use crate::verify::options::Options;
use crate::verify::peer::{Peer, Problem};
use std::time::{Duration, Instant};

const TAIL: &str = "{1.1}\r\n";
const AROUND_LINE: usize = "GET /? HTTP/1.1".len();

pub(super) fn cases(options: &Options) -> Vec<Case> {
    [line(options), head(options), body(options.body_limit), counts(options.requests_limit)]
        .concat()
}

/// A request line of so many bytes, its CRLF not counted.
fn line_of(length: usize, options: &Options) -> String {
    let query = "q".repeat((length + 1).saturating_sub(AROUND_LINE + options.get.len()));
    format!("GET {{get}}?{query}{TAIL}")
}

#[rustfmt::skip]
fn line(options: &Options) -> Vec<Case> {
    let (section, limit) = ("RFC 9112 3", options.line_limit);
    // Whether the limit counts the CRLF is the server's matter: the cases stay two bytes away from it.
    vec![
        case(Should, "line-8000", section, "a request line of 8000 bytes is served", line_of(8000, options), "200 open"),
        case(Robustness, "line-longest", section, "the longest request line is served", line_of(limit - 2, options), "200 open"),
        case(Should, "line-too-long", section, "a request line over the limit: 414", line_of(limit + 1, options), "414 closed"),
        case(Should, "line-much-too-long", section, "a request line of 100 KB: 414", line_of(100_000, options), "414 closed"),
        case(Should, "line-endless", section, "a request line with no end is refused before one comes",
            format!("GET {{get}}?{}", "q".repeat(limit + 1000)), "414 closed"),
    ]
}

/// A head of so many bytes in all, none of its lines long.
fn head_of(length: usize, options: &Options) -> String {
    let start = format!("GET {} HTTP/1.1\r\nHost: h\r\n", options.get);
    let line = |size: usize| format!("X-{}: v\r\n", "n".repeat(size - 7));
    let left = length - start.len() - 2;
    let (lines, rest) = (left / 1000 - 1, left % 1000 + 1000);
    format!("{start}{}{}\r\n", line(1000).repeat(lines), line(rest))
}

/// A head with so many field lines.
fn fields_of(count: usize) -> String {
    format!("GET {{get}}{{1.1}}{}\r\n", "X-A: 1\r\n".repeat(count - 1))
}

#[rustfmt::skip]
fn head(options: &Options) -> Vec<Case> {
    let (section, limit) = ("RFC 6585 5", options.head_limit);
    let over = |id: &str, rule: &'static str, message: String| case(Robustness, id, section, rule, message, "431 closed");
    let half_line = line_of(options.line_limit - 100, options).replace(TAIL, "");
    let rest = head_of(limit - options.line_limit + 1000, options);
    let rest = rest.split_once("\r\n").map(|(_, fields)| fields.to_string()).unwrap_or_default();
    vec![
        case(Robustness, "head-largest", section, "the largest head is served", head_of(limit, options), "200 open"),
        // Two bytes, as with the line: the empty line may be counted or not.
        over("head-too-large", "a head over the limit: 431", head_of(limit + 3, options)),
        over("head-much-too-large", "a head of 200 KB: 431", head_of(200_000, options)),
        over("head-line-counts", "the request line counts as part of the head", format!("{half_line} HTTP/1.1\r\n{rest}")),
        over("head-endless", "a head with no end is refused before one comes", head_of(limit + 3000, options).trim_end().to_string()),
        over("field-endless", "a field line with no end is refused before one comes",
            format!("GET {{get}}{{1.1}}X-A: {}", "v".repeat(limit))),
        case(Robustness, "fields-most", section, "as many fields as there may be", fields_of(options.fields_limit), "200 open"),
        over("fields-too-many", "one field too many: 431", fields_of(options.fields_limit + 1)),
        over("fields-much-too-many", "a thousand fields: 431", fields_of(1000)),
    ]
}

#[rustfmt::skip]
fn body(limit: usize) -> Vec<Case> {
    let (section, content, half) = ("RFC 9110 15.5.14", "b".repeat(limit), limit / 2);
    let length = |length: usize| format!("{{POST}}Content-Length: {length}\r\n\r\n");
    let at_once = |id: &str, rule: &'static str, message: String| case(Robustness, id, section, rule, message, "413 closed once");
    vec![
        case(Robustness, "body-largest", section, "the largest body is taken", format!("{}{content}", length(limit)), "200 open").body(&content),
        case(Robustness, "body-largest-chunked", section, "the largest chunked body is taken",
            format!("{{POST}}{{chunked}}{limit:x}\r\n{content}\r\n0\r\n\r\n"), "200 open").body(&content),
        at_once("body-too-large", "one byte too many: 413 before any comes", length(limit + 1)),
        at_once("body-huge", "a length of petabytes: 413 before any byte comes", length(1_000_000_000_000_000)),
        at_once("body-too-large-chunk", "one byte too many: 413 from the size line", format!("{{POST}}{{chunked}}{:x}\r\n", limit + 1)),
        at_once("body-too-large-chunks", "chunks that are too much together: 413 from the size line that says so",
            format!("{{POST}}{{chunked}}{half:x}\r\n{}\r\n{:x}\r\n", "b".repeat(half), limit - half + 1)),
        case(Robustness, "body-too-large-sent", section, "a client that sends it all the same can read the 413",
            format!("{}{content}b", length(limit + 1)), "413 clean"),
    ]
}

/// Limits in numbers: how many requests on a connection, how many connections.
#[rustfmt::skip]
fn counts(requests: usize) -> Vec<Case> {
    vec![
        case(Robustness, "requests", "RFC 9112 9.6", "the last response of a connection says close",
            "{GET}".repeat(requests + 1), &format!("200*{requests} says-close closed")).needs("--requests-limit"),
        case(Robustness, "connections", "RFC 9112 9.5", "at the most connections new ones wait, and the others go on", "", "")
            .scenario(connections).needs("--connections-limit").alone(),
    ]
}

/// Tries it again where this machine was so busy that the connections were silent for a second: a server may close
/// such to make room.
fn connections(peer: &Peer) -> Result<(), Problem> {
    for _ in 0..5 {
        let start = Instant::now();
        let found = hold_connections(peer);
        if found.is_ok() || start.elapsed() < Duration::from_secs(1) {
            return found;
        }
    }
    hold_connections(peer)
}

/// Holds as many connections as there may be. The last of them is served; one more is served when the first has gone.
fn hold_connections(peer: &Peer) -> Result<(), Problem> {
    let mut held = Vec::new();
    for _ in 0..peer.options.connections_limit {
        let mut wire = peer.send("{GET}")?;
        peer.await_responses(&mut wire, 1, "a connection within the limit got no response")?;
        held.push(wire);
    }
    let mut more = peer.send("{GET}")?;
    if more.read_responses(1, |_| false, Instant::now() + Duration::from_millis(300)) {
        return Err(Problem::on(&more, "one connection more than the limit got a response"));
    }
    if let Some(wire) = held.last_mut() {
        wire.send(&peer.fill("{GET}"));
        peer.await_responses(wire, 2, "at the limit an open connection got no response any more")?;
    }
    held.remove(0);
    peer.await_responses(
        &mut more,
        1,
        "the connection that waited got no response when another had gone",
    )
}
