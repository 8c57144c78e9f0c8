//! What other modules borrow from the system: installed programs, a temporary folder, a free port, time to wait.

use crate::{args, proc};
use anyhow::{Context, Result};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use std::{env, fs, process, thread};

/// Cores that this process may use.
pub fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// The CPUs that a process may use, rising: `self`, or its number. `None` where `/proc` does not tell.
pub fn cpus(process: &str) -> Option<Vec<usize>> {
    allowed(&fs::read_to_string(format!("/proc/{process}/status")).ok()?)
}

fn allowed(status: &str) -> Option<Vec<usize>> {
    args::cpus(&proc::field::<String>(status, "Cpus_allowed_list:")?).ok()
}

/// Programs of other people that are used where they are installed: name, what for, and Debian's package.
pub const PROGRAMS: [(&str, &str, &str); 7] = [
    ("nginx", "a server to stand beside", "nginx-light"),
    ("h2o", "another server to stand beside", "h2o"),
    ("lighttpd", "another server to stand beside", "lighttpd"),
    ("haproxy", "a balancer for `bench check rolling-restart`", "haproxy"),
    ("wrk", "a second opinion on req/s", "wrk"),
    ("strace", "system calls per request", "strace"),
    ("perf", "which functions cost CPU time", "linux-perf"),
];

/// Where one of [`PROGRAMS`] is installed.
///
/// # Errors
/// When it is not; the error says how to install it.
pub fn require(name: &str) -> Result<PathBuf> {
    find(name).with_context(|| {
        let known = PROGRAMS.iter().find(|(program, ..)| *program == name);
        let package = known.map_or(name, |(.., package)| package);
        format!("{name} is not installed; on Debian or Ubuntu: apt-get install {package}")
    })
}

/// Where a program is installed, if it is. Debian puts servers where a user's PATH does not lead.
pub fn find(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .chain(["/usr/sbin".into(), "/usr/local/sbin".into()])
        .map(|folder| folder.join(name))
        .find(|program| program.is_file())
}

/// A port that is free now. Another process may take it before the server does, which then says so.
///
/// # Errors
/// When there is none.
pub fn free_port() -> Result<SocketAddr> {
    let probe = TcpListener::bind("127.0.0.1:0").context("no free port")?;
    Ok(probe.local_addr()?)
}

/// Looks again and again for what cannot be waited for, until it is there; `None` when it is not after `within`.
///
/// # Errors
/// When `look` fails.
pub fn poll<T>(within: Duration, mut look: impl FnMut() -> Result<Option<T>>) -> Result<Option<T>> {
    let deadline = Instant::now() + within;
    loop {
        let found = look()?;
        if found.is_some() || Instant::now() > deadline {
            return Ok(found);
        }
        thread::sleep(Duration::from_millis(1));
    }
}

/// A temporary folder of our own.
#[derive(Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// Creates it.
    ///
    /// # Errors
    /// When the temporary folder cannot be written.
    pub fn create() -> Result<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = env::temp_dir().join(format!("bench-{}-{number}", process::id()));
        // An existing one is an error: in a folder that all users share it could be a trap.
        fs::create_dir(&path).with_context(|| format!("cannot create {}", path.display()))?;
        Ok(Self(path))
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The path of a file in it.
    pub fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cpus_that_a_process_may_use() {
        assert_eq!(allowed("Name:\tx\nCpus_allowed_list:\t0,2-3\n").unwrap(), [0, 2, 3]);
        assert_eq!((allowed("Name:\tx\n"), allowed("Cpus_allowed_list:\t\n")), (None, None));
        assert!(cpus("self").unwrap().len() >= cores());
    }

    #[test]
    fn what_is_installed_is_found() {
        assert!(find("sh").is_some_and(|path| path.is_absolute()));
        assert_eq!(find("no-such-program"), None);
        assert!(require("no-such").unwrap_err().to_string().ends_with("apt-get install no-such"));
    }
}
