//! When requests are sent, and how long is measured: think time, random gaps, a number of requests, a warm-up, the
//! window's two ends.

use super::{HELLO, options, read_request, repeat, run, run_once, serve};
use bench::interrupt::Interrupt;
use bench::load::{Arrivals, Load, Think};
use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

const HOUR: Duration = Duration::from_secs(3600);

#[test]
fn so_many_requests_end_the_window_whether_they_are_right_or_wrong() {
    let refusal = "HTTP/1.1 503 x\r\nContent-Length: 0\r\n\r\n";
    for (answer, requests, pipeline) in
        [(HELLO, 37, 1), (HELLO, 1, 1), (refusal, 37, 1), (HELLO, 37, 4)]
    {
        let mut options = options(serve(move |stream| repeat(stream, answer)));
        (options.requests, options.duration) = (Some(requests), HOUR);
        options.pipeline = pipeline;
        let outcome = run_once(&options);
        let tally = &outcome.tally;
        let expected = if answer == HELLO { (requests, 0) } else { (0, requests) };
        assert_eq!((tally.requests, tally.errors.status), expected, "{tally:?}");
        assert!(outcome.window < HOUR && !outcome.interrupted && outcome.rps() >= 0.0);
    }
}

#[test]
fn clients_that_think_do_not_ask_meanwhile() {
    for close in [false, true] {
        let mut options = options(serve(|stream| repeat(stream, HELLO)));
        let mean = Duration::from_millis(50);
        (options.think, options.close) = (Some(Think { mean, fixed: true }), close);
        let outcome = run(&options);
        let tally = &outcome.tally;
        // Each of five clients asks once in 50 ms at most, however fast the server is.
        let most = 5 * (1 + outcome.window.as_millis() / mean.as_millis()) as u64;
        assert!(tally.requests > 0 && tally.requests <= most, "{tally:?}");
        assert_eq!((tally.errors.total(), tally.opened), (0, 5), "{tally:?}");
    }
}

#[test]
fn requests_at_random_gaps_are_sent_and_answered() {
    let mut options = options(serve(|stream| repeat(stream, HELLO)));
    (options.rate, options.arrivals) = (Some(500.0), Arrivals::Poisson);
    let tally = run(&options).tally;
    assert!(tally.requests > 0 && tally.pacing.sent > 0 && tally.errors.total() == 0, "{tally:?}");
}

#[test]
fn a_warm_up_that_was_asked_for_is_not_cut_short() {
    let mut options = options(serve(|stream| repeat(stream, HELLO)));
    (options.warm_up, options.whole_warm_up) = (Duration::from_millis(500), true);
    let start = Instant::now();
    run(&options);
    assert!(start.elapsed() >= options.warm_up + options.duration);
}

#[test]
fn a_burden_ends_with_the_window() {
    let mut options = options(serve(|stream| repeat(stream, HELLO)));
    (options.burden, options.duration) = (HOUR, Duration::from_millis(50));
    assert_eq!(run_once(&options).tally.errors.total(), 0);
}

#[test]
fn a_load_goes_on_while_its_parts_are_taken() {
    let mut options = options(serve(|stream| repeat(stream, HELLO)));
    options.duration = HOUR;
    let load = Load::start(&options, &Interrupt::default()).unwrap();
    load.warm_up(&Interrupt::default()).unwrap();
    load.open();
    // A second part can only be served after the first.
    for _ in 0..2 {
        let mut served = 0;
        while served < options.connections as u64 {
            let part = load.part(Duration::from_millis(10));
            let tally = &part.tally;
            assert!(tally.errors.total() == 0 && tally.served <= tally.requests, "{tally:?}");
            assert_eq!(tally.requests, tally.latency.len());
            served += tally.served;
        }
    }
}

/// A response that comes right after the window opened counts, although its thread slept until then.
#[test]
fn all_threads_know_when_the_window_opens() {
    let (tell, told) = mpsc::channel();
    let told = Mutex::new(told);
    let mut options = options(serve(move |mut stream| {
        // Each connection has one response, when it is told to.
        if read_request(&mut stream) && told.lock().unwrap().recv().is_ok() {
            stream.write_all(HELLO.as_bytes()).unwrap();
            while read_request(&mut stream) {}
        }
    }));
    options.warm_up = Duration::from_millis(100);
    options.whole_warm_up = true;
    options.duration = HOUR;
    let load = Load::start(&options, &Interrupt::default()).unwrap();
    load.warm_up(&Interrupt::default()).unwrap();
    load.open();
    (0..options.connections).for_each(|_| tell.send(()).unwrap());
    let mut requests = 0;
    while requests < 5 {
        requests += load.part(Duration::from_millis(10)).tally.requests;
    }
}

/// Their end would cost the server CPU time, which the caller has yet to read, and set it free to serve others.
#[test]
fn connections_stay_open_until_the_load_is_finished() {
    let ended = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&ended);
    let mut options = options(serve(move |stream| {
        repeat(stream, HELLO);
        counter.fetch_add(1, Relaxed);
    }));
    (options.silent, options.requests, options.duration) = (2, Some(100), Duration::from_secs(30));
    let load = Load::start(&options, &Interrupt::default()).unwrap();
    load.warm_up(&Interrupt::default()).unwrap();
    load.measure(&Interrupt::default());
    // Time enough for the threads to end.
    thread::sleep(Duration::from_millis(100));
    assert_eq!(ended.load(Relaxed), 0);
    let tally = load.finish(&Interrupt::default()).unwrap().tally;
    assert_eq!((tally.requests, tally.idle.opened), (100, 2));
    while ended.load(Relaxed) < 7 {
        thread::sleep(Duration::from_millis(1));
    }
}

/// One connection, requests due every 10 ms, responses that take 30: every request but the first waits for the connection,
/// and the generator is not to blame.
#[test]
fn a_request_that_waits_for_a_connection_is_not_the_generators_lag() {
    let mut options = options(serve(|mut stream| {
        while read_request(&mut stream) {
            thread::sleep(Duration::from_millis(30));
            if stream.write_all(HELLO.as_bytes()).is_err() {
                return;
            }
        }
    }));
    (options.connections, options.rate) = (1, Some(100.0));
    let pacing = run(&options).tally.pacing;
    assert!(pacing.sent > 1 && pacing.unsent > 0 && pacing.oldest_unsent > 0, "{pacing:?}");
    let waited = pacing.lag().saturating_sub(pacing.generator_lag());
    assert!(waited >= Duration::from_millis(20), "{pacing:?}");
    assert!(pacing.generator_lag_max <= pacing.lag_max, "{pacing:?}");
}
