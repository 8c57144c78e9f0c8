//! `-n`: as many requests as were asked for are sent, and none more. The server counts them.

use super::{HELLO, each, options, read_request};
use bench::interrupt::Interrupt;
use bench::load::{self, Options, Tally, Think, Url};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

/// How a server takes the requests that it counts: the response to the one with this number; `None` ends the connection.
type Answer = fn(u64) -> Option<String>;

fn hello(_: u64) -> Option<String> {
    Some(HELLO.to_owned())
}

/// One in four has a wrong status, no response in time, a response too many, or the connection's end.
fn hello_mostly(number: u64) -> Option<String> {
    match number % 16 {
        3 => Some("HTTP/1.1 503 x\r\nContent-Length: 0\r\n\r\n".to_owned()),
        7 => Some(String::new()),
        11 => Some(HELLO.repeat(2)),
        15 => None,
        _ => hello(number),
    }
}

/// Each third response says that it is the connection's last.
fn hello_and_close(number: u64) -> Option<String> {
    let fields = if number.is_multiple_of(3) { "Connection: close\r\n" } else { "" };
    hello(number).map(|text| text.replacen("Content", &format!("{fields}Content"), 1))
}

/// Puts the load on a server, and says how many requests that has read, and what the load has counted.
fn count(answer: Answer, more: impl FnOnce(&mut Options)) -> (u64, Tally) {
    let (listener, read) = (TcpListener::bind("127.0.0.1:0").unwrap(), AtomicU64::new(0));
    let address = listener.local_addr().unwrap();
    let serve = |mut stream: TcpStream| {
        while read_request(&mut stream) {
            let Some(text) = answer(read.fetch_add(1, Relaxed)) else { return };
            // A client that has given up may have sent one more request before.
            let _ = stream.write_all(text.as_bytes());
            if text.contains("close") {
                // A socket that is closed before all was read resets the connection, and the response may be lost.
                let _ = stream.read_to_end(&mut Vec::new());
                return;
            }
        }
    };
    let tally = thread::scope(|scope| {
        let (serve, incoming) = (&serve, &listener);
        scope.spawn(move || {
            while let Ok((stream, _)) = incoming.accept() {
                scope.spawn(move || serve(stream));
            }
        });
        let mut options = options(Url::parse(&format!("http://{address}/")).unwrap());
        options.duration = Duration::from_secs(3600);
        options.warm_up = Duration::ZERO;
        more(&mut options);
        let tally = load::run(&options, &Interrupt::default()).unwrap().tally;
        // What waits to be accepted is accepted yet, behind it this connection, and then accept(2) fails.
        listener.set_nonblocking(true).unwrap();
        drop(TcpStream::connect(address).unwrap());
        tally
    });
    (read.into_inner(), tally)
}

#[test]
fn a_server_sees_as_many_requests_as_were_asked_for() {
    // Fewer than the five connections, as many, and more.
    let numbers = [1, 3, 5, 7, 40].into_iter();
    let cases = numbers.flat_map(|all| [false, true].map(|close| (all, close)));
    each(
        cases.flat_map(|case| [hello as Answer, hello_mostly].map(|answer| (case, answer))),
        |one| {
            let ((all, close), answer) = one;
            let (read, tally) = count(answer, |options| {
                (options.requests, options.close) = (Some(all), close);
                options.timeout = Duration::from_millis(500);
            });
            assert_eq!(read, all, "close: {close}, {tally:?}");
            assert!(tally.requests + tally.errors.total() >= all, "close: {close}, {tally:?}");
            assert!(tally.requests <= all && tally.opened <= all, "close: {close}, {tally:?}");
        },
    );
}

#[test]
fn requests_in_one_write_are_no_more_than_were_asked_for() {
    each(
        [1, 6, 37].into_iter().flat_map(|all| [(all, hello as Answer), (all, hello_and_close)]),
        |one| {
            let (read, tally) = count(one.1, |options| {
                (options.requests, options.pipeline) = (Some(one.0), 4);
            });
            assert_eq!(
                (read, tally.requests, tally.errors.total()),
                (one.0, one.0, 0),
                "{tally:?}"
            );
        },
    );
}

#[test]
fn at_a_rate_and_with_think_time_no_more_are_sent_either() {
    let think = Think { mean: Duration::from_millis(2), fixed: false };
    each([(Some(500.0), None), (None, Some(think))], |(rate, think)| {
        let (read, tally) = count(hello, |options| {
            (options.requests, options.rate, options.think) = (Some(23), rate, think);
        });
        assert_eq!((read, tally.requests, tally.errors.total()), (23, 23, 0), "{tally:?}");
        assert_eq!(tally.pacing.unsent, 0, "{tally:?}");
    });
}

#[test]
fn requests_of_a_warm_up_are_sent_beside_them() {
    let (read, tally) = count(hello, |options| {
        (options.requests, options.warm_up) = (Some(23), Duration::from_secs(1));
    });
    assert!(read > 23 && tally.requests == 23, "{read}: {tally:?}");
}
