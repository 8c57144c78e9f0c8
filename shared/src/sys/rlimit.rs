//! How many descriptors a process may have open: getrlimit(2), and the table that they stand in.

use super::check;
use std::io;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};

/// Raises the soft limit of open descriptors to the hard one, as any process may, and returns it.
pub fn raise_open_files() -> io::Result<u64> {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: `limit` is valid for writing.
    check(unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) })?;
    if limit.rlim_cur < limit.rlim_max {
        limit.rlim_cur = limit.rlim_max;
        // SAFETY: `limit` is valid for reading.
        check(unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) })?;
    }
    Ok(limit.rlim_cur)
}

/// Has the kernel make the table of this process's descriptors large enough for `count` of them; it is never
/// made smaller again. Call it before there is a second thread.
///
/// By itself the table begins with 64 places and doubles when it is full. Where several threads share it, that
/// waits until no core can be looking at the old one any more (`synchronize_rcu` in the kernel's `fs/file.c`):
/// some 10 ms inside accept(2), and an event loop that is stopped there answers nobody meanwhile.
pub fn reserve_descriptors(any: impl AsFd, count: u32) -> io::Result<()> {
    let highest = count.saturating_sub(1).try_into().unwrap_or(libc::c_int::MAX);
    // The lowest free number that is not below `highest`: fcntl(2).
    // SAFETY: a plain call on a descriptor that is open.
    let fd =
        check(unsafe { libc::fcntl(any.as_fd().as_raw_fd(), libc::F_DUPFD_CLOEXEC, highest) })?;
    // SAFETY: fcntl returned a new descriptor, owned by nobody else. It is closed at once.
    drop(unsafe { OwnedFd::from_raw_fd(fd) });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_grows_once_and_stays() {
        let size = || -> usize {
            let status = std::fs::read_to_string("/proc/self/status").unwrap();
            let line = status.lines().find_map(|line| line.strip_prefix("FDSize:")).unwrap();
            line.trim().parse().unwrap()
        };
        let count = raise_open_files().unwrap().min(1000) as u32;
        reserve_descriptors(io::stderr(), count).unwrap();
        assert!(size() >= count as usize, "{} places for {count}", size());
        reserve_descriptors(io::stderr(), 1).unwrap();
        assert!(size() >= count as usize);
    }
}
