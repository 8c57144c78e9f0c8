//! How much a client may send: every limit from both sides, its numbers given by flags.

use std::time::{Duration, Instant};

use super::super::case::{Case, End, Need, robust, should};
use super::super::options::Options;
use super::super::peer::Peer;
use super::super::wire::Problem;

const TAIL: &str = " HTTP/1.1\r\nHost: h\r\n\r\n";
const AROUND_LINE: usize = "GET /? HTTP/1.1".len();

pub(super) fn cases(options: &Options) -> Vec<Case> {
    line(options)
        .into_iter()
        .chain(head(options))
        .chain(body(options))
        .chain(counts(options))
        .collect()
}

/// A request line of so many bytes, its CRLF not counted.
fn line_of(length: usize, options: &Options) -> String {
    let query = "q".repeat((length + 1).saturating_sub(AROUND_LINE + options.get.len()));
    format!("GET {{get}}?{query}{TAIL}")
}

fn line(options: &Options) -> Vec<Case> {
    let limit = options.line_limit;
    // Whether the limit counts the CRLF is the server's matter: the cases stay two bytes away from it.
    vec![
        should("limits/line-8000", "RFC 9112 3", "a request line of 8000 bytes is served")
            .send(line_of(8000, options))
            .served(),
        robust("limits/line-longest", "RFC 9112 3", "the longest request line is served")
            .send(line_of(limit - 2, options))
            .served(),
        should("limits/line-too-long", "RFC 9112 3", "a request line over the limit: 414")
            .send(line_of(limit + 1, options))
            .refused(&[414]),
        should("limits/line-much-too-long", "RFC 9112 3", "a request line of 100 KB: 414")
            .send(line_of(100_000, options))
            .refused(&[414]),
        should(
            "limits/line-endless",
            "RFC 9112 3",
            "a request line with no end is refused before one comes",
        )
        .send(format!("GET {{get}}?{}", "q".repeat(limit + 1000)))
        .refused(&[414]),
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
    format!("GET {{get}} HTTP/1.1\r\nHost: h\r\n{}\r\n", "X-A: 1\r\n".repeat(count - 1))
}

fn head(options: &Options) -> Vec<Case> {
    let limit = options.head_limit;
    let section = "RFC 6585 5";
    let over = |id: &str, rule: &'static str, message: String| {
        robust(format!("limits/{id}"), section, rule).send(message).refused(&[431])
    };
    let half_line = line_of(options.line_limit - 100, options).replace(TAIL, "");
    let rest = head_of(limit - options.line_limit + 1000, options);
    let rest = rest.split_once("\r\n").map(|(_, fields)| fields.to_string()).unwrap_or_default();
    vec![
        robust("limits/head-largest", section, "the largest head is served")
            .send(head_of(limit, options))
            .served(),
        // Two bytes, as with the line: the empty line may be counted or not.
        over("head-too-large", "a head over the limit: 431", head_of(limit + 3, options)),
        over("head-much-too-large", "a head of 200 KB: 431", head_of(200_000, options)),
        over(
            "head-line-counts",
            "the request line counts as part of the head",
            format!("{half_line} HTTP/1.1\r\n{rest}"),
        ),
        over(
            "head-endless",
            "a head with no end is refused before one comes",
            head_of(limit + 3000, options).trim_end().to_string(),
        ),
        over(
            "field-endless",
            "a field line with no end is refused before one comes",
            format!("GET {{get}} HTTP/1.1\r\nHost: h\r\nX-A: {}", "v".repeat(limit)),
        ),
        robust("limits/fields-most", section, "as many fields as there may be")
            .send(fields_of(options.fields_limit))
            .served(),
        over("fields-too-many", "one field too many: 431", fields_of(options.fields_limit + 1)),
        over("fields-much-too-many", "a thousand fields: 431", fields_of(1000)),
    ]
}

