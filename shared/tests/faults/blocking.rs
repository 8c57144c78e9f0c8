//! The blocking stages' server: its thread has the faults, the client in another has none.

use crate::schedule::{self, Injected, Schedule};
use crate::script::{SCRIPTS, check, script};
use crate::{common, plan, seeds, without_leaks};
use shared::app::router::Router;
use shared::http::{Limits, Response, Stream};
use shared::server::blocking::Server;
use shared::server::config::Args;
use shared::server::context::ServerContext;
use shared::sys::Listener;
use std::io::{Read, Write};
use std::iter;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

fn run(
    server: &mut Server<'_, Listener>,
    number: u64,
    plan: Option<Schedule>,
) -> (Vec<u8>, Injected) {
    let (client, served) = UnixStream::pair().unwrap();
    served.set_nonblocking(true).unwrap();
    client.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    thread::scope(|scope| {
        let received = scope.spawn(move || exchange(client, &script(number)));
        if let Some(plan) = plan {
            plan.begin();
        }
        let result = server.serve(served.into());
        let injected = schedule::end();
        assert!(result.is_ok() || injected.fatal > 0, "{plan:?}: {result:?}");
        (received.join().unwrap(), injected)
    })
}

fn exchange(mut client: UnixStream, script: &[u8]) -> Vec<u8> {
    let mut received = Vec::new();
    // Of a connection that was lost, neither has to succeed.
    let _ = client.write_all(script);
    let _ = client.read_to_end(&mut received);
    received
}

#[test]
fn faults_change_no_response_of_a_blocking_thread() {
    without_leaks(|context| {
        let any = "127.0.0.1:0".parse().unwrap();
        let others = Listener::bind(any).unwrap();
        let mut server = Server::new(context, &others);
        let mut total = Injected::default();
        for seed in seeds() {
            let number = seed * 7919 % SCRIPTS;
            let (expected, _) = run(&mut server, number, None);
            let (came, injected) = run(&mut server, number, Some(plan(seed)));
            check(seed, &came, &expected, injected.fatal > 0);
            total.harmless += injected.harmless;
            total.fatal += injected.fatal;
        }
        assert!(seeds().count() == 1 || total.harmless > 0 && total.fatal > 0);
        println!("{} schedules: {total:?}", seeds().count());
    });
}

/// Fills what the kernel keeps for a peer that reads nothing, and says how much that is.
fn fill(mut socket: &UnixStream) -> usize {
    iter::from_fn(|| socket.write(&[0; 1 << 10]).ok()).sum()
}

/// Asks, reads late, first what is there already, and asks again soon. Tells whether there was another response; `None`
/// if it was itself too late.
fn reads_late_and_asks_again(
    mut client: UnixStream,
    before: usize,
    idle: Duration,
) -> Option<bool> {
    const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n";
    client.write_all(REQUEST).unwrap();
    thread::sleep(idle * 3 / 2);
    client.read_exact(&mut vec![0; before]).unwrap();
    let mut response = [0; 1 << 10];
    assert!(client.read(&mut response).unwrap() > 0);
    let read = Instant::now();
    // Long enough for a server that takes it for late.
    thread::sleep(idle / 10);
    let answered = client.write_all(REQUEST).is_ok()
        && client.read(&mut response).is_ok_and(|count| count > 0);
    (answered || read.elapsed() < idle / 2).then_some(answered)
}

#[test]
fn the_time_that_writing_took_is_not_the_client_s_silence() {
    without_leaks(|context| {
        let idle = Duration::from_secs(1);
        let limits = Limits { idle_timeout: idle, ..Limits::default() };
        let args = Arc::new(Args { limits, ..Args::clone(&context.args) });
        let context = ServerContext { args, ..context.clone() };
        let others = Listener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let answered = (0..10).find_map(|_| {
            let (client, served) = UnixStream::pair().unwrap();
            served.set_nonblocking(true).unwrap();
            let before = fill(&served);
            thread::scope(|scope| {
                let client = scope.spawn(move || reads_late_and_asks_again(client, before, idle));
                let _ = Server::new(&context, &others).serve(served.into());
                client.join().unwrap()
            })
        });
        assert_eq!(answered, Some(true), "`None`: this machine is too busy to ask in time");
    });
}

const WRITE_TIMEOUT: Duration = Duration::from_secs(1);

/// Content that takes as long to make as its reader has, and is more than a socket takes at once.
struct Slow;

impl Stream for Slow {
    fn produce(&mut self, out: &mut Vec<u8>, _: usize) -> bool {
        thread::sleep(WRITE_TIMEOUT);
        out.resize(out.len() + (1 << 20), b'x');
        false
    }
}

/// Asks, and reads on a little after the response has begun to come. Tells whether all of it came; `None` if it was itself
/// too late.
fn reads_on_late(mut client: UnixStream) -> Option<bool> {
    client.write_all(b"GET / HTTP/1.0\r\n\r\n").unwrap();
    let _ = client.read(&mut [0]);
    let begun = Instant::now();
    thread::sleep(WRITE_TIMEOUT / 10);
    let is_late = begun.elapsed() > WRITE_TIMEOUT / 2;
    let mut response = Vec::new();
    let is_whole = client.read_to_end(&mut response).is_ok() && response.len() > 1 << 20;
    (is_whole || !is_late).then_some(is_whole)
}

#[test]
fn the_time_that_a_response_took_to_make_is_not_its_reader_s() {
    without_leaks(|_| {
        let router = Router::new().get("/", |_| Response::stream(Slow));
        let server = common::server(router, Limits::default(), None);
        let args = Args { write_timeout: WRITE_TIMEOUT, ..Args::clone(&server.args) };
        let context = ServerContext { args: Arc::new(args), ..server };
        let others = Listener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let came = (0..10).find_map(|_| {
            let (client, served) = UnixStream::pair().unwrap();
            served.set_nonblocking(true).unwrap();
            thread::scope(|scope| {
                let client = scope.spawn(move || reads_on_late(client));
                let _ = Server::new(&context, &others).serve(served.into());
                client.join().unwrap()
            })
        });
        assert_eq!(came, Some(true), "`None`: this machine is too busy to read in time");
    });
}
