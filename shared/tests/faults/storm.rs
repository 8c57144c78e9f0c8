//! Signals interrupt the serving thread a thousand times a second, in whatever call it sleeps: its
//! clients notice nothing.

use crate::accepting::get;
use crate::event_loop::Loop;
use crate::without_leaks;

use shared::server::blocking::{self, Server};
use shared::server::context::ServerContext;
use shared::sys::Listener;
use shared::sys::storm::{self, HANDLED};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

const CLIENTS: usize = 8;

/// Signals in each test.
const SIGNALS: u64 = 500;

/// Clients send requests until there were enough signals, to a `server` that goes on while its last argument says so.
fn under_signals(
    context: &ServerContext,
    mut server: impl FnMut(&ServerContext, &Listener, &dyn Fn() -> bool) + Send,
) {
    let any = "127.0.0.1:0".parse().unwrap();
    let listener = Listener::bind(any).unwrap();
    let address = listener.local_addr().unwrap();
    let (before, left) = (HANDLED.load(Relaxed), AtomicUsize::new(CLIENTS));
    let go_on = || left.load(Relaxed) > 0;
    thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| {
                let mut responses = 0;
                while HANDLED.load(Relaxed) < before + SIGNALS || responses == 0 {
                    assert!(get(address).ends_with("Hello, World!"));
                    responses += 1;
                    // So that the server sleeps too: a signal interrupts only a call that sleeps.
                    thread::sleep(Duration::from_millis(2));
                }
                left.fetch_sub(1, Relaxed);
            });
        }
        let (send, serving) = mpsc::channel();
        scope.spawn(move || {
            send.send(storm::handle().unwrap()).unwrap();
            server(context, &listener, &go_on);
        });
        let serving = serving.recv().unwrap();
        while go_on() {
            storm::interrupt(serving);
            thread::sleep(Duration::from_millis(1));
        }
        // Wakes a server that waits for another connection.
        let _ = std::net::TcpStream::connect(address);
    });
}

#[test]
fn a_blocking_thread_is_not_disturbed_by_signals() {
    without_leaks(|context| {
        under_signals(context, |context, listener, go_on| {
            let mut acceptor = blocking::Acceptor::new(listener, context);
            let mut server = Server::new(context, listener);
            while go_on() {
                server.serve(acceptor.next(|| {}).unwrap().unwrap()).unwrap();
            }
        });
    });
}

#[test]
fn an_event_loop_is_not_disturbed_by_signals() {
    without_leaks(|context| {
        under_signals(context, |context, listener, go_on| {
            let mut server = Loop::new(context, listener.try_clone().unwrap());
            while go_on() || !server.connections.is_empty() {
                server.tick(Instant::now(), Some(Duration::from_millis(100))).unwrap();
                server.connections.run_write_queue();
            }
        });
    });
}
