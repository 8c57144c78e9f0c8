//! Time-outs: each is tried for real, so these cases run with `--slow` only. Deadlines are absolute: a client that sends
//! a byte now and then, which resets a timer that is started anew with each read, gains no time.

use crate::verify::case::Level::Robustness;
use crate::verify::case::{Case, case};
use crate::verify::options::Options;
use crate::verify::peer::{Peer, Problem};
use crate::wire::Ending;
use std::time::Duration;

/// What a loaded machine, or a server that looks at its deadlines once a second, may take beyond a limit.
const SLACK: Duration = Duration::from_secs(3);
const SECTION: &str = "RFC 9110 15.5.9";

/// The server responds with 408 and closes.
const TIMED_OUT: &str = "408 says-close clean";

pub(super) fn cases(options: &Options) -> Vec<Case> {
    let cases =
        [head(options.head_timeout), body(options.body_timeout), idle(options.idle_timeout)]
            .concat();
    // Where a response may take longer than that, so may a time-out.
    let more = options.timeout.saturating_sub(SLACK);
    let patient =
        |case: Case| Case { window: case.window.map(|(least, most)| (least, most + more)), ..case };
    cases.into_iter().map(|case| patient(case.needs("--slow"))).collect()
}

/// A case that the server ends after about `limit`.
fn ends(id: &str, rule: &'static str, message: &str, expected: &str, limit: Duration) -> Case {
    case(Robustness, id, SECTION, rule, message, expected)
        .window(limit * 3 / 4, limit * 5 / 4 + SLACK)
}

#[rustfmt::skip]
fn head(limit: Duration) -> Vec<Case> {
    let every = limit / 20;
    vec![
        ends("silent", "a client that never sends a byte is closed without a response", "", "clean", limit),
        ends("empty-lines", "empty lines are no request: they gain no time, and no response is due", "", "400|408 or-nothing clean", limit)
            .drip("\r\n", limit / 3),
        ends("line-stalled", "a request line that is never finished: 408", "GET {get} HT", TIMED_OUT, limit),
        ends("line-dripped", "a request line that drips without end: 408", "GET {get}?", TIMED_OUT, limit).drip("q", every),
        ends("head-method-stalled", "a 408 to a HEAD request has no content", "HEAD {get}{1.1}", "408 head says-close clean", limit),
        ends("head-stalled", "a head that is never finished: 408", "GET {get}{1.1}", TIMED_OUT, limit),
        ends("head-dripped", "a head that drips without end: 408", "GET {get}{1.1}X-A: ", TIMED_OUT, limit).drip("a", every),
        ends("fields-dripped", "fields that drip without end: 408", "GET {get}{1.1}", TIMED_OUT, limit).drip("a: b\r\n", every),
        ends("second-head-dripped", "the second request's head has its deadline too", "{GET}", "200 408 says-close clean", limit)
            .await_responses(1).send("GET {get}?").drip("q", every),
    ]
}

#[rustfmt::skip]
fn body(limit: Duration) -> Vec<Case> {
    let every = limit / 20;
    let steady = case(Robustness, "body-steady", SECTION, "a body of a steady KiB each fraction of its time is waited for",
        format!("{{POST}}Content-Length: {}\r\n\r\n", 6 * 1024), "200 open").window(limit, limit * 2 + SLACK);
    // Six KiB earn six seconds more than the base.
    let pause = (limit + Duration::from_millis(600)) / 6;
    vec![
        ends("body-stalled", "a body that does not come: 408", "{POST}Content-Length: 5\r\n\r\n", TIMED_OUT, limit),
        ends("body-dripped", "a body that drips: 408", "{POST}Content-Length: 1000\r\n\r\n", TIMED_OUT, limit).drip("b", every),
        ends("chunk-stalled", "a chunk that does not come: 408", "{POST}{chunked}5\r\nhe", TIMED_OUT, limit),
        ends("chunks-dripped", "chunks that drip: 408", "{POST}{chunked}", TIMED_OUT, limit).drip("1\r\nb\r\n", every),
        ends("trailers-dripped", "trailers that drip: 408", "{POST}{chunked}0\r\n", TIMED_OUT, limit).drip("a: b\r\n", every),
        (0..6).fold(steady, |case, _| case.pause(pause).send("b".repeat(1024))),
    ]
}

#[rustfmt::skip]
fn idle(limit: Duration) -> Vec<Case> {
    vec![
        ends("idle", "a connection between two requests is closed without a response", "{GET}", "200 idle", limit),
        ends("idle-after-body", "so is one after a body", "{POST}Content-Length: 5\r\n\r\nhello", "200 idle", limit),
        case(Robustness, "write-stalled", "RFC 9112 9.5", "a client that takes nothing of its response is let go", "", "")
            .needs("{count}").scenario(write_stalled),
    ]
}

/// Asks for more than all buffers on the way hold, reads nothing, and finds the response cut short.
fn write_stalled(peer: &Peer) -> Result<(), Problem> {
    let mut wire = peer.send("GET {count}20000000{1.1}Connection: close\r\n\r\n")?;
    std::thread::sleep(peer.options.write_timeout * 5 / 4 + SLACK);
    let ended = wire.fill_to_end(peer.deadline() + SLACK);
    let whole = wire.received.ends_with(b"\r\n0\r\n\r\n");
    if ended && !whole && wire.ending != Ending::Open {
        return Ok(());
    }
    let received = wire.received.len();
    // What was received is millions of lines: only its start is worth a look.
    wire.received.truncate(200);
    let text =
        format!("the whole response was still sent: {received} bytes came after the time-out");
    Err(Problem::on(&wire, text))
}
