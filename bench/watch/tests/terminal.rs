//! The program as a person at a terminal meets it: in a pseudo-terminal that script(1) makes.

#![allow(clippy::unwrap_used)] // clippy allows it in test functions, but not in what they call.

use bench::evidence::tree;
use shared::sys::process;
use shared::sys::signal::{self, Signal};
use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

const WATCH: &str = env!("CARGO_BIN_EXE_bench-watch");

/// The program in a terminal of 80 × 24.
struct Session {
    script: Child,
    written: Arc<Mutex<Vec<u8>>>,
}

impl Session {
    /// `None` where script(1) is missing.
    fn start(args: &str) -> Option<Self> {
        // The exit status, and the modes of the terminal afterwards, are the last that is written.
        let line = format!("stty rows 24 cols 80; {WATCH} {args}; echo status $?; stty -a");
        let mut command = Command::new("script");
        command.args(["-qfc", &line, "/dev/null"]).env("BENCH_PROFILE", "dev").env("TERM", "xterm");
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let Ok(mut script) = process::supervised(&mut command).spawn() else {
            eprintln!("skipped: script(1) is not installed");
            return None;
        };
        let (mut output, written) = (script.stdout.take().unwrap(), Arc::default());
        let kept: Arc<Mutex<Vec<u8>>> = Arc::clone(&written);
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = output.read(&mut buffer) {
                kept.lock().unwrap().extend_from_slice(&buffer[..count]);
            }
        });
        Some(Self { script, written })
    }

    fn press(&mut self, keys: &str) {
        self.script.stdin.as_mut().unwrap().write_all(keys.as_bytes()).unwrap();
    }

    /// Waits until the screen has this text.
    fn wait_for(&self, text: &str) {
        self.wait(text, screen);
    }

    /// Waits until what `of` makes of all that was written has this text; the bound is only for a test that fails.
    fn wait(&self, text: &str, of: impl Fn(&str) -> String) -> String {
        let (begun, mut now) = (Instant::now(), String::new());
        while !now.contains(text) {
            let late = begun.elapsed() > Duration::from_secs(600);
            assert!(!late, "`{text}` is not there:\n{now}");
            thread::sleep(Duration::from_millis(20));
            now = of(&String::from_utf8_lossy(&self.written.lock().unwrap()));
        }
        now
    }

    /// The program ends with this status, and the terminal is as it was: the other screen is left, and lines are read
    /// and shown again.
    fn ends_with(&mut self, status: &str) {
        self.wait_for(status);
        self.wait_for("\nisig icanon iexten echo ");
        self.script.wait().unwrap();
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let _ = self.script.kill();
        let _ = self.script.wait();
    }
}

/// What stands on a terminal after these bytes, as far as this program uses one: letters, and CSI sequences of which only
/// the moves of the cursor matter (ECMA-48), and the way back to the ordinary screen, where the shell goes on.
fn screen(written: &str) -> String {
    let blank = vec![vec![' '; 200]; 24];
    let (mut rows, mut row, mut column) = (blank.clone(), 0, 0);
    for piece in written.split("\x1b[").skip(1) {
        let end = piece.find(|letter: char| letter.is_ascii_alphabetic()).map_or(0, |at| at + 1);
        let (sequence, text) = piece.split_at(end);
        if sequence == "?1049l" {
            (rows, row, column) = (blank.clone(), 0, 0);
        }
        if let Some((down, right)) = sequence.strip_suffix('H').and_then(|at| at.split_once(';')) {
            [row, column] = [down, right].map(|at| at.parse().unwrap_or(1) - 1);
        }
        for letter in text.chars() {
            match letter {
                '\n' => (row, column) = (row + 1, 0),
                ' '.. if row < 24 && column < 200 => {
                    rows[row][column] = letter;
                    column += 1;
                }
                _ => {}
            }
        }
    }
    rows.iter().map(|row| row.iter().collect::<String>() + "\n").collect()
}

#[test]
fn keys_change_the_load_and_the_sentence_follows() {
    let Some(mut session) = Session::start("stage1 -c 5 --idle 1") else { return };
    session.wait_for("a client that sends");
    let servers = tree::all(&[session.script.id()]);
    session.press("I");
    session.wait_for("0 idle clients");
    session.wait_for("until ");
    session.press("3");
    session.wait_for("stage3-epoll");
    session.wait_for("5 of 5 served");
    session.press("?");
    session.wait_for("Any key closes this.");
    session.press("xq");
    session.ends_with("status 0");
    let is_left = |pid: &&u32| std::path::Path::new(&format!("/proc/{pid}/task")).exists();
    assert_eq!(servers.iter().find(is_left), None, "of {servers:?}");
}

#[test]
fn a_signal_restores_the_terminal_too() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let args = format!("--no-load http://{}/", listener.local_addr().unwrap());
    for status in ["status 130", "status 143"] {
        let Some(mut session) = Session::start(&args) else { return };
        session.wait_for("load from elsewhere");
        session.wait_for("of a core");
        session.wait_for("no req/s, no latency");
        if status == "status 130" {
            session.press("\x03");
        } else {
            let name = |pid: &u32| fs::read_to_string(format!("/proc/{pid}/comm")).unwrap();
            let all = tree::all(&[session.script.id()]);
            let watch = all.into_iter().find(|pid| name(pid).trim() == "bench-watch").unwrap();
            signal::send(watch, Signal::Terminate).unwrap();
        }
        session.ends_with(status);
    }
}

#[test]
fn a_small_program_is_watched_like_a_stage() {
    let Some(mut session) = Session::start("poll_loop -c 5") else { return };
    session.wait_for("5 of 5 served");
    session.press("q");
    session.ends_with("status 0");
}

#[test]
fn a_server_that_ends_is_said_to_have_ended() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let args = format!("--no-load http://{}/", listener.local_addr().unwrap());
    // The process that holds the socket is the server.
    let mut command = Command::new("sleep");
    command.arg("3600").stdin(OwnedFd::from(listener));
    let mut server = process::supervised(&mut command).spawn().unwrap();
    // It would hold the socket too.
    drop(command);
    let session = Session::start(&args);
    if let Some(session) = &session {
        session.wait_for("no req/s, no latency");
        // The screen says so before the first look at the server: one that goes then cannot be looked at.
        session.wait_for("switches");
    }
    server.kill().unwrap();
    server.wait().unwrap();
    if let Some(mut session) = session {
        session.wait_for("the server has ended");
        session.ends_with("status 1");
    }
}

#[test]
fn a_server_that_cannot_be_watched_opens_no_screen() {
    let nobodys = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let Some(session) = Session::start(&format!("--no-load http://{nobodys}/")) else { return };
    let text = session.wait("status", str::to_owned);
    assert!(text.contains("cannot be looked at") && !text.contains("\x1b[?1049h"), "{text}");
}

#[test]
fn mistakes_are_one_line_with_the_remedy() {
    for (args, status, remedy) in [
        ("stage1", 1, "needs a terminal"),
        ("--tour 7", 2, "6, 9, 11, 12, 13"),
        ("stage9", 2, "none of all"),
        ("all", 2, "one server at a time"),
        ("stage1 --no-load", 2, "name its URL"),
    ] {
        let output =
            Command::new(WATCH).args(args.split(' ')).stdin(Stdio::null()).output().unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(status), "{text}");
        assert!(text.contains(remedy) && text.lines().count() == 1, "{text}");
    }
}
