//! `--also NAME=URL`: a server that others wrote and started, on the ladder as one more row.

#![allow(clippy::unwrap_used)] // clippy allows it in test functions, but not in what they call.

use bench::results::{Results, folder};
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Output};
use std::thread;

/// A reader's server: a thread for each connection, and its own text for an answer, with this status.
fn serve(status: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            thread::spawn(move || answer(stream.unwrap(), status));
        }
    });
    url
}

/// Answers until the client leaves, or once if it asks for that.
fn answer(mut stream: TcpStream, status: &str) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut close = false;
    while !close {
        let mut line = String::new();
        while line != "\r\n" {
            line.clear();
            (reader.read_line(&mut line).ok()? > 0).then_some(())?;
            close |= line.eq_ignore_ascii_case("connection: close\r\n");
        }
        let field = if close { "Connection: close\r\n" } else { "" };
        let text = format!("HTTP/1.1 {status}\r\n{field}Content-Length: 4\r\n\r\nmine");
        stream.write_all(text.as_bytes()).ok()?;
    }
    Some(())
}

/// Runs with windows long enough that all are served in each: how long that is, is a matter of the machine.
fn run(name: &str, also: &str) -> (Output, Results) {
    let all_served = |results: &Results| results.rows.iter().all(|row| row.load.served == 2);
    let short = run_for("100ms", name, also);
    if all_served(&short.1) { short } else { run_for("5s", name, also) }
}

fn run_for(window: &str, name: &str, also: &str) -> (Output, Results) {
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&out);
    let args = ["run", "floor", "-c", "2", "-d", window, "--also", also, "--out"];
    let output = Command::new(env!("CARGO_BIN_EXE_bench")).args(args).arg(&out).output().unwrap();
    (output, folder::read(&out).unwrap())
}

#[test]
fn a_readers_server_is_one_more_row_beside_the_others() {
    let (output, results) = run("also", &format!("mine={}", serve("200 OK")));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}");
    for ladder in text.split("The ladder, ").skip(1) {
        let row = |name: &str| ladder.lines().any(|line| line.starts_with(&format!("│ {name} ")));
        assert!(row("null server") && row("mine"), "{ladder}");
    }
    assert_eq!(results.config.targets, ["floor", "mine"]);
    let mine: Vec<_> = results.rows.iter().filter(|row| row.target == "mine").collect();
    assert_eq!(mine.len(), 2, "one with a connection each, one kept alive");
    for row in mine {
        assert!(
            row.load.requests > 0 && row.load.served == 2 && row.load.errors.total() == 0,
            "{row:?}"
        );
        // The process is found by its socket: it is this test's.
        assert!(row.server_cpu_us.is_some_and(|micros| micros > 0.0), "{row:?}");
    }
}

#[test]
fn one_that_does_not_listen_is_named_and_the_others_are_measured() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let (output, results) = run("also-gone", &format!("gone={url}"));
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(error.contains("gone: no connection to") && error.contains("listening there?"));
    assert!(results.rows.iter().all(|row| row.target == "floor") && results.rows.len() == 2);
    assert_eq!(results.failures.len(), 1);
}

#[test]
fn one_that_never_answers_rightly_is_named_as_a_load_names_it() {
    let url = serve("404 Not Found");
    let (output, results) = run_for("100ms", "also-404", &format!("lost={url}"));
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{error}");
    let line = format!("lost: no request had a correct response: see bench load {url}");
    assert!(error.contains(&line), "{error}");
    assert_eq!((results.rows.len(), results.failures.len()), (4, 1));
}

#[test]
fn servers_whose_names_differ_in_a_sign_keep_their_own_percentiles() {
    let url = serve("200 OK");
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("also-alike");
    let _ = std::fs::remove_dir_all(&out);
    let mut command = Command::new(env!("CARGO_BIN_EXE_bench"));
    command.args(["run", &format!("{url}a?b"), &format!("{url}a/b"), "-c", "2", "-d", "50ms"]);
    for name in ["my server", "my_server", "my/server"] {
        command.args(["--also", &format!("{name}={url}")]);
    }
    // Longer than a file's name may be.
    command.args(["--also", &format!("{}={url}", "n".repeat(300))]);
    let output = command.arg("--out").arg(&out).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8(output.stderr).unwrap());
    let rows = folder::read(&out).unwrap().rows;
    assert_eq!(rows.len(), 2 * 6);
    for row in rows {
        let text = std::fs::read_to_string(out.join(&row.hgrm)).unwrap();
        let count = format!("Total count    = {:12}]", row.load.requests);
        assert!(text.contains(&count), "{} of {}: {text}", row.load.requests, row.target);
    }
}
