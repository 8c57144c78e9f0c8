//! What is kept in memory and kept open, and for how long.

use super::{Folder, LARGE, NEVER_OLD, PROGRAM, get, pattern, start, wait_until};
use anyhow::{Context, Result, ensure};
use bench::resilience::PATIENCE;
use bench::resilience::client::Client;
use bench::targets::server::Server;
use std::fs;
use std::process::Command;

fn large_files(folder: &Folder, count: usize) -> Result<()> {
    let write = |number| fs::write(folder.join(&format!("large{number}")), pattern(LARGE));
    Ok((0..count).try_for_each(write)?)
}

#[test]
fn a_large_file_that_was_deleted_is_closed_though_nobody_asks_for_anything() -> Result<()> {
    let folder = Folder::create("deleted")?;
    large_files(&folder, 1)?;
    let server = start(&folder.0, &NEVER_OLD)?;
    let descriptors = format!("/proc/{}/fd", server.pid());
    let is_open = || -> Result<bool> {
        let targets = fs::read_dir(&descriptors)?.map(|entry| fs::read_link(entry?.path()));
        Ok(targets.flatten().any(|target| target.to_string_lossy().contains("/large0")))
    };
    // A file that was written just now is not kept yet.
    let is_kept = || get(&server, "/large0").and_then(|_| is_open());
    wait_until(is_kept).context("it is never kept open")?;
    fs::remove_file(folder.join("large0"))?;
    wait_until(|| Ok(!is_open()?)).context("it stays open")
}

#[test]
fn large_files_do_not_push_small_ones_out_of_memory() -> Result<()> {
    let folder = Folder::create("pushed")?;
    large_files(&folder, 140)?;
    fs::write(folder.join("small"), "old")?;
    let server = start(&folder.0, &NEVER_OLD)?;
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
    let folder = Folder::create("few")?;
    large_files(&folder, 100)?;
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -n 64; exec \"$0\" \"$@\"", PROGRAM, "--threads", "1"]);
    command.args(["--listen", "127.0.0.1:0", "--root"]).arg(&folder.0);
    let server = Server::announced(command, PATIENCE)?;
    for number in 0..100 {
        let answer = get(&server, &format!("/large{number}"))?;
        ensure!(answer.body.len() == LARGE, "large file {number}: {}", answer.head);
    }
    // They keep their connections.
    let mut clients = Vec::new();
    for number in 0..30 {
        let mut client = Client::connect(server.address())?;
        ensure!(client.ask("/large0")?.0 == 200, "client {number}");
        clients.push(client);
    }
    Ok(())
}
