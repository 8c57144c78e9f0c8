//! An event loop takes in new connections as fast as its ticks grow long.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used)]

mod common;

use shared::app::demo;
use shared::http::Limits;
use shared::server::events::{Acceptor, ConnectionSet};
use shared::sys::{Epoll, Events, Listener};
use std::io::Write;
use std::net::TcpStream;
use std::rc::Rc;
use std::time::Instant;

/// Each client pipelines requests that take longer than a connection's turn, so each costs a tick as long as it goes on.
/// With 16 new ones in each tick the last would wait for eight of them.
#[test]
fn pipelines_that_go_on_keep_no_new_connection_waiting() {
    const LISTENER: u64 = u64::MAX;
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
                LISTENER => {
                    acceptor.accept_batch(&mut connections, events.len(), now);
                }
                _ => connections.on_event(event),
            }
        }
        connections.process_requests();
        connections.flush();
        ticks += 1;
    }
    assert!(ticks <= 5, "after {ticks} ticks");
}
