//! What is counted beside latencies: status codes, the first error, the first byte, each second.

use super::{HELLO, in_turn, options, read_request, repeat, run, serve};
use std::io::Write;
use std::thread;
use std::time::Duration;

#[test]
fn status_codes_are_counted_and_the_first_error_is_told() {
    let refusal = "HTTP/1.1 503 x\r\nContent-Length: 0\r\n\r\n";
    let tally = run(&options(serve(|stream| in_turn(stream, &[HELLO, refusal])))).tally;
    let codes = tally.status_codes;
    assert_eq!(codes.keys().copied().collect::<Vec<_>>(), [200, 503], "{codes:?}");
    assert_eq!((codes[&200], codes[&503]), (tally.requests, tally.errors.status));
    assert_eq!(tally.first_error.unwrap().1, "status 503");
}

#[test]
fn a_connection_that_ends_early_is_a_read_error_and_told_as_the_first() {
    let tally = run(&options(serve(|mut stream| {
        if read_request(&mut stream) {
            let _ = stream.write_all(&HELLO.as_bytes()[..HELLO.len() - 1]);
        }
    })))
    .tally;
    assert!(tally.errors.read > 0 && tally.requests == 0, "{tally:?}");
    let text = tally.first_error.unwrap().1;
    assert!(text.starts_with("the connection ended before the response was complete"), "{text}");
    assert!(tally.status_codes.is_empty());
}

#[test]
fn each_second_has_its_counts_and_each_connection_its_connect_time() {
    let tally = run(&options(serve(|stream| repeat(stream, HELLO)))).tally;
    let requests: u64 = tally.series.parts.iter().map(|second| second.requests).sum();
    assert_eq!((requests, tally.series.parts.len()), (tally.requests, 1));
    assert_eq!(tally.connect.len(), 5);
}

#[test]
fn the_first_byte_comes_before_the_last() {
    const PAUSE: Duration = Duration::from_millis(20);
    let mut options = options(serve(|mut stream| {
        let (head, body) = HELLO.split_at(HELLO.len() - 1);
        while read_request(&mut stream) && stream.write_all(head.as_bytes()).is_ok() {
            thread::sleep(PAUSE);
            if stream.write_all(body.as_bytes()).is_err() {
                return;
            }
        }
    }));
    options.connections = 1;
    // On a busy machine a client may come late to read, and find both pieces.
    let gaps = (0..20).map(|_| {
        let tally = run(&options).tally;
        assert_eq!(tally.first_byte.len(), tally.latency.len());
        Duration::from_nanos((tally.latency.mean() - tally.first_byte.mean()).max(0.0) as u64)
    });
    assert!({ gaps }.any(|gap| gap >= PAUSE / 2));
}
