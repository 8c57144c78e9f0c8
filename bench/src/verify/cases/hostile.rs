//! Clients that mean harm, or do not know what they do. Whatever they get, the next client is served.

use std::time::Duration;

use super::super::case::{Case, End, Need, robust};
use super::super::peer::{PROBE, Peer};
use super::super::response::{Parsed, parse};
use super::super::wire::{Ending, Problem, Wire};

const SECTION: &str = "RFC 9112 11";
/// Statuses that a client may get which has sent no request at all.
const REFUSALS: &[u16] = &[400, 408, 414, 431, 501, 505];

pub(super) fn cases() -> Vec<Case> {
    bytes().into_iter().chain(clients()).collect()
}

/// Bytes that are no HTTP.
fn bytes() -> Vec<Case> {
    let refused = |id: &str, rule: &'static str, bytes: Vec<u8>| {
        robust(format!("hostile/{id}"), SECTION, rule)
            .send(bytes)
            .half_close()
            .status(REFUSALS)
            .or_nothing()
            .end(End::Any)
    };
    let tls: &[u8] =
        b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03\x5a\r\n\x00\x20\r\n\r\n\xcc\xa8\xc0\x2f";
    vec![
        refused("tls", "a TLS hello on a port without TLS", tls.to_vec()),
        refused("ssh", "the banner of another protocol", b"SSH-2.0-OpenSSH_9.2\r\n\r\n".to_vec()),
        refused("zeros", "a hundred thousand NULs", vec![0; 100_000]),
        refused("high-bytes", "bytes beyond ASCII", vec![0xff; 20_000]),
        refused("random", "random bytes", random(50_000)),
        refused("spaces", "nothing but spaces", vec![b' '; 50_000]),
        refused("colons", "nothing but colons", vec![b':'; 50_000]),
        refused(
            "response",
            "a response instead of a request",
            b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".to_vec(),
        ),
    ]
}

/// The same random bytes in each run: a linear congruential generator.
fn random(count: usize) -> Vec<u8> {
    let next = |state: &u64| {
        Some(state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407))
    };
    std::iter::successors(Some(42_u64), next).map(|state| (state >> 56) as u8).take(count).collect()
}

/// Clients that come in crowds, vanish, or take their time.
fn clients() -> Vec<Case> {
    let of = |id: &str, rule: &'static str, play: fn(&Peer) -> Result<(), Problem>| {
        robust(format!("hostile/{id}"), SECTION, rule).scenario(play).alone()
    };
    vec![
        of("vanish", "a hundred clients that connect and go", vanish),
        of("reset-in-head", "a hundred clients that reset inside a head", |peer| {
            resets(peer, "GET {get} HTTP/1.1\r\nHo")
        }),
        of("reset-in-body", "a hundred clients that reset inside a body", |peer| {
            resets(peer, "POST {echo} HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\nhello")
        }),
        of("reset-in-answer", "clients that reset while a long answer is written", |peer| {
            resets(peer, "GET {count}1000000 HTTP/1.1\r\nHost: h\r\n\r\n")
        })
        .needs(Need::Count),
        of("slow-reader", "a client that reads a long answer slowly gets all of it", slow_reader)
            .needs(Need::Count),
        of(
            "slow-pipeline",
            "a client that pipelines much and reads late gets every answer",
            slow_pipeline,
        )
        .needs(Need::Count),
        of("crowd", "three hundred clients at once are all answered", crowd)
            .needs(Need::Concurrent),
        of(
            "silent-crowd",
            "as many silent clients as the server can hold do not stop the next one",
            silent_crowd,
        )
        .needs(Need::Concurrent),
        of("slow-crowd", "unfinished heads by the hundred do not stop the next client", slow_crowd)
            .needs(Need::Concurrent),
        of("afterwards", "after all this the server answers", |peer| peer.answers()),
    ]
}

fn vanish(peer: &Peer) -> Result<(), Problem> {
    for _ in 0..100 {
        drop(peer.connect()?);
    }
    peer.answers()
}

/// Each client asks once, leaves the answer unread so that its close is a reset, and has begun another message.
fn resets(peer: &Peer, unfinished: &str) -> Result<(), Problem> {
    for _ in 0..100 {
        let wire = peer.ask(&format!("GET {{get}} HTTP/1.1\r\nHost: h\r\n\r\n{unfinished}"))?;
        wire.reset(peer.deadline());
    }
    peer.answers()
}

/// Reads nothing until the buffers on the way are full, then all.
fn slow_reader(peer: &Peer) -> Result<(), Problem> {
    const LINES: usize = 2_000_000;
    let mut wire = peer
        .ask(&format!("GET {{count}}{LINES} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"))?;
    for _ in 0..10 {
        std::thread::sleep(Duration::from_millis(100));
        wire.fill(peer.deadline());
    }
    wire.fill_to_end(peer.deadline() + peer.options.patience * 10);
    let answer = match parse(&wire.received, false, true) {
        Parsed::Complete(answer, used)
            if used == wire.received.len() && wire.ending == Ending::Eof =>
        {
            answer
        }
        _ => return Err(cut(wire, "the long answer did not come whole and alone")),
    };
    let lines = answer.body.iter().filter(|&&byte| byte == b'\n').count();
    if lines == LINES {
        peer.answers()
    } else {
        Err(cut(wire, &format!("{lines} lines came, not {LINES}")))
    }
}

/// Sends many requests for middling answers, reads only afterwards. The server's output is bounded: it must stop
/// reading, and go on when the client does.
fn slow_pipeline(peer: &Peer) -> Result<(), Problem> {
    let mut wire = peer.ask(&"GET {count}10000 HTTP/1.1\r\nHost: h\r\n\r\n".repeat(200))?;
    wire.send(&peer.fill(PROBE));
    std::thread::sleep(Duration::from_millis(500));
    wire.fill_to_end(peer.deadline() + peer.options.patience * 10);
    wire.read_answers(usize::MAX, |_| false, peer.deadline());
    match wire.answers.len() {
        201 => peer.answers(),
        count => Err(cut(wire, &format!("{count} answers of 201"))),
    }
}

/// Megabytes were received: a report shows their start.
fn cut(mut wire: Wire, text: &str) -> Problem {
    let text = format!("{text}; {} bytes, then {:?}", wire.received.len(), wire.ending);
    wire.received.truncate(200);
    wire.problem(text)
}

/// All ask, then all read. Each asks for close, so that a server with few workers gets to all of them.
fn crowd(peer: &Peer) -> Result<(), Problem> {
    let wires = (0..300).map(|_| peer.ask(PROBE)).collect::<Result<Vec<_>, _>>()?;
    for (index, mut wire) in wires.into_iter().enumerate() {
        let deadline = peer.deadline() + peer.options.patience;
        if !wire.read_answers(1, |_| false, deadline) {
            return Err(wire.problem(format!("client {index} of 300 was not answered")));
        }
    }
    peer.answers()
}

fn silent_crowd(peer: &Peer) -> Result<(), Problem> {
    let held =
        (1..peer.options.concurrent).map(|_| peer.connect()).collect::<Result<Vec<_>, _>>()?;
    let result = peer.answers();
    drop(held);
    result
}

fn slow_crowd(peer: &Peer) -> Result<(), Problem> {
    let head = "GET {get} HTTP/1.1\r\nHost: h\r\nX-Slow: ";
    let held =
        (1..peer.options.concurrent).map(|_| peer.ask(head)).collect::<Result<Vec<_>, _>>()?;
    let result = peer.answers();
    drop(held);
    result
}
