//! Which names lead to which files, and directories to their index.

use super::{ask, get, site, start};
use anyhow::{Result, ensure};
use bench::tools::Folder;
use std::fs;
use std::os::unix::fs::symlink;

#[test]
fn a_directory_is_redirected_to_with_its_query_and_never_to_another_host() -> Result<()> {
    let folder = Folder::create()?;
    ["d", ".well-known", "with space"]
        .iter()
        .try_for_each(|name| site(&folder.join(name), "v1"))?;
    let server = start(folder.path(), &[])?;
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
            let response = ask(&server, method, target, "")?;
            ensure!(response.status == 301, "{method} {target}: {}", response.head);
            ensure!(
                response.field("location")? == location,
                "{method} {target}: {}",
                response.head
            );
        }
    }
    for target in ["//evil.example", "//d", "/%2Fd", "/x/..//d", "/d%2F..%2Fd", "/%5Cevil.example"]
    {
        ensure!(get(&server, target)?.status == 404, "{target}");
    }
    Ok(())
}

#[test]
fn a_directory_refuses_other_methods_and_is_none_without_an_index() -> Result<()> {
    let folder = Folder::create()?;
    site(&folder.join("d"), "v1")?;
    fs::create_dir(folder.join("empty"))?;
    fs::create_dir_all(folder.join("nested/index.html"))?;
    let server = start(folder.path(), &[])?;
    for target in ["/d", "/d?x", "/d/", "/d/version"] {
        for (method, status) in
            [("POST", 405), ("PUT", 405), ("DELETE", 405), ("TRACE", 405), ("OPTIONS", 204)]
        {
            let response = ask(&server, method, target, "")?;
            ensure!(response.status == status, "{method} {target}: {}", response.head);
            ensure!(response.field("allow")? == "GET, HEAD, OPTIONS", "{method} {target}");
        }
    }
    for target in ["/empty", "/nested", "/nested/"] {
        for method in ["POST", "GET"] {
            let response = ask(&server, method, target, "")?;
            ensure!(
                response.status == 404,
                "{method} {target}, without an index: {}",
                response.head
            );
        }
    }
    Ok(())
}

#[test]
fn only_what_lies_below_the_root_is_served_and_of_dot_files_the_well_known() -> Result<()> {
    let folder = Folder::create()?;
    let www = folder.join("www");
    for name in
        ["", ".well-known", ".well-knowns", "sub/.well-known", ".git", ".well-known/.hidden"]
    {
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
        ("/.well-knowns/version", 404),
        ("/.git/version", 404),
        ("//version", 404),
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
