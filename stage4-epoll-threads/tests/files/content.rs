//! A file gets another content, in place, of the same size and with its time set back: rsync and git do that.

use super::{LARGE, NEVER_OLD, PATIENT, Response, ask, get, send, start};
use anyhow::{Result, ensure};
use bench::resilience::client::serves;
use bench::resilience::wait_until;
use bench::tools::Folder;
use std::fs::{self, File, Permissions};
use std::io::{Read, Write};
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::Path;
use std::time::{Duration, SystemTime};

fn write(path: &Path, byte: u8, length: usize) -> Result<()> {
    let file = File::options().write(true).create(true).truncate(false).open(path)?;
    file.write_all_at(&vec![byte; length], 0)?;
    Ok(file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000))?)
}

const HUGE: usize = 50 << 20;

/// What a client gets of a huge file of ones that `edit` changes while it is sent.
fn edited_while_sent(edit: impl Fn(&Path) -> Result<()>) -> Result<Vec<u8>> {
    let folder = Folder::create()?;
    let path = folder.join("huge");
    write(&path, b'1', HUGE)?;
    let server = start(folder.path(), &PATIENT)?;
    let (mut client, mut bytes) = (send(&server, "GET", "/huge", "")?, vec![0; 1 << 20]);
    client.read_exact(&mut bytes)?;
    edit(&path)?;
    // The end may be a reset.
    let _ = client.read_to_end(&mut bytes);
    serves(server.address())?;
    Ok(Response::parse(&bytes)?.body)
}

#[test]
fn a_file_that_is_rewritten_while_it_is_sent_is_cut_short() -> Result<()> {
    for length in [HUGE, HUGE + 1, 2 * HUGE] {
        let body = edited_while_sent(|path| write(path, b'2', length))?;
        ensure!(body.len() < HUGE, "{length}: two versions in one, and nothing to notice it by");
    }
    Ok(())
}

/// As logs are, and as a log rotation and a deployment do.
#[test]
fn a_file_that_is_appended_to_or_renamed_while_it_is_sent_is_sent_as_it_was() -> Result<()> {
    let append = |path: &Path| Ok(File::options().append(true).open(path)?.write_all(b"more")?);
    let rename = |path: &Path| Ok(fs::rename(path, path.with_extension("old"))?);
    let protect = |path: &Path| Ok(fs::set_permissions(path, Permissions::from_mode(0o600))?);
    let edits: [fn(&Path) -> Result<()>; 3] = [append, rename, protect];
    for (number, edit) in edits.into_iter().enumerate() {
        let body = edited_while_sent(edit)?;
        ensure!(body == vec![b'1'; HUGE], "edit {number}: {} bytes", body.len());
    }
    Ok(())
}

#[test]
fn no_validator_lets_two_versions_be_put_together() -> Result<()> {
    let folder = Folder::create()?;
    write(&folder.join("large"), b'0', LARGE)?;
    let server = start(folder.path(), &NEVER_OLD)?;
    for version in b'1'..=b'9' {
        let first = ask(&server, "GET", "/large", "Range: bytes=0-9\r\n")?;
        let (date, tag) = (first.field("last-modified")?, first.field("etag")?);
        write(&folder.join("large"), version, LARGE)?;
        for validator in [tag, date, &format!("W/{tag}")] {
            let fields = format!("Range: bytes=10-19\r\nIf-Range: {validator}\r\n");
            let whole = ask(&server, "GET", "/large", &fields)?;
            ensure!(whole.status == 200, "{validator} is of another version: {}", whole.head);
            ensure!(whole.body == vec![version; LARGE], "not the last version");
            let known = ask(&server, "GET", "/large", &format!("If-None-Match: {tag}\r\n"))?;
            ensure!(known.status == 200, "{tag} is of another version: {}", known.head);
        }
    }
    Ok(())
}

#[test]
fn the_tag_of_a_file_that_does_not_change_is_good_for_the_rest_of_it() -> Result<()> {
    let folder = Folder::create()?;
    write(&folder.join("large"), b'0', LARGE)?;
    write(&folder.join("small"), b'0', 100)?;
    let server = start(folder.path(), &[])?;
    for path in ["/large", "/small"] {
        // The file may have been written too recently for its tag to last.
        let continues = || {
            let head = ask(&server, "HEAD", path, "Range: bytes=0-9\r\n")?;
            ensure!(
                head.status == 200 && head.body.is_empty(),
                "a range of nothing: {}",
                head.head
            );
            let fields = format!("Range: bytes=10-\r\nIf-Range: {}\r\n", head.field("etag")?);
            let rest = ask(&server, "GET", path, &fields)?;
            Ok(rest.status == 206 && rest.field("etag")? == head.field("etag")?)
        };
        wait_until(&format!("a part of {path}"), continues)?;
    }
    Ok(())
}

#[test]
fn a_file_that_is_cut_while_it_is_sent_ends_early() -> Result<()> {
    let body = edited_while_sent(|path| {
        File::options().write(true).open(path)?.set_len(LARGE as u64)?;
        Ok(())
    })?;
    ensure!(body.len() < HUGE, "{} bytes", body.len());
    Ok(())
}

#[test]
fn a_file_that_was_cut_is_served_as_it_is() -> Result<()> {
    let folder = Folder::create()?;
    write(&folder.join("large"), b'1', 2 * LARGE)?;
    let server = start(folder.path(), &NEVER_OLD)?;
    get(&server, "/large")?;
    File::options().write(true).open(folder.join("large"))?.set_len(LARGE as u64)?;
    let after = get(&server, "/large")?;
    ensure!(after.status == 200 && after.body.len() == LARGE, "{}", after.head);
    Ok(())
}
