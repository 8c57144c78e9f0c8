//! The event loops' connections, one loop in one thread, with a clock of its own.

use crate::schedule::{self, Injected, Schedule};
use crate::script::{SCRIPTS, check, script, without_dates};
use crate::{plan, seeds, without_leaks};
use shared::server::clock::Clock;
use shared::server::context::ServerContext;
use shared::server::events::ConnectionSet;
use shared::sys::{Epoll, Events, Socket};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// A client, with the bytes that it sends and the bytes that it has received.
struct Peer {
    stream: UnixStream,
    script: Vec<u8>,
    sent: usize,
    received: Vec<u8>,
    ended: bool,
}

impl Peer {
    /// Sends a little, and receives what has come.
    fn act(&mut self, piece: usize) {
        let rest = &self.script[self.sent..];
        match self.stream.write(&rest[..piece.min(rest.len())]) {
            Ok(count) => self.sent += count,
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            // The connection was lost, and the rest of the script with it.
            Err(_) => self.sent = self.script.len(),
        }
        let mut bytes = [0; 4096];
        match self.stream.read(&mut bytes) {
            Ok(count) => {
                self.received.extend_from_slice(&bytes[..count]);
                self.ended = count == 0;
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(_) => self.ended = true,
        }
    }
}

/// Serves one client for each script; returns what each has received.
fn run(
    server: &ServerContext,
    scripts: &[u64],
    plan: Option<Schedule>,
) -> (Vec<Vec<u8>>, Injected) {
    let epoll = Rc::new(Epoll::new().unwrap());
    let (mut now, mut events) = (Instant::now(), Events::with_capacity(8));
    let clock = Clock::stopped(now);
    let mut connections = ConnectionSet::new(Rc::clone(&epoll), server).with_clock(clock);
    let mut peers: Vec<_> =
        scripts.iter().map(|number| peer(&mut connections, server, *number)).collect();
    if let Some(plan) = plan {
        plan.begin();
    }
    let mut rounds = 0;
    while !(connections.is_empty() && peers.iter().all(|peer| peer.ended)) {
        rounds += 1;
        // Five seconds of the loop's clock: a connection that needs its time-out of ten was forgotten.
        assert!(rounds < 250_000, "schedule {plan:?} does not end");
        for (number, peer) in peers.iter_mut().enumerate().filter(|(_, peer)| !peer.ended) {
            peer.act(1 + (rounds * 7 + number) % 200);
        }
        // As if no step took long: the clock moves only connections that wait for it.
        now += Duration::from_micros(20);
        epoll.wait(&mut events, Some(Duration::ZERO)).unwrap();
        tick(&mut connections, &events, now);
        // Gone with the client, as after the end of a real one.
        peers.iter_mut().filter(|peer| peer.ended).for_each(|peer| {
            let _ = peer.stream.shutdown(std::net::Shutdown::Both);
        });
    }
    (peers.into_iter().map(|peer| peer.received).collect(), schedule::end())
}

fn peer(connections: &mut ConnectionSet, server: &ServerContext, number: u64) -> Peer {
    let (stream, served) = UnixStream::pair().unwrap();
    stream.set_nonblocking(true).unwrap();
    served.set_nonblocking(true).unwrap();
    assert!(server.connections.acquire());
    connections.insert(Socket::from(served));
    Peer { stream, script: script(number), sent: 0, received: Vec::new(), ended: false }
}

/// Stage 3's tick.
fn tick(connections: &mut ConnectionSet, events: &Events, now: Instant) {
    connections.begin_tick(now);
    events.iter().for_each(|event| connections.on_event(event));
    connections.process_requests();
    connections.flush();
    connections.run_write_queue();
    if let Some((token, task)) = connections.take_task() {
        let response = task.run(connections.stats());
        connections.complete(token, response);
    }
    connections.close_late();
}

#[test]
fn faults_change_no_response_of_an_event_loop() {
    without_leaks(|server| {
        let mut total = Injected::default();
        for seed in seeds() {
            let scripts: Vec<_> =
                (0..1 + seed % 4).map(|client| (seed * 7919 + client * 31) % SCRIPTS).collect();
            let (expected, _) = run(server, &scripts, None);
            let (came, injected) = run(server, &scripts, Some(plan(seed)));
            for (came, expected) in came.iter().zip(&expected) {
                check(seed, came, expected, injected.fatal > 0);
            }
            let differs = |(came, expected): &(&Vec<u8>, &Vec<u8>)| {
                without_dates(came) != without_dates(expected)
            };
            let hurt = came.iter().zip(&expected).filter(differs).count();
            assert!(hurt as u64 <= injected.fatal, "schedule {seed}: {hurt} hurt by {injected:?}");
            total.harmless += injected.harmless;
            total.fatal += injected.fatal;
        }
        assert!(seeds().count() == 1 || total.harmless > 0 && total.fatal > 0);
        println!("{} schedules: {total:?}", seeds().count());
    });
}
