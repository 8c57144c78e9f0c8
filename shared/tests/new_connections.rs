//! An event loop takes in new connections as fast as its ticks grow long, and closes those of late clients together.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used)]

mod common;

use shared::app::demo;
use shared::http::Limits;
use shared::server::accept::ConnectionLimit;
use shared::server::clock::Clock;
use shared::server::context::ServerContext;
use shared::server::events::{Acceptor, ConnectionSet};
use shared::sys::{Epoll, Events, Listener};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::rc::Rc;
use std::time::{Duration, Instant};

const LISTENER: u64 = u64::MAX;

/// One of several loops, without what no test here needs.
struct Loop {
    epoll: Rc<Epoll>,
    acceptor: Acceptor,
    connections: ConnectionSet,
}

impl Loop {
    fn new(server: &ServerContext, now: Instant) -> (Self, SocketAddr) {
        let listener = Listener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = listener.local_addr().unwrap();
        let epoll = Rc::new(Epoll::new().unwrap());
        let acceptor = Acceptor::new(listener, &epoll, LISTENER, server).unwrap();
        let connections =
            ConnectionSet::new(Rc::clone(&epoll), server).with_clock(Clock::stopped(now));
        (Self { epoll, acceptor, connections }, address)
    }

    /// Serves what is ready, without waiting.
    fn tick(&mut self, now: Instant) {
        let mut events = Events::with_capacity(64);
        self.epoll.wait(&mut events, Some(Duration::ZERO)).unwrap();
        self.connections.begin_tick(now);
        for event in events.iter() {
            match event.token {
                LISTENER => {
                    self.acceptor.accept_batch(&mut self.connections, events.len(), now).unwrap()
                }
                _ => self.connections.on_event(event),
            }
        }
        self.connections.process_requests();
        self.connections.flush();
        self.acceptor.update(now);
    }
}

/// Two loops of one server, which share so many places; and where each listens.
fn two_loops(places: usize, now: Instant) -> [(Loop, SocketAddr); 2] {
    let server = common::server(demo::router(), Limits::default(), None);
    let connections = ConnectionLimit::new(places).unwrap();
    let server = ServerContext { connections, ..server };
    [(); 2].map(|()| Loop::new(&server, now))
}

/// Places are counted over all loops: a new client of one loop gets the place of a silent client of another, and as many
/// are closed as wait.
#[test]
fn a_new_connection_gets_the_place_of_a_silent_one_of_another_loop() {
    let mut now = Instant::now();
    let [(mut one, one_address), (mut other, other_address)] = two_loops(3, now);
    let mut silent: Vec<_> = (0..3).map(|_| TcpStream::connect(other_address).unwrap()).collect();
    while other.connections.len() < silent.len() {
        other.tick(now);
    }
    let _new: Vec<_> = (0..2).map(|_| TcpStream::connect(one_address).unwrap()).collect();
    for _ in 0..200 {
        now += Duration::from_millis(50);
        one.tick(now);
        other.tick(now);
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

/// A client that has asked keeps its place while another loop has one that never asked; and no longer.
#[test]
fn clients_that_never_asked_go_first_in_whichever_loop_they_are() {
    let mut now = Instant::now();
    let [(mut one, one_address), (mut other, other_address)] = two_loops(4, now);
    let connect = |address| {
        let client = TcpStream::connect(address).unwrap();
        client.set_nonblocking(true).unwrap();
        client
    };
    let mut never: Vec<_> = (0..2).map(|_| connect(other_address)).collect();
    while other.connections.len() < never.len() {
        other.tick(now);
    }
    let has_response = |client: &mut TcpStream| client.read(&mut [0; 4096]).is_ok_and(|n| n > 0);
    let has_end = |client: &mut TcpStream| client.read(&mut [0]).is_ok_and(|n| n == 0);
    let mut clients = Vec::new();
    let mut ask = |never: &mut Vec<TcpStream>, idle: &mut Vec<TcpStream>, now| {
        let mut new = connect(one_address);
        new.write_all(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
        while !has_response(&mut new) {
            one.tick(now);
            other.tick(now);
            never.retain_mut(|client| !has_end(client));
            idle.retain_mut(|client| !has_end(client));
        }
        new
    };
    let mut idle = Vec::new();
    (0..2).for_each(|_| clients.push(ask(&mut never, &mut idle, now)));
    idle.append(&mut clients);
    now += Duration::from_secs(2);
    for (never_left, idle_left) in [(1, 2), (0, 2), (0, 1), (0, 0)] {
        clients.push(ask(&mut never, &mut idle, now));
        assert_eq!((never.len(), idle.len()), (never_left, idle_left));
    }
}

/// Each client pipelines requests that take longer than a connection's turn, so each costs a tick as long as it goes on.
/// With 16 new ones in each tick the last would wait for eight of them.
#[test]
fn pipelines_that_go_on_keep_no_new_connection_waiting() {
    let server = common::server(demo::router(), Limits::default(), None);
    let listener = Listener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = listener.local_addr().unwrap();
    let pipeline = b"GET /work/2500 HTTP/1.1\r\nHost: h\r\n\r\n".repeat(100);
    let connect = |_| {
        let mut client = TcpStream::connect(address).unwrap();
        client.write_all(&pipeline).unwrap();
        client
    };
    let clients: Vec<_> = (0..128).map(connect).collect();
    let (epoll, mut events) = (Rc::new(Epoll::new().unwrap()), Events::with_capacity(1024));
    let mut acceptor = Acceptor::new(listener, &epoll, LISTENER, &server).unwrap();
    let mut connections = ConnectionSet::new(Rc::clone(&epoll), &server);
    let mut ticks = 0;
    while connections.len() < clients.len() {
        epoll.wait(&mut events, None).unwrap();
        let now = Instant::now();
        connections.begin_tick(now);
        for event in events.iter() {
            match event.token {
                LISTENER => acceptor.accept_batch(&mut connections, events.len(), now).unwrap(),
                _ => connections.on_event(event),
            }
        }
        connections.process_requests();
        connections.flush();
        connections.run_write_queue();
        ticks += 1;
    }
    assert!(ticks <= 5, "after {ticks} ticks");
}

/// What others have asked meanwhile comes before the next request of a pipeline that had its turn.
#[test]
fn a_pipeline_goes_on_behind_all_others() {
    let server = common::server(demo::router(), Limits::default(), None);
    let (mut one, address) = Loop::new(&server, Instant::now());
    one.connections = ConnectionSet::new(Rc::clone(&one.epoll), &server);
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
        one.tick(Instant::now());
    }
    let mut other = asking(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    while responses(&mut other) == 0 {
        one.tick(Instant::now());
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
        connections.begin_tick(at(number) + server.limits.head_timeout);
        connections.close_late();
        let now_closed = connections.stats().counters.timed_out.get();
        looks += u32::from(now_closed > closed);
        closed = now_closed;
    }
    assert_eq!(closed, CLIENTS.into());
    assert!(looks <= CLIENTS / 5, "{looks} looks");
}
