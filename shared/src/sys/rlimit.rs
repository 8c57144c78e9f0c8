//! The limit of open descriptors of a process: getrlimit(2). A first reading may skip it.

use super::{check, new_descriptor};
use std::io;
use std::os::fd::{AsFd, AsRawFd};

/// Raises the soft limit of open descriptors to the hard limit, as any process may, and returns the limit. Where it
/// cannot be raised it stays as it is: the hard limit is above fs.nr_open, or a sandbox forbids the change.
///
/// # Errors
/// A sandbox forbids even to look.
pub fn raise_open_files() -> io::Result<u64> {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: `limit` is valid for writing.
    check(unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) })?;
    Ok(raise(limit, |limit| {
        // SAFETY: `limit` is valid for reading.
        check(unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, limit) })
    }))
}

/// The soft limit, after `set` was asked to raise it.
fn raise(limit: libc::rlimit, set: impl FnOnce(&libc::rlimit) -> io::Result<()>) -> u64 {
    let raised = libc::rlimit { rlim_cur: limit.rlim_max, ..limit };
    let is_raised = limit.rlim_cur < limit.rlim_max && set(&raised).is_ok();
    if is_raised { raised.rlim_cur } else { limit.rlim_cur }
}

/// Has the kernel make the table of this process's descriptors large enough for `count` of them; the kernel never
/// shrinks it. Call it before there is a second thread. `any` is some open descriptor.
///
/// By itself the table begins with 64 places and doubles when it is full. Where several threads share it, growing
/// waits until no core can be looking at the old table any more (`synchronize_rcu` in the kernel's `fs/file.c`):
/// some 10 ms inside accept(2), and an event loop that is stopped there answers no client meanwhile.
///
/// # Errors
/// `count` is above the limit.
pub fn reserve_descriptors(any: impl AsFd, count: u32) -> io::Result<()> {
    let highest = count.saturating_sub(1).try_into().unwrap_or(libc::c_int::MAX);
    let any = any.as_fd().as_raw_fd();
    // SAFETY: fcntl takes no pointers here. It returns a new descriptor, the lowest from `highest` on; closed at once.
    unsafe { new_descriptor(|| libc::fcntl(any, libc::F_DUPFD_CLOEXEC, highest)) }.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_that_cannot_be_raised_stays() {
        let limit = libc::rlimit { rlim_cur: 1024, rlim_max: 4096 };
        let forbidden = |_: &_| Err(io::Error::from_raw_os_error(libc::EPERM));
        assert_eq!(raise(limit, forbidden), 1024);
        assert_eq!(raise(limit, |_| Ok(())), 4096);
    }
}
