//! An event loop takes in new connections as fast as its ticks grow long, and closes those of late clients together.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used)]

mod common;
#[path = "common/event_loop.rs"]
mod event_loop;

use event_loop::Loop;
use shared::app::demo;
use shared::http::Limits;
use shared::server::accept::ConnectionLimit;
use shared::server::clock::Clock;
use shared::server::context::ServerContext;
use shared::server::events::ConnectionSet;
use shared::sys::{Epoll, Listener};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::rc::Rc;
use std::time::{Duration, Instant};

/// Serves what is ready, without waiting.
fn tick(one: &mut Loop, now: Instant) {
    one.tick(now, Some(Duration::ZERO)).unwrap();
}

fn listen() -> (Listener, SocketAddr) {
    let listener = Listener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// Two loops of one server, which share so many places; and where each listens.
fn two_loops(places: usize, now: Instant) -> [(Loop, SocketAddr); 2] {
    let server = common::server(demo::router(), Limits::default(), None);
    let connections = ConnectionLimit::new(places).unwrap();
    let server = ServerContext { connections, ..server };
    [(); 2].map(|()| {
        let (listener, address) = listen();
        let mut one = Loop::new(&server, listener);
        one.connections = one.connections.with_clock(Clock::stopped(now));
        (one, address)
    })
}

/// Places are counted over all loops: a new client of one loop gets the place of a silent client of another, and as many
/// are closed as wait.
#[test]
fn a_new_connection_gets_the_place_of_a_silent_one_of_another_loop() {
    let mut now = Instant::now();
    let [(mut one, one_address), (mut other, other_address)] = two_loops(3, now);
    let mut silent: Vec<_> = (0..3).map(|_| TcpStream::connect(other_address).unwrap()).collect();
    while other.connections.len() < silent.len() {
        tick(&mut other, now);
    }
    let _new: Vec<_> = (0..2).map(|_| TcpStream::connect(one_address).unwrap()).collect();
    for _ in 0..200 {
        now += Duration::from_millis(50);
        tick(&mut one, now);
        tick(&mut other, now);
        let has_read_the_end = |client: &mut TcpStream| {
            client.set_nonblocking(true).unwrap();
            client.read(&mut [0]).is_ok()
        };
        silent.retain_mut(|client| !has_read_the_end(client));
        if one.connections.len() == 2 {
            break;
        }
        // The kernel takes a moment to carry the end to a client, and a connection to a queue.
        std::thread::sleep(Duration::from_millis(1));
    }
    assert_eq!((one.connections.len(), silent.len()), (2, 1));
}

/// A client that has asked keeps its place while another loop has one that never asked, and no longer; wherever the new
/// clients come.
#[test]
fn clients_that_never_asked_go_first_in_whichever_loop_they_are() {
    for new_at in [[0; 4], [1; 4], [0, 1, 0, 1], [1, 1, 0, 0]] {
        never_asked_go_first(new_at);
    }
}

/// The first loop has two clients that asked, the second two that never did; of four new ones each goes to the loop of this
/// number.
fn never_asked_go_first(new_at: [usize; 4]) {
    let mut now = Instant::now();
    let [(mut one, one_address), (mut other, other_address)] = two_loops(4, now);
    let connect = |address| {
        let client = TcpStream::connect(address).unwrap();
        client.set_nonblocking(true).unwrap();
        client
    };
    let mut never: Vec<_> = (0..2).map(|_| connect(other_address)).collect();
    while other.connections.len() < never.len() {
        tick(&mut other, now);
    }
    let has_response = |client: &mut TcpStream| client.read(&mut [0; 4096]).is_ok_and(|n| n > 0);
    let has_end = |client: &mut TcpStream| client.read(&mut [0]).is_ok_and(|n| n == 0);
    let mut clients = Vec::new();
    let mut ask = |at, never: &mut Vec<TcpStream>, idle: &mut Vec<TcpStream>, now| {
        let mut new = connect([one_address, other_address][at]);
        new.write_all(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
        while !has_response(&mut new) {
            tick(&mut one, now);
            tick(&mut other, now);
            never.retain_mut(|client| !has_end(client));
            idle.retain_mut(|client| !has_end(client));
        }
        new
    };
    let mut idle = Vec::new();
    (0..2).for_each(|_| clients.push(ask(0, &mut never, &mut idle, now)));
    idle.append(&mut clients);
    now += Duration::from_secs(2);
    for (at, left) in new_at.into_iter().zip([(1, 2), (0, 2), (0, 1), (0, 0)]) {
        clients.push(ask(at, &mut never, &mut idle, now));
        assert_eq!((never.len(), idle.len()), left, "new clients come to {new_at:?}");
    }
}

/// Each client pipelines requests that take longer than a connection's turn, so each costs a tick as long as it goes on.
/// With 16 new ones in each tick the last would wait for eight of them.
#[test]
fn pipelines_that_go_on_keep_no_new_connection_waiting() {
    let server = common::server(demo::router(), Limits::default(), None);
    let (listener, address) = listen();
    let pipeline = b"GET /work/2500 HTTP/1.1\r\nHost: h\r\n\r\n".repeat(100);
    let connect = |_| {
        let mut client = TcpStream::connect(address).unwrap();
        client.write_all(&pipeline).unwrap();
        client
    };
    let clients: Vec<_> = (0..128).map(connect).collect();
    let mut one = Loop::new(&server, listener);
    let mut ticks = 0;
    while one.connections.len() < clients.len() {
        one.tick(Instant::now(), None).unwrap();
        one.connections.run_write_queue();
        ticks += 1;
    }
    assert!(ticks <= 5, "after {ticks} ticks");
}

/// What others have asked meanwhile comes before the next request of a pipeline that had its turn.
#[test]
fn a_pipeline_goes_on_behind_all_others() {
    let server = common::server(demo::router(), Limits::default(), None);
    let (listener, address) = listen();
    let mut one = Loop::new(&server, listener);
    let asking = |requests: &[u8]| {
        let mut client = TcpStream::connect(address).unwrap();
        client.write_all(requests).unwrap();
        client.set_nonblocking(true).unwrap();
        client
    };
    let responses = |client: &mut TcpStream| {
        let (mut bytes, status) = ([0; 4096], b"HTTP/1.1 200");
        let length = client.read(&mut bytes).unwrap_or(0);
        bytes[..length].windows(status.len()).filter(|at| at == status).count()
    };
    let mut pipeline = asking(&b"GET /work/2500 HTTP/1.1\r\nHost: h\r\n\r\n".repeat(9));
    while responses(&mut pipeline) == 0 {
        tick(&mut one, Instant::now());
    }
    let mut other = asking(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    while responses(&mut other) == 0 {
        tick(&mut one, Instant::now());
    }
    assert_eq!(responses(&mut pipeline), 0, "the other one waited for it");
    one.connections.run_write_queue();
    while responses(&mut pipeline) == 0 {}
}

/// For each look at late clients the loop looks at all: where each microsecond another is late, it would do nothing else.
#[test]
fn clients_that_are_late_one_after_the_other_are_looked_for_together() {
    const CLIENTS: u32 = 200;
    let server = common::server(demo::router(), Limits::default(), None);
    let (epoll, start) = (Rc::new(Epoll::new().unwrap()), Instant::now());
    let listener = Listener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let at = |number| start + Duration::from_micros(1) * number;
    let mut connections = ConnectionSet::new(epoll, &server).with_clock(Clock::stopped(start));
    let connect = |number| {
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        connections.begin_tick(at(number));
        assert!(server.connections.acquire());
        connections.insert(listener.accept().unwrap());
        client
    };
    let _clients: Vec<_> = (0..CLIENTS).map(connect).collect();
    let (mut closed, mut looks) = (0, 0);
    for number in 0..CLIENTS + 100 {
        connections.begin_tick(at(number) + server.args.limits.head_timeout);
        connections.close_late();
        let now_closed = connections.stats().counters.timed_out.get();
        looks += u32::from(now_closed > closed);
        closed = now_closed;
    }
    assert_eq!(closed, CLIENTS.into());
    assert!(looks <= CLIENTS / 5, "{looks} looks");
}
