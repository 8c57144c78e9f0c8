//! What parsing, routing and answering cost in user space, beside httparse:
//! `cargo bench -p shared`. Nanoseconds per call: the least of many short runs, because noise only ever adds.

use shared::clock::Clock;
use shared::http::head::HeadParser;
use shared::http::{Connection, Method, Next, Path, Turn};
use shared::limits::Limits;
use shared::meter::Meter;
use shared::router::Found;
use shared::service::Service;
use std::hint::black_box;
use std::sync::Arc;
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
    let service = service();
    let path = Path::parse(b"/hello/world").unwrap_or(Path::Plain(b"/"));
    println!("the rest");
    measure("  router, a path with a parameter", || {
        matches!(service.router.find(Method::Get, black_box(&path)), Found::Route(_))
    });
    for (name, request) in [("wrk's", WRK), ("a browser's", BROWSER)] {
        let mut exchange = exchange(&service, request);
        measure(&format!("  connection, {name} request to answer"), &mut exchange);
    }
}

fn httparse(head: &[u8]) -> bool {
    let mut fields = [httparse::EMPTY_HEADER; 100];
    httparse::Request::new(&mut fields).parse(head).is_ok_and(|status| status.is_complete())
}

fn service() -> Arc<Service> {
    Service::new(shared::app::router(), Limits::default(), None)
}

/// One request through a connection that stays open: parse, route, handle, write.
fn exchange<'a>(service: &'a Arc<Service>, request: &'a [u8]) -> impl FnMut() -> bool + 'a {
    let now = Instant::now();
    let (mut clock, mut out) = (Clock::new(), Vec::new());
    let mut meter = Meter::new(&service.metrics);
    let mut connection = Connection::new(service, now);
    move || {
        out.clear();
        let out = &mut out;
        let (clock, meter) = (&mut clock, &mut meter);
        let (since, slice, pending) = (now, Duration::MAX, 0);
        let (keep_alive, has_backlog, draining) = (true, false, false);
        let mut turn = Turn {
            service,
            clock,
            since,
            slice,
            keep_alive,
            has_backlog,
            draining,
            out,
            pending,
            meter,
        };
        matches!(connection.receive(black_box(request), &mut turn), Next::Read)
    }
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
