//! Which names lead to which files, and directories to their index.

use super::{Folder, ask, get, site, start};
use anyhow::{Result, ensure};
use std::fs;
use std::os::unix::fs::symlink;

#[test]
fn a_directory_is_redirected_to_with_its_query_and_never_to_another_host() -> Result<()> {
    let folder = Folder::create("redirected")?;
    ["d", ".well-known", "with space"]
        .iter()
        .try_for_each(|name| site(&folder.join(name), "v1"))?;
    let server = start(&folder.0, &[])?;
    for (target, location) in [
        ("/d", "/d/"),
        ("/d?x=1&y=//evil.example", "/d/?x=1&y=//evil.example"),
        ("/d?", "/d/?"),
        ("/./x/../d?a?b", "/d/?a?b"),
        ("/with%20space?q=%20", "/with%20space/?q=%20"),
        ("/.well-known?x", "/.well-known/?x"),
        ("http://other.example/d?x", "/d/?x"),
    ] {
        for method in ["GET", "HEAD"] {
            let answer = ask(&server, method, target, "")?;
            ensure!(answer.status == 301, "{method} {target}: {}", answer.head);
            ensure!(answer.field("location")? == location, "{method} {target}: {}", answer.head);
        }
    }
    for target in ["//evil.example", "//d", "/%2Fd", "/x/..//d", "/d%2F..%2Fd", "/%5Cevil.example"]
    {
        ensure!(get(&server, target)?.status == 404, "{target}");
    }
    Ok(())
}

#[test]
fn a_directory_answers_other_methods_as_its_files_do() -> Result<()> {
    let folder = Folder::create("methods")?;
    site(&folder.join("d"), "v1")?;
    fs::create_dir(folder.join("empty"))?;
    let server = start(&folder.0, &[])?;
    for target in ["/d", "/d?x", "/d/", "/d/version"] {
        for (method, status) in
            [("POST", 405), ("PUT", 405), ("DELETE", 405), ("TRACE", 405), ("OPTIONS", 204)]
        {
            let answer = ask(&server, method, target, "")?;
            ensure!(answer.status == status, "{method} {target}: {}", answer.head);
            ensure!(answer.field("allow")? == "GET, HEAD, OPTIONS", "{method} {target}");
        }
    }
    ensure!(ask(&server, "POST", "/empty", "")?.status == 404, "without an index");
    Ok(())
}

#[test]
fn only_what_lies_below_the_root_is_served_and_of_dot_files_the_well_known() -> Result<()> {
    let folder = Folder::create("below")?;
    let www = folder.join("www");
    for name in ["", ".well-known", "sub/.well-known", ".git", ".well-known/.hidden"] {
        site(&www.join(name), "v1")?;
    }
    fs::write(folder.join("secret"), "secret")?;
    for (target, name) in [("../secret", "out"), ("..", "up"), ("version", "in")] {
        symlink(target, www.join(name))?;
    }
    let server = start(&www, &[])?;
    for (target, status) in [
        ("/version", 200),
        ("/in", 200),
        ("/sub/%2e%2E/version", 200),
        ("/.well-known/version", 200),
        ("/.well-known/.hidden/version", 404),
        ("/sub/.well-known/version", 404),
        ("/.git/version", 404),
        ("/out", 404),
        ("/up/secret", 404),
        ("/%2e%2e/secret", 400),
        ("/..%2fsecret", 404),
        ("/sub/%2e%2e%2f%2e%2e%2fsecret", 404),
    ] {
        ensure!(get(&server, target)?.status == status, "{target}");
    }
    Ok(())
}
