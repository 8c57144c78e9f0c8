//! `examples/uring_loop.rs` of `shared`, in its four steps. Where io_uring is not allowed, the tests say so and pass.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used)] // clippy allows it in test functions, but not in what they call.

use bench::interrupt::Interrupt;
use bench::resilience::client::serves;
use bench::resilience::process_usage::ProcessUsage;
use bench::resilience::wait_until;
use bench::targets::build;
use bench::targets::server::Server;
use bench::tools;
use bench::verify::{self, Options};
use shared::sys::Socket;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;
use std::thread;
use std::time::Duration;

/// Plain requests, each sent whole, split, and byte by byte; pipelining; when a connection stays and when it is closed.
const CASES: [&str; 3] = ["line/*", "pipelining/*", "connection/*"];

/// Descriptors, and places for direct ones: few, so that any that is not given back is soon missed.
const FILES: usize = 64;

const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n";

fn program() -> &'static Path {
    static BUILT: OnceLock<std::path::PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        // The profile of the tests themselves: nothing is measured here.
        let never = Interrupt::default();
        build::examples(&[build::URING_LOOP], Some("dev"), &never)
            .unwrap()
            .remove(build::URING_LOOP)
            .unwrap()
    })
}

/// Calls `check` with a server of each step, all at once; each has [`FILES`] descriptors.
fn each_step(check: impl Fn(&Server) + Sync) {
    thread::scope(|scope| {
        for step in ["1", "2", "3", "4"] {
            let mut command = Command::new("prlimit");
            command.arg(format!("--nofile={FILES}:{FILES}")).arg(program());
            command.args(["--listen", "127.0.0.1:0", "--step", step]);
            let check = &check;
            scope.spawn(move || match Server::announced(command, Duration::from_secs(60)) {
                Ok(server) => {
                    check(&server);
                    assert!(server.terminate().unwrap().success(), "step {step}");
                }
                Err(error) if error.to_string().contains("no io_uring here") => {
                    println!("{error}");
                }
                Err(error) => panic!("step {step}: {error:#}"),
            });
        }
    });
}

#[test]
fn plain_requests_pipelining_and_splits() {
    each_step(|server| {
        for only in CASES {
            let options = Options {
                only: only.to_owned(),
                timeout: Duration::from_secs(60),
                // Its loop cannot wait for a handler that sleeps.
                sleep: "none".to_owned(),
                ..Options::default()
            };
            let report = verify::run(server.address(), &options);
            assert!(report.passed() > 0 && report.failures().is_empty(), "{report}");
        }
    });
}

#[test]
fn clients_that_reset_leave_nothing_behind() {
    each_step(|server| {
        let before = ProcessUsage::of(server.pid()).unwrap().fds;
        let (pipeline, mut sent) = (GET.repeat(100), 0);
        // More than there are descriptors, places or common buffers.
        for number in 0..700 {
            let socket = Socket::connect(server.address()).unwrap();
            let bytes = [&[], &GET[..9], GET, &pipeline][number % 4];
            sent += usize::from(socket.write(bytes).is_ok_and(|length| length > 0));
            socket.set_reset_on_close(true).unwrap();
        }
        assert!(sent > 400, "{sent} clients have sent something");
        wait_until("a client is served", || Ok(serves(server.address()).is_ok())).unwrap();
        let fds = || ProcessUsage::of(server.pid()).map(|usage| usage.fds);
        wait_until("as many descriptors as before", || Ok(fds()? == before)).unwrap();
    });
}

#[test]
fn clients_beyond_the_last_descriptor_do_not_end_accepting() {
    each_step(|server| {
        let connect = |_| TcpStream::connect(server.address()).unwrap();
        let clients: Vec<_> = (0..2 * FILES).map(connect).collect();
        clients.iter().for_each(|client| client.set_nonblocking(true).unwrap());
        // The kernel closes a connection that it has accepted and for which no place is left.
        let is_closed = |mut client: &TcpStream| match client.read(&mut [0]) {
            Ok(_) => true,
            Err(error) => error.kind() != ErrorKind::WouldBlock,
        };
        wait_until("no descriptor is left, or no place", || {
            let fds = ProcessUsage::of(server.pid())?.fds;
            Ok(fds >= FILES || clients.iter().any(is_closed))
        })
        .unwrap();
        drop(clients);
        wait_until("a client is served", || Ok(serves(server.address()).is_ok())).unwrap();
    });
}

/// Its requests, and their responses, are more than the server keeps and the sockets' buffers hold.
#[test]
fn a_client_that_reads_late_gets_every_byte() {
    const REQUESTS: usize = 100;
    let body = "0123456789".repeat(20_000);
    let request = format!("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n", body.len());
    let mut requests = format!("{request}\r\n{body}").repeat(REQUESTS);
    requests += &format!("{request}Connection: close\r\n\r\n{body}");
    each_step(|server| {
        let mut client = TcpStream::connect(server.address()).unwrap();
        client.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let mut writer = client.try_clone().unwrap();
        thread::scope(|scope| {
            let writing = scope.spawn(|| writer.write_all(requests.as_bytes()).unwrap());
            // Others are served meanwhile, and the server reads no further.
            (0..20).for_each(|_| serves(server.address()).unwrap());
            let mut text = String::new();
            client.read_to_string(&mut text).unwrap();
            assert_eq!(text.matches("HTTP/1.1 200 OK").count(), REQUESTS + 1);
            assert_eq!(text.matches(&format!("\r\n\r\n{body}")).count(), REQUESTS + 1);
            writing.join().unwrap();
        });
    });
}

#[test]
fn where_io_uring_is_forbidden_one_line_says_so() {
    let Some(strace) = tools::find("strace") else {
        return println!("skipped: strace, which forbids it here, is not installed");
    };
    for error in ["EPERM", "ENOSYS", "EINVAL"] {
        let mut command = Command::new(&strace);
        command.args([
            "-f",
            "-o",
            "/dev/null",
            "-e",
            &format!("inject=io_uring_setup:error={error}"),
        ]);
        let output = command.arg(program()).args(["--listen", "127.0.0.1:0"]).output().unwrap();
        let text = String::from_utf8_lossy(&output.stderr);
        if text.contains("ptrace") {
            return println!("skipped: {text}");
        }
        assert_eq!(output.status.code(), Some(1), "{text}");
        assert!(text.contains("no io_uring here") && text.lines().count() == 1, "{text}");
        assert!(output.stdout.is_empty());
    }
}
