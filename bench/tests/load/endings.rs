//! How connections end: the server says so, or just does it, or the client has to.

use super::{HELLO, each, options, read_request, repeat, run, serve};
use bench::load::Url;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;
use std::time::Duration;

const CLOSING: &str =
    "HTTP/1.1 200 OK\r\nConnection: x, Close\r\nContent-Length: 13\r\n\r\nHello, World!";

#[test]
fn a_server_that_says_close_and_waits_is_closed_by_the_client() {
    each([true, false], |close| {
        let mut options = options(serve(|mut stream| {
            if read_request(&mut stream) && stream.write_all(CLOSING.as_bytes()).is_ok() {
                let _ = stream.read_to_end(&mut Vec::new());
            }
        }));
        options.close = close;
        (options.requests, options.duration) = (Some(100), Duration::from_secs(30));
        let tally = run(&options).tally;
        assert_eq!((tally.requests, tally.errors.total()), (100, 0));
        assert!(tally.reconnects.abs_diff(tally.requests) <= 2 * 5, "{}", tally.reconnects);
        assert!(tally.max() < options.timeout, "the longest response and not the time-out");
    });
}

#[test]
fn a_408_on_an_idle_connection_is_the_end_of_it() {
    each([(None, 20), (Some(200.0), 20), (None, 1), (None, 11)], |(rate, length)| {
        let mut options = options(serve(move |mut stream| {
            let idle = "HTTP/1.0 408 Request Timeout\r\nContent-Length: 0\r\n\r\n";
            if read_request(&mut stream) {
                // In one write: no request can come between the two.
                let _ = stream.write_all(format!("{HELLO}{}", &idle[..length]).as_bytes());
            }
        }));
        options.rate = rate;
        let tally = run(&options).tally;
        assert!(tally.requests > 0 && tally.reconnects > 0, "{tally:?}");
        assert_eq!(tally.errors.total(), 0, "{tally:?}");
    });
}

#[test]
fn behind_101_nothing_is_asked() {
    let mut options = options(serve(|mut stream| {
        let answer = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n";
        if read_request(&mut stream) && stream.write_all(answer.as_bytes()).is_ok() {
            assert!(!read_request(&mut stream), "a request in another protocol");
        }
    }));
    options.threads = 1;
    let tally = run(&options).tally;
    assert!(tally.errors.status > 0 && tally.reconnects > 0 && tally.requests == 0, "{tally:?}");
}

#[test]
fn a_connection_per_request() {
    let said = "HTTP/1.1 200 OK\r\nContent-Length: 13\r\nConnection: close\r\n\r\nHello, World!";
    let old = "HTTP/1.0 200 OK\r\n\r\nHello, World!";
    each([(said, true), (said, false), (old, true), (old, false)], |(answer, close)| {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                if read_request(&mut stream) {
                    let _ = stream.write_all(answer.as_bytes());
                }
            }
        });
        let mut options = options(Url::parse(&format!("http://{address}/")).unwrap());
        options.close = close;
        let tally = run(&options).tally;
        assert!(tally.requests > 0 && tally.errors.total() == 0, "{answer:?} {tally:?}");
        // Each client may have its answer on one side of the window's edge, and the next connection on the other.
        assert!(tally.reconnects.abs_diff(tally.requests) <= 2 * 5, "{tally:?}");
        assert_eq!((tally.served, tally.opened), (5, 5));
    });
}

#[test]
fn a_server_that_keeps_what_was_to_be_closed_is_left() {
    let mut options = options(serve(|stream| repeat(stream, HELLO)));
    options.close = true;
    let tally = run(&options).tally;
    assert!(tally.requests > 0 && tally.errors.total() == 0 && tally.reconnects > 0);
}
