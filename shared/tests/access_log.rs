//! Every response has its line when its connection ends, however that is.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used)]

mod common;

use shared::app::router::{Request, Router};
use shared::http::{Body, FileBody, Limits, ReadAhead, Response, Status, Stream};
use shared::server::blocking::Server;
use shared::server::context::ServerContext;
use shared::sys::Listener;
use shared::telemetry::{Telemetry, TelemetrySettings};
use std::io::{self, Write};
use std::net::{Shutdown, TcpStream};
use std::os::fd::BorrowedFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Long content that panics after its first piece.
struct Failing(bool);

impl Stream for Failing {
    fn produce(&mut self, out: &mut Vec<u8>, _: usize) -> bool {
        assert!(!std::mem::replace(&mut self.0, true), "a bug in a stream");
        out.extend_from_slice(b"line\n");
        true
    }
}

impl FileBody for Failing {
    fn left(&self) -> u64 {
        1 << 20
    }

    fn offset(&self) -> u64 {
        0
    }

    fn ready(&self) -> u64 {
        self.left()
    }

    fn file(&self) -> io::Result<BorrowedFd<'_>> {
        panic!("a bug in a file")
    }

    fn advance(&mut self, _: u64) {}

    fn read_ahead(&mut self) -> Option<ReadAhead> {
        None
    }
}

#[test]
fn a_long_response_that_panics_has_its_line_when_its_connection_ends() {
    let path = std::env::temp_dir().join(format!("access-log-{}", std::process::id()));
    let (log, log_buffer) = (Some(path.clone()), 4096);
    let settings = TelemetrySettings { log, log_buffer, ..TelemetrySettings::default() };
    let telemetry = Arc::new(Telemetry::open(&settings).unwrap());
    let file = |_: &Request<'_>| {
        let body = Body::File(Box::new(Failing(false)));
        Response::with_body(Status::OK, "text/plain", body)
    };
    let stream = |_: &Request<'_>| Response::stream(Failing(false));
    let router = Router::new().get("/stream", stream).get("/file", file);
    let server = common::server(router, Limits::default(), None);
    let server = ServerContext { telemetry, ..server };
    let listener = Listener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    for path in ["/stream", "/file"] {
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        client.write_all(format!("GET {path} HTTP/1.1\r\nHost: h\r\n\r\n").as_bytes()).unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        let socket = listener.accept().unwrap();
        let serve = || Server::new(&server, &listener).serve(socket);
        let _ = catch_unwind(AssertUnwindSafe(serve));
    }
    let late = Instant::now() + Duration::from_secs(30);
    let text = || std::fs::read_to_string(&path).unwrap();
    while text().lines().count() < 2 && Instant::now() < late {}
    let (text, metrics) = (text(), server.telemetry.metrics().render());
    assert!(text.contains("/stream") && text.contains("/file"), "{text}");
    assert!(metrics.contains("\nhttp_connections_open 0\n"), "{metrics}");
    std::fs::remove_file(path).unwrap();
}
