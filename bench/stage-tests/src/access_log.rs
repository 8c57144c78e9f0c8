//! The access log: a line for each response, and in it what the client sent, whether or not it was a request.

use anyhow::{Result, ensure};
use bench::resilience::client::Client;
use bench::resilience::{Stage, process_usage, wait_until};
use bench::tools::Folder;
use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, TcpListener, TcpStream};

/// What a client sends, and the end of the line that comes of it; the time behind it is cut off.
#[rustfmt::skip]
const LINES: [(&[u8], &str, u16); 5] = [
    (b"\r\nGET /hello/a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", "GET /hello/a HTTP/1.1", 200),
    (b"GET /\"\\\x1b[2J HTTP/1.1\r\nHost: h\r\n\r\n", "GET /\\\"\\\\\\x1b[2J HTTP/1.1", 400),
    (b"\x16\x03\x01\x02\r\n\r\n", "\\x16\\x03\\x01\\x02", 400),
    (b"POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 9999999\r\n\r\n", "POST /echo HTTP/1.1", 413),
    (b"GET /slow HTTP/1.1\r\nHo", "GET /slow HTTP/1.1", 408),
];

/// Sends requests good and bad, one of them longer than a line of the log may be, and reads the log.
pub fn log_says_what_came(stage: &Stage) -> Result<()> {
    let folder = Folder::create()?;
    let file = folder.join("log");
    let server = stage.start(&["--log", &file.to_string_lossy(), "--head-timeout", "2s"])?;
    let long = format!("GET /{} HTTP/1.1\r\n", "a".repeat(20_000));
    for (request, _, status) in LINES.into_iter().chain([(long.as_bytes(), "", 414)]) {
        let mut client = Client::connect(server.address())?;
        client.send(request);
        client.expect(status)?;
    }
    let log = || Ok(fs::read_to_string(&file)?);
    wait_until("a line for each response", || {
        log().map(|log: String| log.lines().count() > LINES.len())
    })?;
    let log: String = log()?;
    let is_line = |line: &str| line.starts_with("127.0.0.1 - - [") && line.len() < 400;
    ensure!(log.lines().all(is_line), "{log}");
    // Threads that serve write in no order between them.
    let ends = LINES.map(|(_, line, status)| format!("] \"{line}\" {status} "));
    for expected in ends.iter().map(String::as_str).chain(["\" 414 "]) {
        let found = log.lines().filter(|line| line.contains(expected)).count();
        ensure!(found == 1, "{expected} is in {found} lines of\n{log}");
    }
    Ok(())
}

/// The line of a response that its client has given up comes without another request, and names that client. A client of
/// IPv6 and one of IPv4 have different addresses, each written as usual.
pub fn log_names_the_client_that_left(stage: &Stage) -> Result<()> {
    if TcpListener::bind("[::1]:0").is_err() {
        bench::terminal::print("skipped: this machine has no IPv6\n")?;
        return Ok(());
    }
    let folder = Folder::create()?;
    let file = folder.join("log");
    let server = stage.start_on("[::]:0", &["--log", &file.to_string_lossy()])?;
    let port = server.address().port();
    let mut leaves = TcpStream::connect((Ipv6Addr::LOCALHOST, port))?;
    leaves.write_all(b"GET /count/100000000 HTTP/1.1\r\nHost: h\r\n\r\n")?;
    leaves.read_exact(&mut [0; 1000])?;
    process_usage::at_rest(server.pid())?;
    let mut other = Client::connect((Ipv4Addr::LOCALHOST, port).into())?;
    other.get("/");
    process_usage::at_rest(server.pid())?;
    // Much of the response is unread: this is a reset.
    drop(leaves);
    for (client, what) in [("::1 ", " /count/"), ("127.0.0.1 ", " / ")] {
        wait_until(&format!("the line of {client}"), || {
            let log = fs::read_to_string(&file)?;
            Ok(log.lines().any(|line| line.starts_with(client) && line.contains(what)))
        })?;
    }
    Ok(())
}
