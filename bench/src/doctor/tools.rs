//! Programs that make a run tell more. None is needed.

use super::Finding;
use std::env;
use std::path::PathBuf;

/// Name, what it is for, and Debian's package.
const TOOLS: [(&str, &str, &str); 7] = [
    ("nginx", "a server to stand beside", "nginx-light"),
    ("wrk", "a second opinion on req/s", "wrk"),
    ("strace", "system calls per request", "strace"),
    ("perf", "which kernel functions cost", "linux-perf"),
    ("haproxy", "a balancer for `bench fleet`", "haproxy"),
    ("h2o", "another server to stand beside", "h2o"),
    ("lighttpd", "another server to stand beside", "lighttpd"),
];

/// One finding for each.
pub fn all() -> Vec<Finding> {
    let of = |(name, purpose, package): (&'static str, &str, &str)| match find(name) {
        Some(path) => Finding::fine(name, format!("{} ({purpose})", path.display())),
        None => Finding::note(
            name,
            format!("not installed ({purpose})"),
            format!("on Debian or Ubuntu: apt-get install {package}"),
        ),
    };
    TOOLS.into_iter().map(of).collect()
}

/// Where a program is installed, if it is. Debian puts servers where a user's PATH does not lead.
pub fn find(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .chain(["/usr/sbin".into(), "/usr/local/sbin".into()])
        .map(|folder| folder.join(name))
        .find(|program| program.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_is_found_and_what_is_not_has_a_remedy() {
        assert!(find("sh").is_some_and(|path| path.is_absolute()));
        assert_eq!(find("no-such-program"), None);
        assert_eq!(all().len(), TOOLS.len());
    }
}
