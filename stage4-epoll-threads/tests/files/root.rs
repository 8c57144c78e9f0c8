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
use std::time::{Duration, Instant};

/// No response to a request that was sent so long after a deployment is an old one, however busy the machine is.
const FRESH: Duration = Duration::from_secs(2);

fn await_response(server: &Server, is_new: impl Fn(&Response) -> bool) -> Result<()> {
    let replaced = Instant::now();
    wait_until("the new root counts", || {
        let asked = replaced.elapsed();
        let response = get(server, "/version")?;
        ensure!(is_new(&response) || asked < FRESH, "after {asked:?}: {}", response.head);
        Ok(is_new(&response))
    })
}

fn await_version(server: &Server, version: &str) -> Result<()> {
    await_response(server, |response| response.body == version.as_bytes())
}

/// The root is missing, as it is for a moment in a deployment: a client should not take that for the end of a file.
fn await_nothing(server: &Server) -> Result<()> {
    await_response(server, |response| response.status == 503)?;
    let other = get(server, "/index.html")?;
    ensure!(other.status == 503 && other.field("retry-after")? == "1", "{}", other.head);
    Ok(())
}

#[test]
fn a_root_that_was_replaced_is_served_and_nothing_that_was_kept_of_the_old_one() -> Result<()> {
    let folder = Folder::create()?;
    let (www, spare) = (folder.join("www"), folder.join("spare"));
    site(&folder.join("v1"), "v1")?;
    symlink("v1", &www)?;
    let server = start(&www, &[])?;
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
    // The folder is taken away, a file stands in its place, and it is brought back.
    fs::rename(&www, &spare)?;
    await_nothing(&server)?;
    fs::write(&www, "a file")?;
    await_nothing(&server)?;
    fs::remove_file(&www)?;
    fs::rename(&spare, &www)?;
    await_version(&server, "v4")
}

#[test]
fn what_is_cached_is_served_while_the_root_is_missing_for_a_moment() -> Result<()> {
    let folder = Folder::create()?;
    let (www, spare) = (folder.join("www"), folder.join("spare"));
    site(&www, "v1")?;
    let server = start(&www, &NEVER_OLD)?;
    await_version(&server, "v1")?;
    fs::rename(&www, &spare)?;
    ensure!(get(&server, "/version")?.body == b"v1", "cached");
    ensure!(get(&server, "/index.html")?.status == 503, "not cached");
    fs::rename(&spare, &www)?;
    ensure!(get(&server, "/index.html")?.body == b"v1", "there again");
    Ok(())
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