fn body(options: &Options) -> Vec<Case> {
    const HEAD: &str = "POST {echo} HTTP/1.1\r\nHost: h\r\n";
    let limit = options.body_limit;
    let content = "b".repeat(limit);
    let section = "RFC 9110 15.5.14";
    let at_once = |id: &str, rule: &'static str, message: String| {
        robust(format!("limits/{id}"), section, rule).send(message).once().refused(&[413])
    };
    let chunked = format!("{HEAD}Transfer-Encoding: chunked\r\n\r\n");
    let half = limit / 2;
    vec![
        robust("limits/body-largest", section, "the largest body is taken")
            .send(format!("{HEAD}Content-Length: {limit}\r\n\r\n{content}"))
            .served()
            .body(&content),
        robust("limits/body-largest-chunked", section, "the largest chunked body is taken")
            .send(format!("{chunked}{limit:x}\r\n{content}\r\n0\r\n\r\n"))
            .served()
            .body(&content),
        at_once(
            "body-too-large",
            "one byte too many: 413 before any comes",
            format!("{HEAD}Content-Length: {}\r\n\r\n", limit + 1),
        ),
        at_once(
            "body-huge",
            "a length of petabytes: 413 before any byte comes",
            format!("{HEAD}Content-Length: 1000000000000000\r\n\r\n"),
        ),
        at_once(
            "body-too-large-chunk",
            "one byte too many: 413 from the size line",
            format!("{chunked}{:x}\r\n", limit + 1),
        ),
        at_once(
            "body-too-large-chunks",
            "chunks that are too much together: 413 from the size line that says so",
            format!("{chunked}{half:x}\r\n{}\r\n{:x}\r\n", "b".repeat(half), limit - half + 1),
        ),
        robust(
            "limits/body-too-large-sent",
            section,
            "a client that sends it all the same can read the 413",
        )
        .send(format!("{HEAD}Content-Length: {}\r\n\r\n{content}b", limit + 1))
        .status(&[413])
        .end(End::Clean),
    ]
}

/// Limits in numbers: how many requests on a connection, how many connections.
fn counts(options: &Options) -> Vec<Case> {
    let limit = options.requests_limit;
    let get = "GET {get} HTTP/1.1\r\nHost: h\r\n\r\n";
    vec![
        robust(
            "limits/requests",
            "RFC 9112 9.6",
            "the last request of a connection is answered with close",
        )
        .send(get.repeat(limit + 1))
        .needs(Need::RequestsLimit)
        .oks(limit)
        .says_close()
        .end(End::Closed),
        robust(
            "limits/connections",
            "RFC 9112 9.5",
            "at the most connections newcomers wait, and the others go on",
        )
        .scenario(connections)
        .needs(Need::ConnectionsLimit)
        .alone(),
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

/// Holds as many connections as there may be: the last one is served; one more is when the first goes.
fn hold_connections(peer: &Peer) -> Result<(), Problem> {
    const GET: &str = "GET {get} HTTP/1.1\r\nHost: h\r\n\r\n";
    let mut held = Vec::new();
    for _ in 0..peer.options.connections_limit {
        let mut wire = peer.ask(GET)?;
        if !wire.read_answers(1, |_| false, peer.deadline()) {
            return Err(wire.problem("a connection within the limit was not answered"));
        }
        held.push(wire);
    }
    let mut newcomer = peer.ask(GET)?;
    if newcomer.read_answers(1, |_| false, Instant::now() + Duration::from_millis(300)) {
        return Err(newcomer.problem("one connection more than the limit was answered"));
    }
    if let Some(wire) = held.last_mut() {
        wire.send(&peer.fill(GET));
        if !wire.read_answers(2, |_| false, peer.deadline()) {
            return Err(wire.problem("at the limit an open connection was no longer answered"));
        }
    }
    held.remove(0);
    let answered = newcomer.read_answers(1, |_| false, peer.deadline());
    if answered {
        Ok(())
    } else {
        Err(newcomer.problem("the newcomer was not answered when another had gone"))
    }
}
