//! What parsing, routing and answering cost in user space, beside httparse:
//! `cargo bench -p shared`. Nanoseconds per call: the least of many short runs, because noise only ever adds.

#[path = "../tests/common/mod.rs"]
#[allow(clippy::unwrap_used)] // It is written for tests.
mod common;

use shared::app::demo;
use shared::app::router::Found;
use shared::http::head::HeadParser;
use shared::http::{Action, Limits, Method, Path, Protocol};
use shared::server::clock::Clock;
use shared::server::context::ThreadContext;
use std::hint::black_box;
use std::time::{Duration, Instant};

const WRK: &[u8] = b"GET / HTTP/1.1\r\nHost: 127.0.0.1:9104\r\n\r\n";

const BROWSER: &[u8] = b"GET /hello/world?from=book HTTP/1.1\r\n\
    Host: www.example.org\r\n\
    User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n\
    Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8\r\n\
    Accept-Language: en-GB,en;q=0.5\r\n\
    Accept-Encoding: gzip, deflate, br, zstd\r\n\
    Connection: keep-alive\r\n\
    Cookie: session=0123456789abcdef0123456789abcdef; theme=dark; consent=yes\r\n\
    Upgrade-Insecure-Requests: 1\r\n\
    Sec-Fetch-Dest: document\r\n\
    Sec-Fetch-Mode: navigate\r\n\
    Sec-Fetch-Site: none\r\n\
    Priority: u=0, i\r\n\r\n";

fn main() {
    let limits = Limits::default();
    for (name, head) in [("wrk's head, 1 field", WRK), ("a browser's head, 12 fields", BROWSER)] {
        println!("{name} ({} bytes)", head.len());
        measure("  httparse, syntax alone", || httparse(black_box(head)));
        measure("  shared, syntax and framing and limits", || {
            matches!(HeadParser::default().parse(black_box(head), &limits), Ok(Some(_)))
        });
    }
    let router = demo::router();
    let path = Path::parse(b"/hello/world").unwrap_or(Path::Plain(b"/"));
    println!("the rest");
    measure("  router, a path with a parameter", || {
        matches!(router.find(Method::Get, black_box(&path)), Found::Route(_))
    });
    for (name, request) in [("wrk's", WRK), ("a browser's", BROWSER)] {
        let mut exchange = exchange(request);
        measure(&format!("  connection, {name} request to answer"), &mut exchange);
    }
}

fn httparse(head: &[u8]) -> bool {
    let mut fields = [httparse::EMPTY_HEADER; 100];
    httparse::Request::new(&mut fields).parse(head).is_ok_and(|status| status.is_complete())
}

/// One request through a connection that stays open: parse, route, handle, write.
fn exchange(request: &'static [u8]) -> impl FnMut() -> bool {
    let (mut thread, mut out) = (thread(), Vec::new());
    let mut protocol = Protocol::new(&thread.server.args.limits, thread.clock.now());
    move || {
        out.clear();
        protocol.receive(black_box(request), &mut thread.step(&mut out)) == Action::Read
    }
}

fn thread() -> ThreadContext {
    let mut thread = common::thread(demo::router(), Limits::default());
    thread.clock = Clock::default();
    thread
}

fn measure(name: &str, mut call: impl FnMut() -> bool) {
    const CALLS: u32 = 10_000;
    let (mut least, start) = (Duration::MAX, Instant::now());
    while start.elapsed() < Duration::from_millis(700) {
        let run = Instant::now();
        for _ in 0..CALLS {
            assert!(black_box(call()), "{name}: the call did not do its work");
        }
        least = least.min(run.elapsed());
    }
    println!("{name:<42}{:>8.1} ns", least.as_nanos() as f64 / f64::from(CALLS));
}
