//! A request whose client has reset the connection meanwhile is not served: its handler would hold a thread for no one.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used)]

mod common;

use shared::app::router::Router;
use shared::http::{Limits, Response};
use shared::server::blocking::Server;
use shared::server::context::ServerContext;
use shared::server::events::ConnectionSet;
use shared::sys::poll::{self, Wait};
use shared::sys::{Epoll, Events, Listener, Socket};
use std::io::Write;
use std::net::TcpStream;
use std::os::fd::AsFd;
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering};

static SERVED: AtomicU32 = AtomicU32::new(0);

fn server() -> (ServerContext, Listener) {
    let router = Router::new().get("/", |_| {
        SERVED.fetch_add(1, Ordering::Relaxed);
        Response::text("for no one")
    });
    let listener = Listener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    (common::server(router, Limits::default(), None), listener)
}

/// A connection on which a request has come, and then a reset.
fn reset_after_a_request(listener: &Listener) -> Socket {
    let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let socket = listener.accept().unwrap();
    // A client that closes before it has read everything sends a reset.
    socket.write(b"unread").unwrap();
    client.peek(&mut [0]).unwrap();
    client.write_all(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
    drop(client);
    poll::wait(&mut [Wait::failure(socket.as_fd())], None).unwrap();
    socket
}

#[test]
fn a_thread_serves_no_client_that_has_left() {
    let (context, listener) = server();
    let socket = reset_after_a_request(&listener);
    assert!(Server::new(&context, &listener).serve(socket).is_err());
    assert_eq!(SERVED.load(Ordering::Relaxed), 0);
}

#[test]
fn an_event_loop_serves_no_client_that_has_left() {
    let (context, listener) = server();
    let (epoll, mut events) = (Rc::new(Epoll::new().unwrap()), Events::with_capacity(16));
    let mut connections = ConnectionSet::new(Rc::clone(&epoll), &context);
    assert!(context.connections.acquire());
    connections.insert(reset_after_a_request(&listener));
    while !connections.is_empty() {
        epoll.wait(&mut events, None).unwrap();
        events.iter().for_each(|event| connections.on_event(event));
        connections.process_requests();
        connections.flush();
    }
    assert_eq!(SERVED.load(Ordering::Relaxed), 0);
}
