//! Whatever becomes of what is printed: a reader that leaves, a full disk. No program may panic for that.

#![allow(clippy::unwrap_used)] // clippy allows it in test functions, but not in what they call.

use bench::results::folder;
use bench::targets::server::Server;
use std::fs::OpenOptions;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread;

const BENCH: &str = env!("CARGO_BIN_EXE_bench");

/// Runs bench with its two streams as given, and checks that it did not panic.
fn bench(args: &[String], stdout: Stdio, stderr: Stdio) -> Output {
    let output = Command::new(BENCH).args(args).stdout(stdout).stderr(stderr).output().unwrap();
    assert!(matches!(output.status.code(), Some(0..=3)), "{args:?}: {output:?}");
    output
}

/// A pipe whose reader has gone already.
fn unread() -> Stdio {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    writer.into()
}

fn full() -> Stdio {
    OpenOptions::new().write(true).open("/dev/full").unwrap().into()
}

/// What prints something within a second or two: the help, of which each subcommand's is printed in the same way, and a
/// command line for each subcommand that builds no stage.
fn command_lines(server: &Server) -> Vec<Vec<String>> {
    let folder = folder::recorded().unwrap().to_str().unwrap().to_owned();
    let address = server.address().to_string();
    let lines = [
        "--help".to_owned(),
        "load --help".to_owned(),
        "check drain --help".to_owned(),
        "--version".to_owned(),
        "verify --list".to_owned(),
        "doctor".to_owned(),
        "fit 1=100 2=190 4=300 8=400".to_owned(),
        format!("report {}", copied(&folder)),
        format!("compare {folder} {folder}"),
        format!("claims {folder}"),
        format!("verify {address} --patience 100ms --only line/version-*"),
        format!("verify {address} --patience 100ms --only line/version-* --json"),
        format!("load {address} -c 1 -n 1"),
        format!("load {address} -c 1 -n 1 --json"),
    ];
    lines.iter().map(|line| line.split(' ').map(str::to_owned).collect()).collect()
}

/// A copy of a folder, for what writes into it.
fn copied(folder: &str) -> String {
    let copy = Path::new(env!("CARGO_TARGET_TMPDIR")).join("recorded");
    let _ = std::fs::remove_dir_all(&copy);
    assert!(Command::new("cp").args(["-r", folder]).arg(&copy).status().unwrap().success());
    copy.to_str().unwrap().to_owned()
}

fn null_server() -> Server {
    Server::start(Path::new(BENCH), &["baseline", "--listen", "127.0.0.1:0", "--threads", "1"])
        .unwrap()
}

/// Each as often as there are ways to lose a stream, and beside the others: most of it is a process's start.
#[test]
fn a_reader_that_has_gone_is_no_error_and_a_full_disk_is_one_in_one_line() {
    let server = null_server();
    let lines = command_lines(&server);
    let (even, odd): (Vec<_>, Vec<_>) =
        lines.into_iter().enumerate().partition(|(number, _)| number % 2 == 0);
    thread::scope(|scope| {
        for part in [even, odd] {
            scope.spawn(move || part.iter().for_each(|(_, args)| is_told_or_not(args)));
        }
    });
}

fn is_told_or_not(args: &[String]) {
    let usual = bench(args, Stdio::piped(), Stdio::piped());
    assert!(!usual.stdout.is_empty(), "{args:?} prints nothing");
    let unread = bench(args, unread(), Stdio::piped());
    assert_eq!((unread.status, unread.stderr), (usual.status, usual.stderr), "{args:?}");
    assert_eq!(bench(args, Stdio::piped(), full()).status, usual.status, "{args:?}");
    bench(args, full(), full());
    let output = bench(args, full(), Stdio::piped());
    let error = String::from_utf8(output.stderr).unwrap();
    // Of verify, 1 would mean that a MUST failed.
    let expected = if args[0] == "verify" { 2 } else { 1 };
    assert_eq!(output.status.code(), Some(expected), "{args:?}: {error}");
    assert!(error.starts_with("bench: cannot write to standard output: No space"), "{error}");
    assert_eq!(error.lines().count(), 1, "{args:?}: {error}");
}

#[test]
fn errors_that_cannot_be_told_are_told_by_the_status() {
    for (line, status) in [
        ("load http://127.0.0.1:1/ -c 1 -d 10ms", 1),
        ("report /no/such/run", 1),
        ("verify 127.0.0.1:1", 2),
        ("--no-such-flag", 2),
        ("load", 2),
    ] {
        let args: Vec<_> = line.split(' ').map(str::to_owned).collect();
        for stderr in [full(), unread()] {
            assert_eq!(bench(&args, Stdio::piped(), stderr).status.code(), Some(status), "{line}");
        }
    }
}

#[test]
fn a_run_without_readers_is_written_all_the_same() {
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("unread");
    let _ = std::fs::remove_dir_all(&out);
    let mut args = ["run", "floor", "-c", "2", "-d", "50ms", "--out"].map(str::to_owned).to_vec();
    args.push(out.to_str().unwrap().to_owned());
    assert!(bench(&args, unread(), unread()).status.success());
    assert_eq!(folder::read(&out).unwrap().rows.len(), 2);
}
