//! Which processes serve an address of this machine: those that hold a socket which listens there. One glance at
//! proc(5) finds a server that another person wrote and started, in any language.

use super::sock_diag::{TcpSocket, TcpState, of_port};
use super::tree;
use anyhow::{Context, Result, bail, ensure};
use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::path::Path;
use std::process;

/// The processes of a server: the one that was started for it, or those that [listen](listening_on) at `address`.
///
/// # Errors
/// As [`listening_on`].
pub fn serving(started: Option<u32>, address: SocketAddr) -> Result<Vec<u32>> {
    started.map_or_else(|| listening_on(address), |pid| Ok(vec![pid]))
}

/// The processes that hold the listening sockets of `address`, this one apart. The workers of a pre-fork server hold
/// the same socket as the process that forked them; with SO_REUSEPORT each has a socket of its own.
///
/// # Errors
/// That they cannot be seen, and why: another machine, another user's processes, a container.
pub fn listening_on(address: SocketAddr) -> Result<Vec<u32>> {
    ensure!(is_here(address.ip()), "the server is on another machine");
    let listeners = listeners(address)?;
    let Some(first) = listeners.first() else {
        bail!("nothing listens there, or in another network namespace, such as a container's");
    };
    let inodes: Vec<_> = listeners.iter().map(|listener| listener.inode).collect();
    let (mut holders, hidden) = holders(&inodes);
    // A supervisor such as systemd may have opened the socket for its child process: what else runs below it is no
    // part of the server.
    if holders.len() > 1 {
        holders.retain(|pid| *pid != 1);
    }
    if holders.is_empty() && hidden {
        bail!("the server belongs to user {}; run bench as that user, or as root", first.uid);
    }
    ensure!(!holders.is_empty(), "the server is in another PID namespace, such as a container's");
    Ok(holders)
}

/// The names of the processes below `roots`: `nginx (3 processes)`.
pub fn names(roots: &[u32]) -> String {
    let mut counts = BTreeMap::new();
    for pid in tree::all(roots) {
        let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
        *counts.entry(name.trim().to_owned()).or_insert(0) += 1;
    }
    let named = counts.iter().map(|(name, count)| match count {
        1 => name.clone(),
        many => format!("{name} ({many} processes)"),
    });
    named.collect::<Vec<_>>().join(", ")
}

/// Whether this machine has the address: a socket can be bound to it.
fn is_here(ip: IpAddr) -> bool {
    ip.is_unspecified() || UdpSocket::bind((ip, 0)).is_ok()
}

/// The sockets that a connection to `address` may reach, by the kernel's preference: one that is bound to the
/// address comes before one that takes any, and an IPv6 socket may take IPv4 connections too.
fn listeners(address: SocketAddr) -> Result<Vec<TcpSocket>> {
    let all = of_port(TcpState::Listen, address);
    let all = all.context("the kernel, or a sandbox, does not tell which sockets listen")?;
    let is_exact = |socket: &TcpSocket| socket.ip.to_canonical() == address.ip().to_canonical();
    let (exact, mut others): (Vec<_>, Vec<_>) = all.into_iter().partition(is_exact);
    others.retain(|socket| socket.ip.is_unspecified());
    Ok(if exact.is_empty() { others } else { exact })
}

/// The processes with one of these sockets among their open files, and whether there are others that may not be
/// looked into.
fn holders(inodes: &[u32]) -> (Vec<u32>, bool) {
    let names: Vec<_> = inodes.iter().map(|inode| format!("socket:[{inode}]")).collect();
    let holds = |link: &Path| {
        fs::read_link(link)
            .is_ok_and(|name| names.iter().any(|one| name.as_os_str() == one.as_str()))
    };
    let (mut holders, mut hidden) = (Vec::new(), false);
    for folder in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(pid) = folder.file_name().to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        match fs::read_dir(folder.path().join("fd")) {
            Ok(files) => {
                if pid != process::id() && files.flatten().any(|file| holds(&file.path())) {
                    holders.push(pid);
                }
            }
            Err(error) => hidden |= error.kind() == ErrorKind::PermissionDenied,
        }
    }
    holders.sort_unstable();
    (holders, hidden)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{BufRead, BufReader};
    use std::net::TcpListener;
    use std::process::{Child, Command, Stdio};

    /// A process that inherits a listening socket, as the workers of a pre-fork server do. It says when it runs.
    fn inheriting(listener: TcpListener) -> Child {
        let mut command = Command::new("sh");
        command.args(["-c", "echo ready; read line; true"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        // Standard error stands for any descriptor that is passed on.
        let mut child =
            command.stderr(Stdio::from(std::os::fd::OwnedFd::from(listener))).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        child
    }

    #[test]
    fn a_server_is_found_by_its_socket() {
        for bound in ["127.0.0.1:0", "0.0.0.0:0", "[::1]:0", "[::]:0"] {
            let Ok(listener) = TcpListener::bind(bound) else { continue };
            let port = listener.local_addr().unwrap().port();
            let mut child = inheriting(listener);
            let host = if bound == "[::1]:0" { "[::1]" } else { "127.0.0.1" };
            let address = format!("{host}:{port}").parse().unwrap();
            // Another test may be starting a program: between fork(2) and execve(2) that has the listener too.
            let is_found = |_| listening_on(address).unwrap() == [child.id()];
            assert!((0..100).any(is_found), "{bound}: {:?}", listening_on(address));
            assert!(names(&[child.id()]).starts_with("sh"), "{}", names(&[child.id()]));
            drop(child.stdin.take());
            child.wait().unwrap();
            assert!(listening_on(address).is_err(), "{bound}: the server has gone");
        }
    }

    #[test]
    fn another_machine_is_called_so() {
        // An address for documentation (RFC 5737): no machine has it.
        let error = listening_on("192.0.2.1:80".parse().unwrap()).unwrap_err();
        assert!(error.to_string().contains("another machine"), "{error}");
    }
}
