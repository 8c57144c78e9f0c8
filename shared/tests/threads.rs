//! A thread that dies takes the server with it, and the trace is whole.

#![allow(clippy::unwrap_used)] // clippy allows it in test functions, but not in what they call.

#[path = "common/mod.rs"]
mod common;

use shared::app::demo;
use shared::http::Limits;
use shared::server::context::ServerContext;
use shared::telemetry::trace::Span;
use shared::telemetry::{Telemetry, TelemetrySettings};
use std::process::Command;
use std::sync::Arc;

/// Names the trace of the process that is to die: this program again, with this test alone.
const TRACE: &str = "THREADS_TRACE";

#[test]
fn a_thread_that_dies_ends_the_server() {
    if let Ok(trace) = std::env::var(TRACE) {
        die(trace.into());
    }
    let trace = std::env::temp_dir().join(format!("threads-{}", std::process::id()));
    let mut again = Command::new(std::env::current_exe().unwrap());
    let output = again
        .args(["--exact", "a_thread_that_dies_ends_the_server", "--nocapture"])
        .env(TRACE, &trace)
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert_eq!(said.matches("loop-1: a thread panicked: this is a bug").count(), 1, "{said}");
    let text = std::fs::read_to_string(&trace).unwrap();
    assert!(text.contains("\"request\"") && text.ends_with("}\n]\n"), "{text}");
    std::fs::remove_file(trace).unwrap();
}

/// One thread panics; the others would run for ever, and have not handed over what they noted.
fn die(trace: std::path::PathBuf) -> ! {
    let settings = TelemetrySettings { trace: Some(trace), ..TelemetrySettings::default() };
    let telemetry = Arc::new(Telemetry::open(&settings).unwrap());
    let server = common::server(demo::router(), Limits::default(), None);
    let server = ServerContext { telemetry, ..server };
    server.telemetry.thread_stats().begin(Span::Request);
    for number in 0..2 {
        let work = move || match number {
            0 => loop {
                std::thread::park();
            },
            _ => panic!("a loop has a bug"),
        };
        server.spawn(format!("loop-{number}"), work).unwrap();
    }
    loop {
        std::thread::park();
    }
}
