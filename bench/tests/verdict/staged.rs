//! Situations staged live that need no stage of their own: what the rules once took for another.

use crate::WINDOW;
use bench::evidence::verdict::{Cause, Verdict};
use bench::experiments::trial;
use bench::load::{Expect, Options, Url};
use bench::targets::server::Server;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command};
use std::thread;
use std::time::Duration;

const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n";

/// A thread for each connection, in this process, which the evidence leaves out. Nagle's algorithm is on.
fn serve(respond: fn(&mut TcpStream) -> std::io::Result<()>) -> Url {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = Url::parse(&listener.local_addr().unwrap().to_string()).unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            // A request comes in one piece.
            let serve = move || {
                while stream.read(&mut [0; 1024]).is_ok_and(|count| count > 0)
                    && respond(&mut stream).is_ok()
                {}
            };
            thread::spawn(serve);
        }
    });
    url
}

/// Clients enough for a median of a short window.
fn options(url: Url, connections: usize) -> Options {
    let mut options = Options::get(url, connections, WINDOW);
    options.expect = Expect::Any;
    options
}

#[test]
fn a_server_that_is_stopped_is_said_to_be() {
    let bench = Path::new(env!("CARGO_BIN_EXE_bench"));
    let server = Server::start(bench, &["baseline", "--listen", "127.0.0.1:0"]).unwrap();
    let pid = server.pid().to_string();
    assert!(Command::new("kill").args(["-STOP", &pid]).status().unwrap().success());
    let is_stopped = |verdict: &Verdict| verdict.cause == Cause::Stopped;
    let verdict =
        trial::judge(Some(&server), &options(server.url().unwrap(), 4), 5, is_stopped).unwrap();
    assert!(is_stopped(&verdict), "{verdict:?}");
}

#[test]
fn two_writes_meet_the_delayed_ack_and_a_slow_handler_does_not() {
    let url = serve(|stream| {
        stream.write_all(HEAD)?;
        stream.write_all(b"ok")
    });
    let is_nagle = |verdict: &Verdict| verdict.cause == Cause::DelayedAck;
    let verdict = trial::judge(None, &options(url, 8), 20, is_nagle).unwrap();
    assert!(is_nagle(&verdict) && verdict.because.contains("acknowledgements"), "{verdict:?}");

    let url = serve(|stream| {
        thread::sleep(Duration::from_millis(40));
        stream.write_all(&[HEAD, b"ok"].concat())
    });
    let is_other = |verdict: &Verdict| verdict.cause != Cause::DelayedAck;
    let verdict = trial::judge(None, &options(url, 50), 5, is_other).unwrap();
    assert!(is_other(&verdict), "{verdict:?}");
}

#[test]
fn a_rate_that_is_kept_has_no_bottleneck() {
    let floor = Path::new(env!("CARGO_BIN_EXE_bench"));
    let server = Server::start(floor, &["floor", "--listen", "127.0.0.1:0"]).unwrap();
    let mut options = options(server.url().unwrap(), 5);
    options.rate = Some(200.0);
    let keeps_up = |verdict: &Verdict| verdict.cause == Cause::NoMoreAsked;
    let verdict = trial::judge(Some(&server), &options, 5, keeps_up).unwrap();
    assert!(keeps_up(&verdict) || verdict.is_of_others(), "{verdict:?}");
}

/// Ends with the test.
struct Hog(Child);

impl Drop for Hog {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What runs on CPUs that bench may not use is none of its business.
#[test]
fn a_hog_on_a_foreign_core_is_no_part_of_the_machine() {
    let on = |core: &str| {
        let mut command = Command::new("taskset");
        command.args(["-c", core]);
        command
    };
    if !on("1").arg("true").status().is_ok_and(|status| status.success()) {
        return; // One core, or no taskset.
    }
    let _hog = Hog(on("1").args(["sh", "-c", "while :; do :; done"]).spawn().unwrap());
    let bench = env!("CARGO_BIN_EXE_bench");
    // The server too: the CPUs that count are those of server and generator.
    let floor = ["-c", "0", bench, "floor", "--listen", "127.0.0.1:0"];
    let server = Server::start(Path::new("taskset"), &floor).unwrap();
    let url = format!("http://{}/", server.address());
    let output = on("0").args([bench, "load", &url, "-c", "4", "-d", "500ms", "--json"]).output();
    let json: serde_json::Value = serde_json::from_slice(&output.unwrap().stdout).unwrap();
    let machine = &json["evidence"]["machine"];
    let busy = machine["processes"].as_f64().unwrap() + machine["interrupts"].as_f64().unwrap();
    // However busy that one core is, with what others run there.
    assert!(busy < 1.2 && json["evidence"]["cores"] == 1, "{busy} cores: {json}");
}
