//! What is kept in memory and kept open, and for how long.

use super::{LARGE, NEVER_OLD, PROGRAM, get, pattern, start};
use anyhow::{Context, Result, ensure};
use bench::resilience::client::Client;
use bench::resilience::{TIMEOUT, wait_until};
use bench::targets::server::Server;
use bench::tools::Folder;
use std::fs;
use std::process::Command;

fn large_files(folder: &Folder, count: usize) -> Result<()> {
    let write = |number| fs::write(folder.join(&format!("large{number}")), pattern(LARGE));
    Ok((0..count).try_for_each(write)?)
}

#[test]
fn a_large_file_that_was_deleted_is_closed_without_a_request() -> Result<()> {
    let folder = Folder::create()?;
    large_files(&folder, 1)?;
    let server = start(folder.path(), &NEVER_OLD)?;
    let descriptors = format!("/proc/{}/fd", server.pid());
    let is_open = || -> Result<bool> {
        let targets = fs::read_dir(&descriptors)?.map(|entry| fs::read_link(entry?.path()));
        Ok(targets.flatten().any(|target| target.to_string_lossy().contains("/large0")))
    };
    // A file that was written just now is not kept yet.
    let is_kept = || get(&server, "/large0").and_then(|_| is_open());
    wait_until("it is kept open", is_kept)?;
    fs::remove_file(folder.join("large0"))?;
    wait_until("it is closed", || Ok(!is_open()?))
}

#[test]
fn large_files_do_not_push_small_ones_out_of_memory() -> Result<()> {
    let folder = Folder::create()?;
    large_files(&folder, 140)?;
    fs::write(folder.join("small"), "old")?;
    let server = start(folder.path(), &NEVER_OLD)?;
    get(&server, "/small")?;
    fs::write(folder.join("small"), "new")?;
    for number in 0..140 {
        ensure!(get(&server, &format!("/large{number}"))?.body.len() == LARGE, "{number}");
        ensure!(get(&server, "/small")?.body == b"old", "read again, after {number} large ones");
    }
    Ok(())
}

#[test]
fn large_files_leave_descriptors_for_connections_where_there_are_few() -> Result<()> {
    let folder = Folder::create()?;
    large_files(&folder, 100)?;
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -n 64; exec \"$0\" \"$@\"", PROGRAM, "--threads", "1"]);
    command.args(["--listen", "127.0.0.1:0", "--root"]).arg(folder.path());
    let server = Server::announced(command, TIMEOUT)?;
    for number in 0..100 {
        let response = get(&server, &format!("/large{number}"))?;
        ensure!(response.body.len() == LARGE, "large file {number}: {}", response.head);
    }
    // Each client keeps its connection.
    let mut clients = Vec::new();
    for number in 0..30 {
        let mut client = Client::connect(server.address())?;
        client.fetch_ok("/large0").with_context(|| format!("client {number}"))?;
        clients.push(client);
    }
    Ok(())
}
