//! What a server may meet outside of HTTP: a full disk, a very long response, a user with few rights, an address that
//! others can reach.
#![forbid(unsafe_code)]

use anyhow::{Context, Result, ensure};
use bench::resilience::client::{Client, serves};
use bench::resilience::process_usage::{self, ProcessUsage};
use bench::resilience::shutdown::terminate;
use bench::resilience::{Stage, TIMEOUT, wait_until};
use bench::targets::server::Server;
use bench::tools::Folder;
use shared::http::limits::MAX_OUTPUT;
use shared::sys::rlimit;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime};

const PROGRAM: &str = env!("CARGO_BIN_EXE_stage4-epoll-threads");
const STAGE: Stage = Stage::new(PROGRAM, 256, &[]);

#[test]
fn a_full_disk_costs_log_lines_and_not_the_server() -> Result<()> {
    writes_to_a_full_disk("--log")
}

#[test]
fn a_full_disk_costs_the_trace_and_not_the_server() -> Result<()> {
    writes_to_a_full_disk("--trace")
}

/// More rounds than pieces may wait to be written: if no thread took them away, another would wait.
fn writes_to_a_full_disk(flag: &str) -> Result<()> {
    const SAYS: &str = "No space left on device";
    let mut server = STAGE.start(&[flag, "/dev/full"])?;
    for _ in 0..50 {
        let mut client = Client::connect(server.address())?;
        for _ in 0..100 {
            client.fetch_ok("/")?;
        }
    }
    wait_until("it says that the disk is full", || Ok(server.stderr().contains(SAYS)))?;
    terminate(&mut server)?;
    let said = server.stderr();
    ensure!(said.matches(SAYS).count() == 1, "{said}");
    Ok(())
}

/// A table that grows later stops the thread that accepts: see `reserve_descriptors`.
#[test]
fn the_table_of_descriptors_has_its_size_before_the_first_client() -> Result<()> {
    let server = STAGE.start(&[])?;
    let limit = rlimit::raise_open_files()?;
    let places = process_usage::descriptor_places(server.pid())?;
    ensure!(places >= limit.min(10_000), "{places} places, and {limit} descriptors may be open");
    Ok(())
}

/// What a reader of a long response may cost, in KiB: what waits in its connection, its next piece, and
/// the pages of the program that are needed for the first time.
const LONG_RESPONSE: u64 = ((2 * MAX_OUTPUT as u64) >> 10) + (4 << 10);

#[test]
fn a_long_response_takes_little_memory_and_no_client_waits_for_it() -> Result<()> {
    // With one loop, other clients are served by the one that writes the long response.
    let server = STAGE.start(&["--threads", "1"])?;
    let (address, pid) = (server.address(), server.pid());
    Client::connect(address)?.fetch_ok("/count/1000").context("before")?;
    let (before, memory) = (ProcessUsage::at_rest(pid)?, process_usage::memory(pid)?);
    let mut greedy = TcpStream::connect(address)?;
    greedy.set_read_timeout(Some(TIMEOUT))?;
    greedy.write_all(b"GET /count/100000000 HTTP/1.1\r\nHost: h\r\n\r\n")?;
    let mut piece = vec![0; 64 << 10];
    // 25 MiB of nearly a GiB: several times what is allowed.
    for _ in 0..400 {
        greedy.read_exact(&mut piece)?;
        serves(address)?;
        let more = process_usage::memory(pid)?.saturating_sub(memory);
        ensure!(more <= LONG_RESPONSE, "{more} KiB more; {LONG_RESPONSE} are allowed");
    }
    // The client leaves in the midst of its response.
    drop(greedy);
    serves(address)?;
    before.wait_for(pid)
}

/// Dates before 1970 cannot be written as the wire wants them, and later than now they may not be told.
#[test]
fn a_file_may_be_of_any_time() -> Result<()> {
    let root = Folder::create()?;
    let day = Duration::from_secs(24 * 60 * 60);
    let server = STAGE.start(&["--root", root.path().to_str().context("a plain name")?])?;
    for (name, time) in [
        ("old", SystemTime::UNIX_EPOCH - day),
        ("new", SystemTime::now() + day),
        ("far", SystemTime::UNIX_EPOCH + 365 * 300 * day),
    ] {
        fs::File::create(root.join(name))?.set_modified(time)?;
        let body = Client::connect(server.address())?.fetch_ok(&format!("/{name}"))?;
        ensure!(body.is_empty(), "{name}: {} bytes", body.len());
    }
    Ok(())
}

#[test]
fn the_user_nobody_can_run_it() -> Result<()> {
    const NOBODY: u32 = 65534;
    if fs::metadata("/proc/self")?.uid() != 0 {
        println!("skipped: only root can run a program as another user");
        return Ok(());
    }
    let is_open = |path: &Path| fs::metadata(path).is_ok_and(|found| found.mode() & 1 != 0);
    if !Path::new(PROGRAM).ancestors().all(is_open) {
        println!("skipped: {PROGRAM} is not to be reached by every user");
        return Ok(());
    }
    let mut command = Command::new(PROGRAM);
    command.args(["--listen", "127.0.0.1:0"]).uid(NOBODY).gid(NOBODY).current_dir("/");
    let mut server = Server::announced(command, TIMEOUT)?;
    ensure!(fs::metadata(format!("/proc/{}", server.pid()))?.uid() == NOBODY, "another user");
    serves(server.address())?;
    terminate(&mut server).map(drop)
}

#[test]
fn an_address_that_others_can_reach_is_warned_of() -> Result<()> {
    let mut open = STAGE.start_on("0.0.0.0:0", &[])?;
    wait_until("a warning", || Ok(open.stderr().contains("warning: 0.0.0.0:")))?;
    terminate(&mut open)?;
    let mut closed = STAGE.start_on("127.0.0.1:0", &[])?;
    terminate(&mut closed)?;
    ensure!(closed.stderr().is_empty(), "{}", closed.stderr());
    Ok(())
}
