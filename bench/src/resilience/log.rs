//! The access log: a line for each answer, and in it what the client sent, be it a request or not.

use super::client::Client;
use super::{PATIENCE, Stage};
use anyhow::{Result, ensure};
use std::time::Instant;
use std::{fs, thread};

/// What a client sends, and the end of the line that comes of it; the time behind it is cut off.
const LINES: [(&[u8], &str, u16); 5] = [
    (
        b"GET /hello/a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
        "GET /hello/a HTTP/1.1",
        200,
    ),
    (b"GET /\"\x1b[2J HTTP/1.1\r\nHost: h\r\n\r\n", "GET /\\\"\\x1b[2J HTTP/1.1", 400),
    (b"\x16\x03\x01\x02\r\n\r\n", "\\x16\\x03\\x01\\x02", 400),
    (
        b"POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 9999999\r\n\r\n",
        "POST /echo HTTP/1.1",
        413,
    ),
    (b"GET /slow HTTP/1.1\r\nHo", "GET /slow HTTP/1.1", 408),
];

/// Sends requests good and bad, one of them longer than a line of the log may be, and reads the log.
pub fn tells_what_came(stage: &Stage) -> Result<()> {
    static NUMBER: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let file = std::env::temp_dir().join(format!("bench-log-{}-{number}", std::process::id()));
    let path = file.display().to_string();
    let server = stage.start(&["--log", &path, "--head-timeout", "2s"])?;
    for (request, _, status) in LINES {
        let mut client = Client::connect(server.address())?;
        client.send(request);
        client.expect(status)?;
    }
    let mut client = Client::connect(server.address())?;
    client.send(format!("GET /{} HTTP/1.1\r\n", "a".repeat(20_000)).as_bytes());
    client.expect(414)?;
    let deadline = Instant::now() + PATIENCE;
    let mut log = String::new();
    while log.lines().count() < LINES.len() + 1 && Instant::now() < deadline {
        thread::sleep(std::time::Duration::from_millis(10));
        log = fs::read_to_string(&file)?;
    }
    fs::remove_file(&file)?;
    // Threads that serve write in no order between them.
    ensure!(
        log.lines().all(|line| line.starts_with("127.0.0.1 - - [") && line.len() < 400),
        "{log}"
    );
    let ends = LINES.map(|(_, line, status)| format!("] \"{line}\" {status} "));
    for expected in ends.iter().map(String::as_str).chain(["\" 414 "]) {
        let found = log.lines().filter(|line| line.contains(expected)).count();
        ensure!(found == 1, "{expected} is in {found} lines of\n{log}");
    }
    Ok(())
}
