//! accept(2) fails in every way it can: no connection that waits is lost, and the acceptor resumes.

use crate::event_loop::Loop;
use crate::schedule::{self, Schedule};
use crate::{seeds, without_leaks};
use shared::server::accept;
use shared::server::blocking::{self, Server};
use shared::server::clock::Clock;
use shared::server::context::ServerContext;
use shared::sys::Listener;
use shared::sys::faults::{self, Call};
use std::cell::Cell;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::rc::Rc;
use std::thread;
use std::time::{Duration, Instant};

fn serve(context: &ServerContext, listener: Listener, seed: u64, count: usize) {
    let mut server = Loop::new(context, listener);
    server.connections = server.connections.with_clock(Clock::stopped(Instant::now()));
    let (mut now, mut accepted, mut rounds) = (Instant::now(), 0, 0);
    Schedule { seed, most: 20, harmless: 2, fatal: 0 }.begin();
    while accepted < count || !server.connections.is_empty() {
        rounds += 1;
        assert!(rounds < 1_000_000, "schedule {seed}: {accepted} of {count} were accepted");
        // Fast enough for an acceptor that pauses for a while, slow enough for no client to be late.
        now += Duration::from_millis(1);
        accepted += server.tick(now, Some(Duration::from_micros(100))).unwrap();
        server.connections.run_write_queue();
    }
    assert!(schedule::end().harmless > 0);
}

pub(crate) fn get(address: SocketAddr) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n").unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    response
}

#[test]
fn every_connection_that_waits_is_accepted() {
    const CLIENTS: usize = 4;
    without_leaks(|context| {
        let any = "127.0.0.1:0".parse().unwrap();
        for seed in seeds().step_by(10) {
            let listener = Listener::bind(any).unwrap();
            let address = listener.local_addr().unwrap();
            thread::scope(|scope| {
                let clients: Vec<_> =
                    (0..CLIENTS).map(|_| scope.spawn(move || get(address))).collect();
                serve(context, listener, seed, CLIENTS);
                for client in clients {
                    assert!(client.join().unwrap().ends_with("Hello, World!"), "schedule {seed}");
                }
            });
        }
    });
}

#[test]
fn a_blocking_thread_accepts_every_connection_and_counts_why_they_waited() {
    const CLIENTS: usize = 4;
    without_leaks(|context| {
        let any = "127.0.0.1:0".parse().unwrap();
        let counters = context.telemetry.metrics().register();
        for seed in 0..10 {
            let listener = Listener::bind(any).unwrap();
            let address = listener.local_addr().unwrap();
            let mut server = Server::new(context, &listener);
            let mut acceptor = blocking::Acceptor::new(&listener, context);
            thread::scope(|scope| {
                let clients: Vec<_> =
                    (0..CLIENTS).map(|_| scope.spawn(move || get(address))).collect();
                Schedule { seed, most: 20, harmless: 2, fatal: 0 }.begin();
                for _ in 0..CLIENTS {
                    server.serve(acceptor.next_in_line().unwrap().unwrap()).unwrap();
                }
                schedule::end();
                for client in clients {
                    assert!(client.join().unwrap().ends_with("Hello, World!"), "schedule {seed}");
                }
            });
        }
        assert!(counters.exhausted.get() > 0, "accept(2) has run out of descriptors and of memory");
    });
}

/// There are places for more connections, and no descriptors.
#[test]
fn where_descriptors_run_out_a_silent_client_is_closed() {
    without_leaks(|context| {
        let (listener, mut now) =
            (Listener::bind("127.0.0.1:0".parse().unwrap()).unwrap(), Instant::now());
        let address = listener.local_addr().unwrap();
        let mut server = Loop::new(context, listener);
        let connect = || {
            let client = TcpStream::connect(address).unwrap();
            client.set_nonblocking(true).unwrap();
            client
        };
        let mut silent = connect();
        while server.connections.is_empty() {
            server.tick(now, None).unwrap();
        }
        let no_descriptor = |call| match call {
            Call::Accept => Err(libc::EMFILE),
            Call::Move => Ok(usize::MAX),
        };
        faults::set_hook(Some(Box::new(no_descriptor)));
        let _new = connect();
        let mut rounds = 0;
        while silent.read(&mut [0]).is_err() {
            rounds += 1;
            assert!(rounds < 1000, "it keeps its descriptor");
            now += accept::PAUSE;
            server.tick(now, Some(Duration::from_millis(1))).unwrap();
        }
        drop(silent);
        while !server.connections.is_empty() {
            server.tick(now, Some(accept::PAUSE)).unwrap();
        }
        faults::set_hook(None);
    });
}

#[test]
fn an_error_that_lasts_is_not_tried_again_at_once() {
    without_leaks(|context| {
        let listen = || Listener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let (listener, tries) = (listen(), Rc::new(Cell::new(0)));
        let address = listener.local_addr().unwrap();
        // It lasts for three calls.
        let fail = |tries: Rc<Cell<u32>>| {
            faults::set_hook(Some(Box::new(move |_| {
                tries.set(tries.get() + 1);
                if tries.get() <= 3 { Err(libc::EPERM) } else { Ok(usize::MAX) }
            })));
        };
        let (_waits, begun) = (TcpStream::connect(address).unwrap(), Instant::now());
        fail(Rc::clone(&tries));
        let accepted = blocking::Acceptor::new(&listener, context).next(|| {}).unwrap();
        assert!(accepted.is_some() && tries.get() == 4);
        assert!(begun.elapsed() >= 3 * accept::PAUSE, "a pause after each failure");

        let (now, listener) = (Instant::now(), listen());
        let _waits = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let Loop { mut acceptor, mut connections, .. } = Loop::new(context, listener);
        tries.set(0);
        fail(Rc::clone(&tries));
        acceptor.accept_batch(&mut connections, 1, now).unwrap();
        faults::set_hook(None);
        assert_eq!((tries.get(), acceptor.next_change()), (1, Some(now + accept::PAUSE)));
    });
}
