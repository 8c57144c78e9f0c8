//! What the servers rely on in the kernel: addresses, accept queues and level-triggered events.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used)] // clippy allows it in test functions, but not in what they call.

use clap::Parser;
use shared::server::config::Args;
use shared::server::start;
use shared::sys::{Epoll, EventFd, Events, Interest, Listener};
use std::io::{ErrorKind, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Barrier;
use std::thread;
use std::time::Duration;

#[test]
fn of_servers_that_start_at_once_on_one_port_one_listens() {
    const SERVERS: usize = 4;
    for number in 0..200 {
        let any = ["127.0.0.1:0", "[::1]:0"][number % 2];
        let free = Listener::bind(any.parse().unwrap()).and_then(|listener| listener.local_addr());
        let Ok(free) = free else {
            assert_eq!(any, "[::1]:0", "a machine may have no IPv6, and always has IPv4");
            continue;
        };
        let start = || start::listen_times(&args(free, &[]), 2);
        let barrier = &Barrier::new(SERVERS);
        let started: Vec<_> = thread::scope(|scope| {
            let servers: Vec<_> = (0..SERVERS)
                .map(|_| {
                    scope.spawn(move || {
                        barrier.wait();
                        start()
                    })
                })
                .collect();
            servers.into_iter().map(|server| server.join().unwrap()).collect()
        });
        assert_eq!(started.iter().filter(|server| server.is_ok()).count(), 1, "{started:?}");
        assert!(start().is_err(), "it listens");
        start::listen(&args(free, &["--replace"])).expect("another may take over");
    }
}

fn args(address: SocketAddr, more: &[&str]) -> Args {
    let address = address.to_string();
    Args::parse_from(["stage", "--listen", &address].iter().chain(more))
}

#[test]
fn with_drop_syns_the_connections_in_the_queue_stay_and_none_joins_them() {
    for host in ["127.0.0.1:0", "[::1]:0", "[::ffff:127.0.0.1]:0"] {
        // A machine may be without IPv6.
        let Ok(listener) = Listener::bind(host.parse().unwrap()) else { continue };
        let address = listener.local_addr().unwrap();
        let mut early = TcpStream::connect(address).unwrap();
        listener.drop_syns().unwrap();
        assert!(TcpStream::connect_timeout(&address, Duration::from_millis(100)).is_err());
        let accepted = listener.accept().unwrap();
        assert_eq!(listener.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
        drop(listener);
        early.write_all(b"ping").unwrap();
        let mut bytes = [0; 4];
        while accepted.read(&mut bytes).is_err() {}
        assert_eq!(&bytes, b"ping");
    }
}

#[test]
fn with_defer_accept_the_first_to_be_accepted_is_the_one_that_sent_something() {
    let listener = Listener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    listener.defer_accept(Duration::from_secs(60)).unwrap();
    let address = listener.local_addr().unwrap();
    let _silent = TcpStream::connect(address).unwrap();
    TcpStream::connect(address).unwrap().write_all(b"ping").unwrap();
    let accepted = loop {
        match listener.accept() {
            Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
            Ok(socket) => break socket,
        }
    };
    let mut bytes = [0; 4];
    assert_eq!(accepted.read(&mut bytes).unwrap(), 4, "it can be read at once");
    assert_eq!(listener.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
}

#[test]
fn level_triggered_events_come_again_until_they_are_handled() {
    let (epoll, fd) = (Epoll::new().unwrap(), EventFd::new().unwrap());
    let mut events = Events::with_capacity(4);
    epoll.add(&fd, Interest::READ, 42).unwrap();
    let mut wait = |timeout| {
        epoll.wait(&mut events, timeout).unwrap();
        events.iter().map(|event| (event.token, event.is_readable())).collect::<Vec<_>>()
    };
    assert_eq!(wait(Some(Duration::ZERO)), []);
    fd.notify();
    assert_eq!(wait(None), [(42, true)]);
    assert_eq!(wait(None), [(42, true)]);
    assert!(fd.clear());
    assert_eq!(wait(Some(Duration::ZERO)), []);
}
