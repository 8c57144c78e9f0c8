//! The blocking stages' server: its thread has the faults, the client in another has none.

use crate::schedule::{self, Injected, Schedule};
use crate::script::{SCRIPTS, check, script};
use crate::{plan, seeds, without_leaks};
use shared::server::blocking::Server;
use shared::sys::{Listener, Socket};
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::Duration;

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
        let socket = Socket::from(served);
        let result = server.serve(&socket);
        drop(socket);
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
