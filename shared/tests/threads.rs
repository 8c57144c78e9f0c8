//! A thread that dies takes the server with it, and the trace is whole.

#![allow(clippy::unwrap_used)] // clippy allows it in test functions, but not in what they call.

use shared::accept::Room;
use shared::app;
use shared::args::{Accept, KeepAlive};
use shared::drain::{Drain, DrainSettings};
use shared::limits::Limits;
use shared::meter::{Observation, Observatory};
use shared::service::Service;
use shared::start::Common;
use shared::trace::Slice;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

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
    let observation = Observation { trace: Some(trace), ..Observation::default() };
    let observatory = Arc::new(Observatory::open(&observation).unwrap());
    let settings = DrainSettings { grace: Duration::ZERO, drain_idle: Duration::ZERO };
    let drain = Drain::on_signals(&settings, Arc::clone(&observatory)).unwrap();
    let (service, room) = (Service::new(app::router(), Limits::default(), None), Room::new(1));
    let (keep_alive, accept) = (KeepAlive::Always, Accept::Reuseport);
    let common = Common { service, drain, room, keep_alive, accept, observatory };
    common.meter().begin(Slice::Request);
    for number in 0..2 {
        let work = move || match number {
            0 => loop {
                std::thread::park();
            },
            _ => panic!("a loop has a bug"),
        };
        common.spawn(format!("loop-{number}"), work).unwrap();
    }
    loop {
        std::thread::park();
    }
}
