//! A constant rate is timed from the plan: a server that stops shows in every request that was due meanwhile.
//! The bounds come from how long it was stopped, and not from how fast the machine is.

#![allow(clippy::unwrap_used)] // clippy allows it in test functions, but not in what they call.

use bench::evidence::tree::Snapshot;
use bench::interrupt::Interrupt;
use bench::load::{self, Options, Outcome, Url};
use bench::results::folder;
use bench::targets::server::Server;
use shared::sys::process;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

/// Loads a server for three seconds and stops it once; says how long it really stopped.
fn freeze_once(rate: Option<f64>, stop: Duration) -> (Outcome, Duration) {
    let floor = Path::new(env!("CARGO_BIN_EXE_bench"));
    let server =
        Server::start(floor, &["floor", "--listen", "127.0.0.1:0", "--threads", "1"]).unwrap();
    let mut options = Options::get(server.url().unwrap(), 8, Duration::from_secs(3));
    (options.rate, options.threads, options.warm_up) = (rate, 1, Duration::from_millis(100));
    thread::scope(|scope| {
        let load = scope.spawn(|| load::run(&options, &Interrupt::default()).unwrap());
        thread::sleep(Duration::from_secs(1));
        process::freeze(server.pid(), true).unwrap();
        while !Snapshot::of(&[server.pid()]).unwrap().is_stopped() {
            thread::sleep(Duration::from_millis(1));
        }
        let start = Instant::now();
        thread::sleep(stop);
        let stopped = start.elapsed();
        process::freeze(server.pid(), false).unwrap();
        (load.join().unwrap(), stopped)
    })
}

#[test]
fn a_pause_of_200_ms_shows_in_every_request_that_was_due() {
    let rate = 4000.0;
    let (outcome, stopped) = freeze_once(Some(rate), Duration::from_millis(200));
    let tally = &outcome.tally;
    assert_eq!(tally.errors.total(), 0);
    // As many as were due waited, some for nearly all of the time: evenly from nothing to its length.
    let max = tally.max();
    assert!(max >= stopped.mul_f64(0.95), "{max:?} of {stopped:?}");
    assert!(tally.percentile(0.999).unwrap() >= stopped.mul_f64(0.85));
    let half = stopped.as_nanos() as u64 / 2;
    let longer = tally.latency.iter_recorded().filter(|value| value.value_iterated_to() > half);
    let longer: u64 = longer.map(|value| value.count_since_last_iteration()).sum();
    let expected = rate * stopped.as_secs_f64() / 2.0;
    assert!(longer as f64 >= 0.8 * expected, "{longer} of {expected} waited longer than half");
}

#[test]
fn a_closed_loop_hides_it() {
    // A second: nothing else keeps a request waiting for half of that, on a busy machine either.
    let (outcome, stopped) = freeze_once(None, Duration::from_secs(1));
    let half = stopped.as_nanos() as u64 / 2;
    let tally = &outcome.tally;
    let longer = tally.latency.iter_recorded().filter(|value| value.value_iterated_to() > half);
    let longer: u64 = longer.map(|value| value.count_since_last_iteration()).sum();
    // One request of each connection was under way; no client asked meanwhile.
    assert!((1..=16).contains(&longer), "{longer}");
}

#[test]
fn what_cannot_be_sent_is_counted_and_not_forgotten() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
    let mut options = Options::get(url, 3, Duration::from_millis(500));
    options.warm_up = Duration::from_millis(10);
    options.rate = Some(100.0);
    let (mut unsent, mut oldest) = (0, Duration::ZERO);
    // A thread that is woken up late begins its plan late, and less of it is due by the end.
    for _ in 0..20 {
        let tally = load::run(&options, &Interrupt::default()).unwrap().tally;
        // The first request of each connection never comes back, so none is free for those that are due.
        assert_eq!((tally.requests, tally.pacing.sent), (0, 0));
        (unsent, oldest) = (tally.pacing.unsent, tally.unanswered.longest);
        if unsent >= 48 {
            break;
        }
    }
    assert!((48..=51).contains(&unsent) && oldest >= Duration::from_millis(480), "{unsent}");
}

#[test]
fn a_time_out_begins_when_a_request_is_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
        while stream.read(&mut [0; 1024]).is_ok_and(|count| count > 0) {
            thread::sleep(Duration::from_millis(50));
            stream.write_all(answer).unwrap();
        }
    });
    let mut options = Options::get(url, 1, Duration::from_secs(2));
    (options.rate, options.timeout) = (Some(1000.0), Duration::from_secs(1));
    let tally = load::run(&options, &Interrupt::default()).unwrap().tally;
    // Of 2,000 that were due about 40 were sent, some a second and more too late: answered all the same.
    assert_eq!(tally.errors.total(), 0, "{tally:?}");
    assert!(tally.max() > options.timeout, "timed from the moment that each was due: {tally:?}");
}

#[test]
fn without_a_rate_parts_of_what_a_closed_loop_reaches_are_offered() {
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("sweep");
    let _ = std::fs::remove_dir_all(&out);
    let mut command = Command::new(env!("CARGO_BIN_EXE_bench"));
    command.args(["rate", "floor", "-c", "4", "-t", "1", "-d", "300ms", "--out"]).arg(&out);
    let output = command.output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && text.contains("null server over offered load"), "{text}");
    let rows = folder::read(&out).unwrap().rows;
    let reached = rows[0].load.rps;
    for (row, load) in rows[1..].iter().zip([10, 25, 40, 55, 70, 80, 90, 95, 100, 110, 120]) {
        let due = row.figure("evidence.target_rps").unwrap();
        assert!((due - reached * f64::from(load) / 100.0).abs() < 0.1, "{due} of {reached}");
        assert_eq!(row.offered, Some(load as usize));
    }
    assert_eq!((rows.len(), rows[0].offered), (12, None));
}
