//! The small programs of `examples/`: each serves a client, and fails in the way that its first lines name.
//!
//! A failure is shown by a state (who is answered, threads, descriptors, what the thread sleeps in), never by a time.

#![allow(clippy::unwrap_used)] // clippy allows it in test functions, but not in what they call.

#[path = "common/program.rs"]
mod program;

use program::Program;
use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::thread::sleep;
use std::time::Duration;

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n";
/// The end of every response.
const BODY: &[u8] = b"Hello, World!";
/// Idle connections where many are needed: fewer than the 1,024 descriptors that a process usually may have.
const MANY: usize = 300;

/// Sends a request, in two pieces, and reads its response.
fn request(client: &mut TcpStream) {
    client.write_all(&REQUEST[..10]).unwrap();
    client.write_all(&REQUEST[10..]).unwrap();
    response(client);
}

fn response(client: &mut TcpStream) {
    let (mut text, mut byte) = (Vec::new(), [0]);
    while !text.ends_with(BODY) {
        client.read_exact(&mut byte).unwrap();
        text.push(byte[0]);
    }
    assert!(text.starts_with(b"HTTP/1.1 200 OK\r\n"));
}

/// Waits for a state that the program reaches by itself.
fn until(reached: impl Fn() -> bool) {
    while !reached() {
        sleep(Duration::from_millis(1));
    }
}

fn idle_clients(server: &Program) -> Vec<TcpStream> {
    (0..MANY).map(|_| server.connect()).collect()
}

/// The second client is answered when the first one leaves, and not before.
fn second_client_waits(name: &str) {
    let server = Program::start(name);
    request(&mut server.connect());
    let (silent, mut second) = (server.connect(), server.connect());
    second.write_all(REQUEST).unwrap();
    second.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    assert_eq!(second.read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
    drop(silent);
    second.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    response(&mut second);
}

#[test]
fn in_hello_std_the_second_client_waits() {
    second_client_waits("hello_std");
}

#[test]
fn in_hello_socket_the_second_client_waits() {
    second_client_waits("hello_socket");
}

#[test]
fn thread_each_has_a_thread_for_each_idle_client() {
    let server = Program::start("thread_each");
    let threads = || fs::read_dir(server.proc("task")).unwrap().count();
    until(|| threads() == 1);
    let idle = idle_clients(&server);
    until(|| threads() == 1 + MANY);
    let mut busy = server.connect();
    request(&mut busy);
    request(&mut busy);
    drop((idle, busy));
    until(|| threads() == 1);
}

/// An argument of the system call in which the program sleeps.
fn argument(server: &Program, number: usize) -> Option<usize> {
    let text = fs::read_to_string(server.proc("syscall")).unwrap();
    let hexadecimal = text.split_whitespace().nth(1 + number)?.strip_prefix("0x")?.to_owned();
    usize::from_str_radix(&hexadecimal, 16).ok()
}

#[test]
fn poll_loop_hands_all_connections_to_each_poll() {
    let server = Program::start("poll_loop");
    let mut busy = server.connect();
    request(&mut busy);
    // poll(fds, nfds, timeout): the listener and one client.
    until(|| argument(&server, 1) == Some(2));
    let idle = idle_clients(&server);
    request(&mut busy);
    until(|| argument(&server, 1) == Some(2 + MANY));
    drop(idle);
    until(|| argument(&server, 1) == Some(2));
    request(&mut busy);
}

#[test]
fn epoll_loop_hands_over_nothing_and_keeps_clients_that_stall() {
    let server = Program::start("epoll_loop");
    let descriptors = || fs::read_dir(server.proc("fd")).unwrap().count();
    let mut busy = server.connect();
    request(&mut busy);
    let alone = descriptors();
    let mut stalled = idle_clients(&server);
    for client in &mut stalled {
        client.write_all(&REQUEST[..10]).unwrap();
    }
    request(&mut busy);
    until(|| descriptors() == alone + MANY);
    // epoll_wait(epfd, events, maxevents, timeout): the same arguments as without them, and no time limit (-1).
    until(|| argument(&server, 2) == Some(1024));
    until(|| argument(&server, 3).map(|timeout| timeout as i32) == Some(-1));
    // A client that leaves is forgotten; one that stalls is not.
    drop(stalled.split_off(1));
    until(|| descriptors() == alone + 1);
    stalled[0].write_all(&REQUEST[10..]).unwrap();
    response(&mut stalled[0]);
}

#[test]
fn epoll_loop_loses_what_a_socket_does_not_take() {
    let server = Program::start("epoll_loop");
    let descriptors = || fs::read_dir(server.proc("fd")).unwrap().count();
    let (mut first, mut client) = (server.connect(), server.connect());
    request(&mut first);
    request(&mut client);
    let both = descriptors();
    let (requests, length) = (100_000, 52);
    let short = b"G\r\n\r\n".repeat(1000);
    for _ in 0..requests / 1000 {
        client.write_all(&short).unwrap();
    }
    // The server takes all of the requests while the client reads nothing: its kernel keeps a part of 5 MB.
    client.shutdown(Shutdown::Write).unwrap();
    until(|| descriptors() < both);
    let mut responses = Vec::new();
    client.read_to_end(&mut responses).unwrap();
    assert!(responses.starts_with(b"HTTP/1.1 200 OK\r\n"));
    assert!(responses.len() < requests * length, "all of {} bytes came", responses.len());
}
