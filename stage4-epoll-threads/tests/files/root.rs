//! Another root takes the place of the first.

use super::{NEVER_OLD, PATIENT, PROGRAM, Response, get, pattern, send, site, start};
use anyhow::{Result, ensure};
use bench::resilience::{TIMEOUT, wait_until};
use bench::targets::server::Server;
use bench::tools::Folder;
use std::fs;
use std::io::Read;
use std::os::unix::fs::symlink;
use std::process::Command;

fn await_version(server: &Server, version: &str) -> Result<()> {
    let is_there = || Ok(get(server, "/version")?.body == version.as_bytes());
    wait_until(&format!("{version} is served"), is_there)
}

fn await_nothing(server: &Server) -> Result<()> {
    wait_until("nothing is served", || Ok(get(server, "/version")?.status == 404))
}

#[test]
fn a_root_that_was_replaced_is_served_and_nothing_that_was_kept_of_the_old_one() -> Result<()> {
    let folder = Folder::create()?;
    let (www, spare) = (folder.join("www"), folder.join("spare"));
    site(&folder.join("v1"), "v1")?;
    symlink("v1", &www)?;
    let server = start(&www, &NEVER_OLD)?;
    await_version(&server, "v1")?;
    // A symbolic link is switched.
    site(&folder.join("v2"), "v2")?;
    symlink("v2", &spare)?;
    fs::rename(&spare, &www)?;
    await_version(&server, "v2")?;
    // A folder is renamed to be in its place.
    site(&spare, "v3")?;
    fs::remove_file(&www)?;
    fs::rename(&spare, &www)?;
    await_version(&server, "v3")?;
    // The folder is deleted, and made again after a while.
    fs::remove_dir_all(&www)?;
    await_nothing(&server)?;
    site(&www, "v4")?;
    await_version(&server, "v4")?;
    // The folder is taken away, and brought back.
    fs::rename(&www, &spare)?;
    await_nothing(&server)?;
    fs::rename(&spare, &www)?;
    await_version(&server, "v4")
}

#[test]
fn a_relative_root_is_found_where_the_working_directory_was_replaced() -> Result<()> {
    let folder = Folder::create()?;
    let current = folder.join("current");
    site(&current.join("www"), "v1")?;
    let mut command = Command::new(PROGRAM);
    command.args(["--listen", "127.0.0.1:0", "--root", "www"]).current_dir(&current);
    let server = Server::announced(command, TIMEOUT)?;
    await_version(&server, "v1")?;
    fs::rename(&current, folder.join("old"))?;
    site(&current.join("www"), "v2")?;
    await_version(&server, "v2")
}

#[test]
fn a_file_of_the_old_root_is_sent_to_its_end() -> Result<()> {
    let folder = Folder::create()?;
    let (www, content) = (folder.join("www"), pattern(20 << 20));
    site(&www, "v1")?;
    fs::write(www.join("huge"), &content)?;
    let server = start(&www, &PATIENT)?;
    let (mut client, mut bytes) = (send(&server, "GET", "/huge", "")?, vec![0; 1 << 20]);
    client.read_exact(&mut bytes)?;
    fs::remove_dir_all(&www)?;
    site(&www, "v2")?;
    await_version(&server, "v2")?;
    client.read_to_end(&mut bytes)?;
    let body = Response::parse(&bytes)?.body;
    ensure!(body == content, "{} of {} bytes, or others", body.len(), content.len());
    Ok(())
}
