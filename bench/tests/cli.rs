//! The program as a user meets it: its output, its exit status, and what it leaves behind.

#![allow(clippy::unwrap_used)] // clippy allows it in test functions, but not in what they call.

use bench::results::folder;
use bench::targets::server::Server;
use shared::sys::signal::{self, Signal};
use std::ffi::OsStr;
use std::io::Write;
use std::net::TcpListener;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::Duration;

const BENCH: &str = env!("CARGO_BIN_EXE_bench");

fn bench(args: &[&str]) -> Output {
    Command::new(BENCH).args(args).output().unwrap()
}

/// A folder that is not there yet.
fn fresh(name: &str) -> String {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    folder.to_str().unwrap().to_owned()
}

fn null_server() -> Server {
    Server::start(Path::new(BENCH), &["baseline", "--listen", "127.0.0.1:0", "--threads", "1"])
        .unwrap()
}

#[test]
fn json_is_exactly_one_object_with_the_promised_keys() {
    let server = null_server();
    let url = format!("http://{}/", server.address());
    let output = bench(&["load", &url, "-c", "3", "-t", "2", "-d", "100ms", "--json"]);
    assert!(output.status.success());
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let figures = ["requests", "seconds", "rps", "latency_us", "errors"];
    let further = ["status_codes", "first_error", "connect_us", "first_byte_us", "per_second"];
    for key in figures.iter().chain(&further) {
        assert!(json.get(key).is_some(), "{key}");
    }
    assert_eq!((json["served"].as_u64(), json["opened"].as_u64()), (Some(3), Some(3)));
    for key in ["mean", "p50", "p90", "p99", "p999", "max"] {
        assert!(json["latency_us"].get(key).is_some(), "{key}");
    }
    for key in ["connect", "read", "write", "timeout", "status", "body"] {
        assert_eq!(json["errors"][key].as_u64(), Some(0), "{key}");
    }
}

#[test]
fn a_load_sees_a_server_that_it_did_not_start_and_names_the_bottleneck() {
    let server = null_server();
    let url = format!("http://{}/", server.address());
    let output = bench(&["load", &url, "-c", "3", "-d", "500ms"]);
    let text = String::from_utf8(output.stdout).unwrap();
    let behind = |name: &str| text.lines().find_map(|line| line.trim().strip_prefix(name));
    let seen = behind("Server").unwrap();
    assert!(seen.trim().starts_with("bench: ") && seen.contains("CPU per request"), "{text}");
    assert!(behind("Threads").is_some(), "{text}");
    assert!(behind("Bottleneck ").is_some(), "{text}");
    let output = bench(&["load", &url, "-c", "3", "-d", "500ms", "--json"]);
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((json["server"].as_str(), json["server_unseen"].as_str()), (Some("bench"), None));
    assert!(json["server_cpu_us"].as_f64().unwrap() > 0.0, "{json}");
    for key in ["cause", "verdict", "because", "refuted_if"] {
        assert!(json[key].is_string(), "{key}");
    }
}

#[test]
fn clients_that_were_not_to_ask_are_not_said_to_wait() {
    let server = null_server();
    let url = format!("http://{}/", server.address());
    for more in [["-n", "10"], ["-R", "10"], ["--think", "30s"]] {
        let args =
            [&["load", &url, "-c", "30", "-d", "500ms", "--warm-up", "10ms", "--json"], &more[..]];
        let output = bench(&args.concat());
        let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert!(json["served"].as_u64() < Some(30), "{json}");
        assert_ne!(json["cause"].as_str(), Some("others wait"), "{json}");
    }
}

