//! The checks of the book's exercises. Those that are ignored are unsolved as shipped.

#![allow(clippy::unwrap_used)] // clippy allows it in test functions, but not in what they call.

use bench::targets::server::Server;
use shared::sys::signal::{self, Signal};
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

fn start() -> Server {
    let args = ["--listen", "127.0.0.1:0", "--threads", "2"];
    Server::start(Path::new(env!("CARGO_BIN_EXE_stage4-epoll-threads")), &args).unwrap()
}

fn ask(server: &Server, path: &str) -> BufReader<TcpStream> {
    let mut client = TcpStream::connect(server.address()).unwrap();
    client.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    client.write_all(request.as_bytes()).unwrap();
    BufReader::new(client)
}

/// Exercise 12.1. The answer is made by another thread, and has to reach the loop that has the socket.
#[test]
fn a_blocking_handlers_answer_comes_back() {
    let server = start();
    for _ in 0..5 {
        let mut line = String::new();
        ask(&server, "/sleep/10").read_line(&mut line).unwrap();
        assert_eq!(line, "HTTP/1.1 200 OK\r\n");
    }
}

/// Exercise 12.2. Each loop may run on one core, and on the one that has its number.
#[test]
#[ignore = "exercise 12.2, unsolved as shipped"]
fn each_loop_stays_on_its_core() {
    let server = start();
    // Once each loop has answered, each has chosen its core.
    for _ in 0..20 {
        ask(&server, "/").read_to_end(&mut Vec::new()).unwrap();
    }
    let cores = std::thread::available_parallelism().unwrap().get();
    let mut loops = 0;
    for task in fs::read_dir(format!("/proc/{}/task", server.pid())).unwrap() {
        let status = fs::read_to_string(task.unwrap().path().join("status")).unwrap();
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            line.unwrap_or_default().trim().to_owned()
        };
        if let Some(number) = field("Name:").strip_prefix("loop-") {
            let core = number.parse::<usize>().unwrap() % cores;
            assert_eq!(field("Cpus_allowed_list:"), core.to_string(), "loop {number}");
            loops += 1;
        }
    }
    assert_eq!(loops, 2);
}

/// Exercise 15.1. Between the signal and the end, a load balancer must be told to look elsewhere. It asks on
/// a connection that it has already.
#[test]
fn a_draining_server_says_so() {
    let server = start();
    let mut balancer = TcpStream::connect(server.address()).unwrap();
    balancer.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let mut health = || {
        balancer.write_all(b"GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
        let (mut answer, mut byte) = (String::new(), [0]);
        let is_whole = |answer: &str| answer.ends_with("\r\n\r\nok\n") || answer.ends_with("ing\n");
        while !is_whole(&answer) && balancer.read_exact(&mut byte).is_ok() {
            answer.push(char::from(byte[0]));
        }
        answer
    };
    assert!(health().starts_with("HTTP/1.1 200 "));
    signal::send(server.pid(), Signal::Terminate).unwrap();
    // For as long as the signal is on its way it goes on as before.
    let answer = loop {
        let answer = health();
        if !answer.ends_with("\r\n\r\nok\n") || answer.contains("Connection: close") {
            break answer;
        }
    };
    assert!(
        answer.starts_with("HTTP/1.1 503 ") && answer.ends_with("\r\n\r\ndraining\n"),
        "{answer}"
    );
}
