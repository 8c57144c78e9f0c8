//! The checks of the book's exercises.

#![allow(clippy::unwrap_used)] // clippy allows it in test functions, but not in what they call.

use bench::targets::server::Server;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

fn start(args: &[&str]) -> Server {
    Server::start(Path::new(env!("CARGO_BIN_EXE_stage1-blocking")), args).unwrap()
}

fn ask(server: &Server, request: &str) -> TcpStream {
    let mut client = TcpStream::connect(server.address()).unwrap();
    client.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    client.write_all(request.as_bytes()).unwrap();
    client
}

const GET: &str = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";

/// Exercise 1.1. The server closes first, so its side of the connection stays in TIME_WAIT.
#[test]
fn a_server_takes_its_port_back_at_once() {
    let server = start(&["--listen", "127.0.0.1:0"]);
    let mut answer = String::new();
    ask(&server, GET).read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"));
    let address = server.address().to_string();
    assert_eq!(server.terminate().unwrap().code(), Some(0));
    assert_eq!(start(&["--listen", &address]).address().to_string(), address);
}

/// Exercise 6.1. The client sends more than the server wants, and reads only then.
#[test]
fn a_refusal_can_be_read_to_its_end() {
    let server = start(&["--listen", "127.0.0.1:0"]);
    let mut client =
        ask(&server, "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999\r\n\r\n");
    for _ in 0..20 {
        client.write_all(&[b'x'; 1000]).unwrap();
        std::thread::sleep(Duration::from_millis(5));
    }
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
}

/// Exercise 6.2. The first client leaves in the middle of its answer; the second has asked for something else.
#[test]
fn nobody_gets_a_strangers_answer() {
    let server = start(&["--listen", "127.0.0.1:0"]);
    let leaving = ask(&server, "GET /count/3000000 HTTP/1.1\r\nHost: h\r\n\r\n");
    std::thread::sleep(Duration::from_millis(200));
    // Closing with unread input resets the connection.
    drop(leaving);
    let mut answer = String::new();
    ask(&server, GET).read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("Hello, World!"));
}
