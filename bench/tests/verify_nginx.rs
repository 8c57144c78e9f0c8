//! The suite checked against a server that it was not written for: nginx fails what its notes
//! explain, and nothing else. Where nginx is not installed there is nothing to check.
#![forbid(unsafe_code)]

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use bench::verify::{self, Options};

/// nginx with its own folder; both end with the test.
struct Nginx {
    child: Child,
    folder: PathBuf,
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // The master ends its workers when it is asked to stop, not when it is killed.
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn installed() -> Option<String> {
    let output = Command::new("nginx").arg("-v").output().ok()?;
    let text = String::from_utf8_lossy(&output.stderr).trim().to_string();
    text.rsplit('/').next().map(String::from)
}

fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// What the demo's routes give, as files; a long answer, too.
fn write_files(folder: &Path) -> io::Result<()> {
    std::fs::create_dir_all(folder.join("html/count"))?;
    std::fs::write(folder.join("html/index.html"), "Hello, World!")?;
    for lines in [1_000, 10_000, 100_000, 1_000_000, 2_000_000] {
        std::fs::write(folder.join(format!("html/count/{lines}")), "line\n".repeat(lines))?;
    }
    Ok(())
}

fn start() -> io::Result<(Nginx, SocketAddr)> {
    let folder = std::env::temp_dir().join(format!("verify-nginx-{}", std::process::id()));
    write_files(&folder)?;
    let port = free_port()?;
    let conf = include_str!("../peers/nginx-verify.conf")
        .replace("DIR", &folder.to_string_lossy())
        .replace("PORT", &port.to_string())
        .replace("INNER", &free_port()?.to_string());
    std::fs::write(folder.join("nginx.conf"), conf)?;
    let child = Command::new("nginx")
        .arg("-c")
        .arg(folder.join("nginx.conf"))
        .arg("-p")
        .arg(&folder)
        .stderr(Stdio::null())
        .spawn()?;
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let deadline = Instant::now() + Duration::from_secs(5);
    while TcpStream::connect(address).is_err() {
        assert!(Instant::now() < deadline, "nginx does not listen");
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok((Nginx { child, folder }, address))
}

#[test]
fn nginx_fails_what_its_notes_explain() {
    match installed() {
        // Other versions differ: 1.25, for one, reads chunks more strictly.
        Some(version) if version.starts_with("1.22.") => {}
        other => return println!("skipped: needs nginx 1.22, found {other:?}"),
    }
    let (_nginx, address) = start().unwrap();
    let options = Options {
        sleep: "none".into(),
        slow: true,
        jobs: 32,
        head_timeout: Duration::from_secs(2),
        body_timeout: Duration::from_secs(2),
        idle_timeout: Duration::from_secs(3),
        write_timeout: Duration::from_secs(2),
        ..Options::default()
    };
    let report = verify::run(address, &options);
    let differences = report.unlike_nginx();
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}
