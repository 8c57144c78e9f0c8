//! The checks of the book's exercises. Those that are ignored are unsolved as shipped.

#![allow(clippy::unwrap_used)] // clippy allows it in test functions, but not in what they call.

use bench::evidence::tree::Snapshot;
use bench::resilience::process_usage;
use bench::targets::server::Server;
use shared::sys::signal::{self, Signal};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

fn start() -> Server {
    let args = ["--listen", "127.0.0.1:0"];
    Server::start(Path::new(env!("CARGO_BIN_EXE_stage3-epoll")), &args).unwrap()
}

fn ask(server: &Server, path: &str) -> BufReader<TcpStream> {
    send(server, &format!("GET {path} HTTP/1.1\r\nHost: h\r\n\r\n"))
}

fn send(server: &Server, request: &str) -> BufReader<TcpStream> {
    let mut client = TcpStream::connect(server.address()).unwrap();
    client.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    client.write_all(request.as_bytes()).unwrap();
    BufReader::new(client)
}

fn status(client: &mut BufReader<TcpStream>) -> String {
    let mut line = String::new();
    client.read_line(&mut line).unwrap();
    line.trim_end().to_owned()
}

/// Exercise 10.1. All answers together are larger than every buffer between the two, and each is written without
/// asking whether there is room, so one of them must fall short.
#[test]
fn a_slow_reader_gets_all_of_its_answers() {
    const ANSWERS: usize = 1000;
    const LINES: usize = 5000;
    let server = start();
    let mut client = ask(&server, &format!("/count/{LINES}"));
    let request = format!("GET /count/{LINES} HTTP/1.1\r\nHost: h\r\n\r\n");
    client.get_mut().write_all(request.repeat(ANSWERS - 1).as_bytes()).unwrap();
    // Until it can write no more.
    process_usage::at_rest(server.pid()).unwrap();
    let mut line = String::new();
    for answer in 0..ANSWERS {
        assert_eq!(status(&mut client), "HTTP/1.1 200 OK", "answer {answer}");
        let mut expected = 1;
        while expected <= LINES {
            line.clear();
            assert!(client.read_line(&mut line).unwrap() > 0, "it ended before line {expected}");
            // Lines that end in CRLF are the head's and the framing of the chunks.
            if !line.ends_with("\r\n") {
                assert_eq!(line.trim_end().parse(), Ok(expected), "answer {answer}");
                expected += 1;
            }
        }
        // The last chunk, and the empty line behind it.
        while line != "0\r\n" {
            line.clear();
            client.read_line(&mut line).unwrap();
        }
        client.read_line(&mut line).unwrap();
    }
}

/// Exercise 11.1. The answer to the second request must not wait for that to the first.
#[test]
#[ignore = "exercise 11.1, unsolved as shipped"]
fn a_sleeping_handler_stops_nobody() {
    let server = start();
    let mut sleeping = ask(&server, "/sleep/2000");
    process_usage::at_rest(server.pid()).unwrap();
    assert_eq!(status(&mut ask(&server, "/")), "HTTP/1.1 200 OK");
    sleeping.get_ref().set_nonblocking(true).unwrap();
    assert!(sleeping.fill_buf().is_err(), "the sleep was over before the other answer came");
    sleeping.get_ref().set_nonblocking(false).unwrap();
    assert_eq!(status(&mut sleeping), "HTTP/1.1 200 OK");
    let threads = std::fs::read_dir(format!("/proc/{}/task", server.pid())).unwrap().count();
    assert_eq!(threads, 2, "the loop, and the thread that waits for signals");
}

/// Exercise 11.2. While it waits for a client's last request, the server has nothing to do.
#[test]
fn a_draining_server_does_not_spin() {
    let server = start();
    let mut client =
        send(&server, "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhel");
    process_usage::at_rest(server.pid()).unwrap();
    let before = Snapshot::of(server.pid()).unwrap();
    signal::send(server.pid(), Signal::Terminate).unwrap();
    sleep(Duration::from_millis(1500));
    let used = Snapshot::of(server.pid()).unwrap().use_since(&before);
    // On a busy machine a thread that spins waits for a core as much as it has one.
    let awake = Duration::from_secs_f64(used.cpu + used.run_wait);
    assert!(
        awake < Duration::from_millis(500),
        "{awake:?} of CPU for nothing, or of waiting for it"
    );
    client.get_mut().write_all(b"lo").unwrap();
    assert_eq!(status(&mut client), "HTTP/1.1 200 OK");
}
