//! Time-outs: each is tried for real, so these cases run with `--slow` only. Deadlines are absolute: a byte now and
//! then, which resets a timer that is started anew with each read, wins no time.

use std::time::Duration;

use super::super::case::{Case, End, Need, robust};
use super::super::options::Options;
use super::super::peer::Peer;
use super::super::wire::{Ending, Problem};

/// What a loaded machine, or a server that looks at its deadlines once a second, may take beyond a limit.
const SLACK: Duration = Duration::from_secs(3);
const HEAD: &str = "POST {echo} HTTP/1.1\r\nHost: h\r\n";
const GET: &str = "GET {get} HTTP/1.1\r\nHost: h\r\n\r\n";

pub(super) fn cases(options: &Options) -> Vec<Case> {
    let cases = head(options).into_iter().chain(body(options)).chain(idle(options));
    let cases = cases.map(|case| case.needs(Need::Slow));
    // Where an answer may take longer than that, so may a time-out.
    let more = options.patience.saturating_sub(SLACK);
    cases
        .map(|case| Case { window: case.window.map(|(least, most)| (least, most + more)), ..case })
        .collect()
}

/// A case that the server ends after about `limit`.
fn ends(id: &str, rule: &'static str, limit: Duration) -> Case {
    robust(format!("timeouts/{id}"), "RFC 9110 15.5.9", rule)
        .window(limit * 3 / 4, limit * 5 / 4 + SLACK)
}

/// It answers 408 and closes.
fn ends_408(id: &str, rule: &'static str, limit: Duration) -> Case {
    ends(id, rule, limit).status(&[408]).says_close().end(End::Clean)
}

fn head(options: &Options) -> Vec<Case> {
    let limit = options.head_timeout;
    let every = limit / 20;
    vec![
        ends("silent", "a client that never speaks is let go without an answer", limit)
            .end(End::Clean),
        ends(
            "empty-lines",
            "empty lines are no request: they win no time, and no answer is due",
            limit,
        )
        .drip("\r\n", limit / 3)
        .status(&[400, 408])
        .or_nothing()
        .end(End::Clean),
        ends_408("line-stalled", "a request line that is never finished: 408", limit)
            .send("GET {get} HT"),
        ends_408("line-dripped", "a request line that drips without end: 408", limit)
            .send("GET {get}?")
            .drip("q", every),
        ends_408("head-method-stalled", "a 408 to a HEAD request has no content", limit)
            .without_content()
            .send("HEAD {get} HTTP/1.1\r\nHost: h\r\n"),
        ends_408("head-stalled", "a head that is never finished: 408", limit)
            .send("GET {get} HTTP/1.1\r\nHost: h\r\n"),
        ends_408("head-dripped", "a head that drips without end: 408", limit)
            .send("GET {get} HTTP/1.1\r\nHost: h\r\nX-A: ")
            .drip("a", every),
        ends_408("fields-dripped", "fields that drip without end: 408", limit)
            .send("GET {get} HTTP/1.1\r\nHost: h\r\n")
            .drip("a: b\r\n", every),
        ends("second-head-dripped", "the second request's head has its deadline too", limit)
            .send(GET)
            .await_answers(1)
            .send("GET {get}?")
            .drip("q", every)
            .oks(1)
            .status(&[408])
            .says_close()
            .end(End::Clean),
    ]
}

fn body(options: &Options) -> Vec<Case> {
    let limit = options.body_timeout;
    let every = limit / 20;
    let kib = "b".repeat(1024);
    let steady = (0..6).fold(
        robust(
            "timeouts/body-steady",
            "RFC 9110 15.5.9",
            "a body of a steady KiB each fraction of its time is waited for",
        )
        .window(limit, limit * 2 + SLACK)
        .send(format!("{HEAD}Content-Length: {}\r\n\r\n", 6 * 1024)),
        // Six KiB earn six seconds more than the base.
        |case, _| case.pause((limit + Duration::from_millis(600)) / 6).send(&kib),
    );
    vec![
        ends_408("body-stalled", "a body that does not come: 408", limit)
            .send(format!("{HEAD}Content-Length: 5\r\n\r\n")),
        ends_408("body-dripped", "a body that drips: 408", limit)
            .send(format!("{HEAD}Content-Length: 1000\r\n\r\n"))
            .drip("b", every),
        ends_408("chunk-stalled", "a chunk that does not come: 408", limit)
            .send(format!("{HEAD}Transfer-Encoding: chunked\r\n\r\n5\r\nhe")),
        ends_408("chunks-dripped", "chunks that drip: 408", limit)
            .send(format!("{HEAD}Transfer-Encoding: chunked\r\n\r\n"))
            .drip("1\r\nb\r\n", every),
        ends_408("trailers-dripped", "trailers that drip: 408", limit)
            .send(format!("{HEAD}Transfer-Encoding: chunked\r\n\r\n0\r\n"))
            .drip("a: b\r\n", every),
        steady.served(),
    ]
}

fn idle(options: &Options) -> Vec<Case> {
    let limit = options.idle_timeout;
    vec![
        ends("idle", "a connection between two requests is closed without a word", limit)
            .send(GET)
            .oks(1)
            .end(End::Idle),
        ends("idle-after-body", "so is one after a body", limit)
            .send(format!("{HEAD}Content-Length: 5\r\n\r\nhello"))
            .oks(1)
            .end(End::Idle),
        robust(
            "timeouts/write-stalled",
            "RFC 9112 9.5",
            "a client that takes nothing of its answer is let go",
        )
        .needs(Need::Count)
        .scenario(write_stalled),
    ]
}

/// Asks for more than all buffers on the way hold, reads nothing, and finds the answer cut short.
fn write_stalled(peer: &Peer) -> Result<(), Problem> {
    let mut wire =
        peer.ask("GET {count}20000000 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")?;
    std::thread::sleep(peer.options.write_timeout * 5 / 4 + SLACK);
    let ended = wire.fill_to_end(peer.deadline() + SLACK);
    let whole = wire.received.ends_with(b"\r\n0\r\n\r\n");
    let received = wire.received.len();
    // What was received is millions of lines: only its start is worth a look.
    wire.received.truncate(200);
    match (ended, whole, wire.ending) {
        (true, false, Ending::Eof | Ending::Reset) => Ok(()),
        _ => Err(wire.problem(format!(
            "the whole answer was still to be had: {received} bytes came after the time-out"
        ))),
    }
}
