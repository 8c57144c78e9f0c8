//! A listener that is broken is always ready, and gives no connection: no acceptor tries it for ever.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used)]

mod common;
#[path = "common/event_loop.rs"]
mod event_loop;

use event_loop::Loop;
use shared::app::demo;
use shared::http::Limits;
use shared::server::accept::ConnectionLimit;
use shared::server::blocking;
use shared::server::context::ServerContext;
use shared::sys::Listener;
use std::net::{Shutdown, TcpStream};
use std::os::fd::AsFd;
use std::time::Instant;

const MESSAGE: &str = "the listener is broken: Invalid argument (os error 22)";

/// As after `ss -K`: it is closed for the network, and its descriptor is open.
fn broken_listener() -> Listener {
    let listener = Listener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let same = TcpStream::from(listener.as_fd().try_clone_to_owned().unwrap());
    same.shutdown(Shutdown::Both).unwrap();
    listener
}

fn server() -> ServerContext {
    let server = common::server(demo::router(), Limits::default(), None);
    ServerContext { connections: ConnectionLimit::new(1).unwrap(), ..server }
}

#[test]
fn a_blocking_acceptor_ends() {
    let (server, listener) = (server(), broken_listener());
    let mut acceptor = blocking::Acceptor::new(&listener, &server);
    let error = acceptor.next_in_line().unwrap_err();
    assert_eq!(format!("{error:#}"), MESSAGE);
}

#[test]
fn an_event_loop_ends() {
    let server = server();
    let mut event_loop = Loop::new(&server, broken_listener());
    let error = event_loop.tick(Instant::now(), None).unwrap_err();
    assert_eq!(format!("{error:#}"), MESSAGE);
    assert!(event_loop.connections.is_empty());
    assert!(server.connections.is_free(), "the place was given back");
}
