//! Clients that mean harm, or whose state is broken. Whatever response they get, the next client is served.

use crate::numbers::Random;
use crate::verify::case::Level::Robustness;
use crate::verify::case::{Case, Scenario, case};
use crate::verify::peer::{PROBE, Peer, Problem};
use crate::wire::response::{Parsed, parse};
use crate::wire::{Ending, Wire};
use std::time::Duration;

const SECTION: &str = "RFC 9112 11";

/// Statuses that a client may get which has sent no request at all.
const REFUSED: &str = "400|408|414|431|501|505 or-nothing";

pub(super) fn cases() -> Vec<Case> {
    [bytes(), clients()].concat()
}

/// Bytes that are no HTTP.
#[rustfmt::skip]
fn bytes() -> Vec<Case> {
    let refused = |id: &str, rule: &'static str, bytes: &[u8]| case(Robustness, id, SECTION, rule, bytes, REFUSED).half_close();
    let tls = b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03\x5a\r\n\x00\x20\r\n\r\n\xcc\xa8\xc0\x2f";
    vec![
        refused("tls", "a TLS hello on a port without TLS", tls),
        refused("ssh", "the banner of another protocol", b"SSH-2.0-OpenSSH_9.2\r\n\r\n"),
        refused("zeros", "a hundred thousand NULs", &[0; 100_000]),
        refused("high-bytes", "bytes beyond ASCII", &[0xff; 20_000]),
        refused("random", "random bytes", &Random::new(42).bytes(50_000)),
        refused("spaces", "nothing but spaces", &[b' '; 50_000]),
        refused("colons", "nothing but colons", &[b':'; 50_000]),
        refused("response", "a response instead of a request", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
    ]
}

/// Clients by the hundred, clients that vanish, and slow clients.
#[rustfmt::skip]
fn clients() -> Vec<Case> {
    let of = |id: &str, rule: &'static str, play: Scenario| {
        case(Robustness, id, SECTION, rule, "", "").scenario(play).alone()
    };
    vec![
        of("vanish", "a hundred clients that connect and go", vanish),
        of("reset-in-head", "a hundred clients that reset inside a head", |peer| resets(peer, "GET {get} HTTP/1.1\r\nHo")),
        of("reset-in-body", "a hundred clients that reset inside a body",
            |peer| resets(peer, "{POST}Content-Length: 100000\r\n\r\nhello")),
        of("reset-in-answer", "clients that reset while a long response is written",
            |peer| resets(peer, "GET {count}1000000{1.1}\r\n")).needs("{count}"),
        of("slow-reader", "a client that reads a long response slowly gets all of it", slow_reader).needs("{count}"),
        of("slow-pipeline", "a client that pipelines much and reads late gets every response", slow_pipeline).needs("{count}"),
        of("crowd", "three hundred clients at once all get their responses", many).needs("--concurrent"),
        of("silent-crowd", "as many silent clients as the server can hold do not stop the next one",
            |peer| beside(peer, "")).needs("--concurrent"),
        of("slow-crowd", "unfinished heads by the hundred do not stop the next client",
            |peer| beside(peer, "GET {get}{1.1}X-Slow: ")).needs("--concurrent"),
        of("afterwards", "after all this the server responds", |peer| peer.serves()),
    ]
}

fn vanish(peer: &Peer) -> Result<(), Problem> {
    for _ in 0..100 {
        drop(peer.connect()?);
    }
    peer.serves()
}

/// Each client asks once, leaves the response unread so that its close is a reset, and has begun another message.
fn resets(peer: &Peer, unfinished: &str) -> Result<(), Problem> {
    for _ in 0..100 {
        peer.send(&format!("{{GET}}{unfinished}"))?.reset(peer.deadline());
    }
    peer.serves()
}

/// Reads nothing until the buffers on the way are full, then all.
fn slow_reader(peer: &Peer) -> Result<(), Problem> {
    const LINES: usize = 2_000_000;
    let mut wire = peer.send(&format!("GET {{count}}{LINES}{{1.1}}Connection: close\r\n\r\n"))?;
    for _ in 0..10 {
        std::thread::sleep(Duration::from_millis(100));
        wire.fill(peer.deadline());
    }
    wire.fill_to_end(peer.deadline() + peer.options.timeout * 10);
    let response = match parse(&wire.received, false, true) {
        Parsed::Complete(response, used)
            if used == wire.received.len() && wire.ending == Ending::Eof =>
        {
            response
        }
        _ => return Err(cut(wire, "the long response did not come whole and alone")),
    };
    match response.body.iter().filter(|&&byte| byte == b'\n').count() {
        LINES => peer.serves(),
        lines => Err(cut(wire, &format!("{lines} lines came, not {LINES}"))),
    }
}

/// Sends many requests for middling responses, reads only afterwards. The server's output is bounded: it must stop
/// reading, and go on when the client does.
fn slow_pipeline(peer: &Peer) -> Result<(), Problem> {
    let mut wire = peer.send(&"GET {count}10000{1.1}\r\n".repeat(200))?;
    wire.send(&peer.fill(PROBE));
    std::thread::sleep(Duration::from_millis(500));
    wire.fill_to_end(peer.deadline() + peer.options.timeout * 10);
    wire.read_responses(usize::MAX, |_| false, peer.deadline());
    match wire.responses.len() {
        201 => peer.serves(),
        count => Err(cut(wire, &format!("{count} responses of 201"))),
    }
}

/// Megabytes were received: a report shows their start.
fn cut(mut wire: Wire, text: &str) -> Problem {
    let text = format!("{text}; {} bytes, then {:?}", wire.received.len(), wire.ending);
    wire.received.truncate(200);
    Problem::on(&wire, text)
}

/// All ask, then all read. Each asks for close, so that a server with few workers gets to all of them.
fn many(peer: &Peer) -> Result<(), Problem> {
    let wires = (0..300).map(|_| peer.send(PROBE)).collect::<Result<Vec<_>, _>>()?;
    for (index, mut wire) in wires.into_iter().enumerate() {
        let deadline = peer.deadline() + peer.options.timeout;
        if !wire.read_responses(1, |_| false, deadline) {
            return Err(Problem::on(&wire, format!("client {index} of 300 got no response")));
        }
    }
    peer.serves()
}

/// One more client is served beside as many as the server can hold, each of which has sent `unfinished`.
fn beside(peer: &Peer, unfinished: &str) -> Result<(), Problem> {
    let others = (1..peer.options.concurrent).map(|_| peer.send(unfinished));
    let _others = others.collect::<Result<Vec<_>, _>>()?;
    peer.serves()
}
