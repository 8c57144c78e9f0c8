//! A server as a child process: its first line, its end, and what it has started itself.

use super::*;
use std::os::unix::process::ExitStatusExt;

fn shell(script: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", script]);
    command
}

const READY: &str = "echo stage0-test listening on http://127.0.0.1:4711";

#[test]
fn the_first_line_tells_the_address_and_sigterm_ends_it() {
    let script = format!("trap 'exit 3' TERM; {READY}; while :; do sleep 0.01; done");
    let server = Server::start(Path::new("sh"), &["-c", &script]).unwrap();
    assert_eq!(server.address(), "127.0.0.1:4711".parse().unwrap());
    assert_eq!(server.terminate().unwrap().code(), Some(3));
}

#[test]
fn an_early_death_shows_the_servers_own_words() {
    let error = Server::announced(shell("echo port taken >&2; exit 1"), START).unwrap_err();
    let text = format!("{error:#}");
    assert!(text.contains("port taken") && text.contains("exit status: 1"), "{text}");
}

#[test]
fn a_later_death_shows_them_too() {
    let script = format!("{READY}; echo out of memory >&2; read line < /dev/null; exit 1");
    let mut server = Server::announced(shell(&script), START).unwrap();
    server.wait(START).unwrap();
    assert!(server.check().unwrap_err().to_string().contains("out of memory"));
    let mut other = Server::announced(shell(&format!("{READY}; sleep 60")), START).unwrap();
    assert!(other.check().is_ok());
}

#[test]
fn silence_and_nonsense_are_errors() {
    let silent = Server::announced(shell("sleep 60"), Duration::from_millis(50));
    assert!(silent.unwrap_err().to_string().contains("said nothing"));
    let odd = Server::announced(shell("echo hello; sleep 60"), START);
    assert!(odd.unwrap_err().to_string().contains("`hello`"));
}

#[test]
fn a_missing_program_is_named() {
    let none = Server::start::<&str>(Path::new("/no/such/server"), &[]);
    assert!(none.unwrap_err().to_string().contains("/no/such/server"));
}

#[test]
fn dropping_it_kills_what_it_forked() {
    let script = format!("sleep 60 & echo $! >&2; {READY}; wait");
    let server = Server::announced(shell(&script), START).unwrap();
    let forked = poll(START, || Ok(server.stderr().parse::<u32>().ok())).unwrap().unwrap();
    drop(server);
    // An orphan stays a zombie until it is reaped: gone or zombie, it runs no more.
    let has_ended = || {
        let stat = std::fs::read_to_string(format!("/proc/{forked}/stat"));
        Ok(stat.map_or(true, |stat| stat.contains(") Z")).then_some(()))
    };
    assert!(poll(START, has_ended).unwrap().is_some());
}

#[test]
fn a_talkative_server_does_not_block() {
    let script = format!("{READY}; head -c 1000000 /dev/zero; head -c 1000000 /dev/zero >&2");
    let mut server = Server::announced(shell(&script), START).unwrap();
    let status = server.wait(START).unwrap().unwrap();
    assert_eq!((status.code(), status.signal()), (Some(0), None));
}
