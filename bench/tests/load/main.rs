//! The load generator against small servers that each do one thing, some of them wrong. Nothing here depends
//! on how fast the machine is.

#![allow(clippy::unwrap_used)] // clippy allows it in test functions, but not in what they call.

mod answers;
mod counts;
mod cuts;
mod endings;
mod requests;
mod windows;

use bench::interrupt::Interrupt;
use bench::load::{self, Expect, Options, Outcome, Think, Url};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::thread;
use std::time::Duration;

const HELLO: &str = "HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\nHello, World!";

/// Serves each connection in a thread of its own, for as long as the test's process lives.
fn serve(handler: impl Fn(TcpStream) + Send + Sync + 'static) -> Url {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
    let handler = Arc::new(handler);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (handler, stream) = (Arc::clone(&handler), stream.unwrap());
            thread::spawn(move || handler(stream));
        }
    });
    url
}

/// Reads to the end of a request's head; `false` when the client has gone. Takes its time: these servers wait, so that
/// many of them need no more than the cores there are.
fn read_request(stream: &mut TcpStream) -> bool {
    thread::sleep(Duration::from_millis(2));
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read(&mut byte) {
            Ok(1) => head.push(byte[0]),
            _ => return false,
        }
    }
    true
}

/// Answers the requests of a connection with these texts in turn.
fn in_turn(mut stream: TcpStream, answers: &[&str]) {
    let mut answers = answers.iter().cycle();
    while read_request(&mut stream)
        && answers.next().is_some_and(|answer| stream.write_all(answer.as_bytes()).is_ok())
    {}
}

fn repeat(stream: TcpStream, answer: &str) {
    in_turn(stream, &[answer]);
}

/// Mostly enough for each client to have a response.
const WINDOW: Duration = Duration::from_secs(1);

fn options(url: Url) -> Options {
    let mut options = Options::get(url, 5, WINDOW);
    options.threads = 2;
    options.expect = Expect::Body(b"Hello, World!".to_vec());
    options
}

/// Tries all cases at once: each takes a window's time.
fn each<T: Send>(cases: impl IntoIterator<Item = T>, attempt: impl Fn(T) + Sync) {
    thread::scope(|scope| {
        for case in cases {
            scope.spawn(|| attempt(case));
        }
    });
}

/// Whatever the window shows.
fn run_once(options: &Options) -> Outcome {
    load::run(options, &Interrupt::default()).unwrap()
}

/// On a busy machine a window may go by in which a client was kept from a CPU and has neither a response nor an error. Then
/// there is another.
fn run(options: &Options) -> Outcome {
    let mut windows = (0..20).map(|_| run_once(options));
    let shows_all = |outcome: &Outcome| {
        let tally = &outcome.tally;
        tally.served == tally.opened || tally.errors.total() > 0
    };
    // Without one in twenty of them, something is wrong.
    windows.find(shows_all).unwrap()
}

#[test]
fn correct_answers_are_counted_and_everybody_is_served() {
    let outcome = run(&options(serve(|stream| repeat(stream, HELLO))));
    let tally = &outcome.tally;
    assert!(tally.requests > 0 && tally.requests == tally.latency.len());
    assert_eq!((tally.served, tally.opened, tally.errors.total(), tally.reconnects), (5, 5, 0, 0));
    assert_eq!(tally.unanswered.count, 5, "a closed loop has always one request each under way");
    assert_eq!(outcome.window, WINDOW);
    assert_eq!(tally.cpu.len(), 2);
}

#[test]
fn pipelined_answers_are_told_apart() {
    let mut options = options(serve(|stream| repeat(stream, HELLO)));
    options.pipeline = 16;
    let tally = run(&options).tally;
    assert!(tally.requests >= 16 && tally.errors.total() == 0);
    assert_eq!(tally.bytes % HELLO.len() as u64, 0);
}

#[test]
fn silence_becomes_time_outs_when_they_happen() {
    let mut options = options(serve(|mut stream| while read_request(&mut stream) {}));
    options.warm_up = Duration::from_millis(10);
    options.timeout = Duration::from_millis(100);
    let tally = run(&options).tally;
    assert_eq!((tally.requests, tally.served), (0, 0));
    assert!(tally.errors.timeout > 0 && tally.reconnects > 0, "{:?}", tally.errors);
    assert_eq!((tally.timed_out.count, tally.latency.len()), (tally.errors.timeout, 0));
    assert!(tally.timed_out.mean() >= options.timeout && tally.max() == Duration::ZERO);
}

#[test]
fn a_response_after_the_time_out_is_none() {
    // The server takes twice as long, and the generator looks for time-outs every 10 ms.
    let mut options = options(serve(|stream| repeat(stream, HELLO)));
    options.warm_up = Duration::from_millis(10);
    options.timeout = Duration::from_millis(1);
    let tally = run(&options).tally;
    assert!(tally.requests == 0 && tally.errors.timeout > 0, "{:?}", tally.errors);
    assert_eq!(tally.errors.total(), tally.errors.timeout, "{:?}", tally.errors);
}