#[test]
fn a_load_that_fails_says_so_by_its_status() {
    let server = null_server();
    let url = format!("http://{}/", server.address());
    let load = |more: &[&str]| {
        let output = bench(&[&["load", &url, "-c", "2", "-d", "500ms"], more].concat());
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    assert_eq!(load(&["--fail-if", "max>1h", "--fail-if", "rps<0"]), (Some(0), String::new()));
    let (status, error) = load(&["--fail-if", "rps>0"]);
    assert_eq!(status, Some(4), "{error}");
    assert!(error.starts_with("bench: failed by --fail-if rps>0: it is "), "{error}");
    let output = bench(&["load", &url, "-c", "2", "-d", "500ms", "--expect", "other"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.ends_with("Bottleneck not to be told: no request had a correct response\n"),
        "{text}"
    );
    // The body is never the one that is asked for.
    let (status, error) = load(&["--expect", "other"]);
    assert_eq!(status, Some(1), "{error}");
    assert!(
        error
            .contains("a body other than the expected one (do they differ on purpose? --any-body)"),
        "{error}"
    );
    // No connection stands before the window opens.
    assert_eq!(load(&["--warm-up", "0", "--fail-if", "served<2"]), (Some(0), String::new()));
    let (status, error) = load(&["--think", "1h", "--warm-up", "1ms", "--fail-if", "errors>0"]);
    assert_eq!(status, Some(1), "{error}");
    assert!(error.contains("no request was sent in the window; measure longer"), "{error}");
    for more in [["--fail-if", "p98>1ms"], ["--pipeline", "1000000000"], ["-R", "1e-300"]] {
        assert_eq!(load(&more).0, Some(2), "{more:?}");
    }
}

#[test]
fn flags_that_would_do_nothing_are_refused() {
    let watch = ["watch", "stage1", "--no-load"];
    let load = ["load", "http://127.0.0.1:1/", "-d", "10ms"];
    for (command, more) in [
        (&load[..], ["--arrivals", "poisson", "--think", "1ms"].as_slice()),
        (&load, &["--arrivals", "poisson", "--pipeline", "2"]),
        (&load, &["--think-fixed", "-R", "10"]),
        (&load, &["--close", "--pipeline", "2"]),
        (&watch, &["--unattended"]),
        (&watch, &["--svg", "x"]),
    ] {
        let output = bench(&[command, more].concat());
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{more:?}: {text}");
        assert!(text.contains("cannot be used with"), "{text}");
    }
}

#[test]
fn no_time_at_all_is_no_number_of_times() {
    for args in [
        ["check", "drain", "--times=0"].as_slice(),
        &["check", "replace", "--times=0"],
        &["check", "hostile", "--repeat=0"],
        &["check", "rolling-restart", "--times=0"],
        &["verify", "127.0.0.1:1", "--jobs=0"],
        &["verify", "127.0.0.1:1", "--concurrent=0"],
        &["run", "--repeat=0"],
        &["uring", "--repeat=0"],
    ] {
        let output = bench(args);
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{args:?}: {text}");
        assert!(text.contains("at least 1 is needed"), "{text}");
    }
}

#[test]
fn an_interrupted_run_says_so_and_leaves_no_server() {
    let out = fresh("interrupted");
    let mut command = Command::new(BENCH);
    command
        .args(["run", "floor", "-c", "2", "-d", "60m", "--out"])
        .arg(&out)
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let child = command.spawn().unwrap();
    let pid = child.id();
    let children = || std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap();
    for _ in 0..2000 {
        if !children().is_empty() {
            break;
        }
        thread::sleep(Duration::from_millis(5));
    }
    let server = children().trim().to_owned();
    signal::send(pid, Signal::Interrupt).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    assert!(String::from_utf8(output.stdout).unwrap().contains("INTERRUPTED: 0 of 2 trials"));
    assert!(!Path::new(&format!("/proc/{server}")).exists());
    let results = folder::read(Path::new(&out)).unwrap();
    assert!(results.interrupted && results.rows.is_empty());
}

#[test]
fn mistakes_are_one_line_with_the_remedy() {
    // The kernel connects, and nothing answers.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = format!("http://{}/", listener.local_addr().unwrap());
    for (args, remedy) in [
        (["run", "floor", "--out", "/proc/nowhere"].as_slice(), "choose another folder: --out DIR"),
        (&["report", "/no/such/run"], "is it the folder of a run?"),
        (&["compare", "/no/such/run"], "is it the folder of a run?"),
        (&["load", "http://127.0.0.1:1/", "-d", "10ms"], "is a server listening there?"),
        (&["load", "http://127.0.0.1:1/", "-n", "1000000"], "is a server listening there?"),
        (&["load", "http://127.0.0.1:1/", "-c", "100000000"], "raise the hard limit"),
        (
            &["load", "http://127.0.0.1:1/", "--idle", "18446744073709551615"],
            "raise the hard limit",
        ),
        (&["load", &silent, "-d", "10ms", "--warm-up", "10ms"], "measure longer (-d)"),
    ] {
        assert_fails(args, 1, remedy);
    }
}

/// With this status, and one line that has the remedy.
#[track_caller]
fn assert_fails(args: &[&str], status: i32, remedy: &str) {
    let output = bench(args);
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(status), "{args:?}: {text}");
    assert!(text.contains(remedy) && text.lines().count() == 1, "{text}");
}

#[test]
fn a_command_line_that_cannot_be_meant_is_told_from_a_failure() {
    for (args, remedy) in [
        (["run", "stage9", "--quick"].as_slice(), "`stage9` is none of all"),
        // Without a subcommand it is a run: a misspelt subcommand must not start one.
        (&["laod", "http://127.0.0.1/", "--json"], "did you mean `load`?"),
        (&["claimz", "--quick"], "did you mean `claims`?"),
        (&["load", "https://127.0.0.1/"], "only plain http:// is"),
        (&["load", "http://u:p@127.0.0.1:1/"], "send it as a field"),
        (&["load", "http://"], "names no host"),
        (&["load", "http://127.0.0.1:65536/"], "not a number from 1 to 65535"),
        (&["load", "http://127.0.0.1:1/", "-m", "get"], "such as POST"),
        (&["load", "http://127.0.0.1:1/", "-m", "HEAD", "--expect", "x"], "leave --expect away"),
        (&["check", "drain", "nginx"], "name stages: stage1 to stage4"),
        (&["run", "stage1", "--workload", "users", "--close"], "leave --close away"),
        (&["plateau", "stage2"], "name no server"),
        (&["scale", "stage1"], "choose stage2 or stage4"),
        (&["explain"], "one server at a time"),
    ] {
        assert_fails(args, 2, remedy);
    }
}

#[test]
fn verify_says_of_a_server_that_speaks_no_http_only_that() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        for stream in listener.incoming() {
            stream.unwrap().write_all(b"SSH-2.0-x\r\n").unwrap();
        }
    });
    let output = bench(&["verify", &address, "--timeout", "10s", "--only", "get-*"]);
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{text}");
    assert!(text.contains("no HTTP/1 response") && text.contains("SSH-2.0-x"), "{text}");
}

#[test]
fn words_that_are_no_text_are_refused() {
    let word = OsStr::from_bytes(b"\xff");
    let output = Command::new(BENCH).arg(word).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
}