/// One connection is answered as fast as it asks, the others never: what a server does that keeps its clients.
#[test]
fn what_is_given_up_is_no_part_of_the_latencies() {
    static IS_TAKEN: AtomicBool = AtomicBool::new(false);
    let mut options = options(serve(|mut stream| {
        let is_kept = !IS_TAKEN.swap(true, Relaxed);
        while read_request(&mut stream) && (!is_kept || stream.write_all(HELLO.as_bytes()).is_ok())
        {
        }
        // On a busy machine this one is given up too: then the next one is answered.
        if is_kept {
            IS_TAKEN.store(false, Relaxed);
        }
    }));
    options.warm_up = Duration::from_millis(10);
    options.timeout = Duration::from_millis(100);
    // On a busier one, all of a window's: then another window is tried.
    let is_served = (0..20).any(|_| {
        let Outcome { tally, window, .. } = run(&options);
        assert!(tally.timed_out.count > 0, "{:?}", tally.errors);
        assert_eq!(tally.requests, tally.latency.len());
        // One request at a time is in service, whatever the others wait for; the first began before the window.
        let in_service = tally.mean().as_secs_f64() * tally.requests as f64;
        let most = 1.01 * (window + tally.max()).as_secs_f64();
        assert!(in_service <= most, "{in_service} s in {window:?}");
        tally.served > 0
    });
    assert!(is_served);
}

#[test]
fn what_is_unanswered_at_the_end_is_told_with_its_age() {
    let mut options = options(serve(|mut stream| while read_request(&mut stream) {}));
    options.warm_up = Duration::from_millis(10);
    // On a busy machine a client may come late to ask: then its age is less.
    let ages = (0..20).map(|_| {
        let tally = run_once(&options).tally;
        assert_eq!((tally.unanswered.count, tally.served, tally.errors.total()), (5, 0, 0));
        assert!(tally.latency.is_empty() && tally.unanswered.longest >= tally.unanswered.mean());
        tally.unanswered.mean()
    });
    assert!({ ages }.any(|age| age >= options.duration));
}

/// Larger than the socket takes at once.
fn post_of(size: usize, url: Url) -> Options {
    Options {
        connections: 1,
        method: "POST".to_owned(),
        body: Some("x".repeat(size)),
        ..options(url)
    }
}

/// The response may come before the request is whole: the rest is sent all the same.
#[test]
fn a_request_larger_than_the_socket_takes_at_once() {
    const SIZE: usize = 8 << 20;
    each([true, false], |early| {
        let url = serve(move |mut stream| {
            let mut body = vec![0; SIZE];
            while read_request(&mut stream)
                && (!early || stream.write_all(HELLO.as_bytes()).is_ok())
                && stream.read_exact(&mut body).is_ok()
                && (early || stream.write_all(HELLO.as_bytes()).is_ok())
            {}
        });
        let tally = run(&post_of(SIZE, url)).tally;
        assert!(tally.requests > 0, "{early}: {tally:?}");
        assert_eq!((tally.errors.total(), tally.reconnects), (0, 0), "{early}: {tally:?}");
    });
}

/// It closes without having read the body, and so resets the connection.
#[test]
fn what_a_server_says_before_it_resets_is_heard() {
    let refusal = "HTTP/1.1 413 x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
    let url = serve(move |mut stream| {
        if read_request(&mut stream) {
            let _ = stream.write_all(refusal.as_bytes());
        }
    });
    each([1, 2], |pipeline| {
        let options = Options { pipeline, ..post_of(8 << 20, url.clone()) };
        // On a busy machine a window may go by without any of these long requests.
        let refused = (0..20).map(|_| {
            let errors = run(&options).tally.errors;
            assert_eq!(errors.total(), errors.status, "{errors:?}");
            errors.status
        });
        assert!({ refused }.any(|count| count > 0));
    });
}

#[test]
fn nobody_listening_is_an_error_with_a_remedy() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
    drop(listener);
    each([None, Some(Duration::from_millis(5))], |mean| {
        let think = mean.map(|mean| Think { mean, fixed: false });
        let options = Options { think, ..options(url.clone()) };
        let error = load::run(&options, &Interrupt::default()).unwrap_err();
        assert!(error.to_string().contains("is a server listening there?"), "{error}");
    });
}

#[test]
fn an_interrupt_ends_the_warm_up_and_the_window() {
    const HOUR: Duration = Duration::from_secs(3600);
    let silence = serve(|mut stream| while read_request(&mut stream) {});
    // Nothing is to be waited for, or a silent client's response, or those of the others.
    let hello = serve(|stream| repeat(stream, HELLO));
    each([(hello, 0), (silence.clone(), 1), (silence, 0)], |(url, silent)| {
        let options = Options { duration: HOUR, warm_up: HOUR, silent, ..options(url) };
        let interrupt = Interrupt::default();
        let outcome = thread::scope(|scope| {
            scope.spawn(|| {
                thread::sleep(Duration::from_millis(500));
                interrupt.raise(shared::sys::signal::Signal::Interrupt);
            });
            load::run(&options, &interrupt).unwrap()
        });
        assert!(outcome.interrupted && outcome.window < options.duration);
    });
}

#[test]
fn silent_and_slow_clients_sit_beside_the_others() {
    let mut options = options(serve(|stream| repeat(stream, HELLO)));
    (options.silent, options.slow) = (7, 2);
    let tally = run(&options).tally;
    assert!(tally.requests > 0 && tally.served == 5);
    assert_eq!((tally.idle.opened, tally.idle.answered, tally.idle.evicted), (9, 7, 0));
}

#[test]
fn silent_clients_that_are_sent_away_do_not_come_back() {
    let mut options = options(serve(|mut stream| {
        // One answer each, then the end.
        if read_request(&mut stream) {
            let _ = stream.write_all(HELLO.as_bytes());
        }
    }));
    options.silent = 7;
    let crowd = run(&options).tally.idle;
    assert_eq!((crowd.opened, crowd.answered, crowd.evicted), (7, 7, 7));
}
