//! Files below one directory: openat2(2), and sendfile(2) from a file to a socket.

use super::faults::moving;
use super::{Socket, check, retry};
use std::ffi::{CStr, CString};
use std::fs::{File, Metadata};
use std::io;
use std::ops::Range;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// A directory that nothing is opened outside of.
#[derive(Debug)]
pub struct Directory(File);

impl Directory {
    /// Opens it as a point to start from, without reading it (O_PATH).
    pub fn open(path: &Path) -> io::Result<Self> {
        let path = CString::new(path.as_os_str().as_bytes())?;
        open_at(libc::AT_FDCWD, &path, libc::O_PATH | libc::O_DIRECTORY)
            .map(|directory| Self(directory.into()))
    }

    /// What fstat(2) says of it.
    pub fn metadata(&self) -> io::Result<Metadata> {
        self.0.metadata()
    }

    /// Opens `path`, relative and without a leading slash, for reading. The kernel itself refuses any
    /// way out, be it `..` or a symbolic link (RESOLVE_BENEATH). O_NONBLOCK: opening a FIFO does not wait for a writer.
    pub fn open_file(&self, path: &[u8]) -> io::Result<File> {
        let path = CString::new(path)?;
        let mut opened = self.open_beneath(&path);
        for _ in 0..TRIES {
            match &opened {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    opened = self.open_beneath(&path);
                }
                _ => break,
            }
        }
        match opened {
            // Before Linux 5.6, and in some sandboxes, the call does not exist.
            Err(error) if matches!(error.raw_os_error(), Some(libc::ENOSYS | libc::EPERM)) => {
                self.open_by_steps(path.to_bytes())
            }
            result => result,
        }
        .map(File::from)
    }

    fn open_beneath(&self, path: &CStr) -> io::Result<OwnedFd> {
        // SAFETY: open_how is plain data, for which all zeroes is a value.
        let mut how: libc::open_how = unsafe { std::mem::zeroed() };
        how.flags = FLAGS as u64;
        how.resolve = libc::RESOLVE_BENEATH | libc::RESOLVE_NO_MAGICLINKS;
        // SAFETY: `path` ends in NUL, and `how` is of the size that is told.
        let fd = retry(|| unsafe {
            let size = size_of_val(&how);
            libc::syscall(
                libc::SYS_openat2,
                self.0.as_raw_fd(),
                path.as_ptr(),
                &raw const how,
                size,
            ) as isize
        })?;
        // SAFETY: openat2 returned a new descriptor, owned by nobody else.
        Ok(unsafe { OwnedFd::from_raw_fd(fd as RawFd) })
    }

    /// The same without openat2: one segment at a time, following no symbolic link at all.
    fn open_by_steps(&self, path: &[u8]) -> io::Result<OwnedFd> {
        let mut at = OwnedFd::from(self.0.try_clone()?);
        let mut segments = path.split(|&byte| byte == b'/').peekable();
        while let Some(segment) = segments.next() {
            if segment == b".." {
                return Err(io::ErrorKind::NotFound.into());
            }
            let last = segments.peek().is_none();
            let flags = if last { FLAGS } else { libc::O_PATH | libc::O_DIRECTORY };
            at = open_at(at.as_raw_fd(), &CString::new(segment)?, flags | libc::O_NOFOLLOW)?;
        }
        Ok(at)
    }
}

/// Tries at a path with `..` in a symbolic link while something is renamed: openat2 then says EAGAIN.
const TRIES: usize = 8;

const FLAGS: libc::c_int = libc::O_RDONLY | libc::O_CLOEXEC | libc::O_NONBLOCK | libc::O_NOCTTY;

fn open_at(directory: RawFd, path: &CStr, flags: libc::c_int) -> io::Result<OwnedFd> {
    // SAFETY: `path` ends in NUL.
    let fd = retry(|| unsafe {
        libc::openat(directory, path.as_ptr(), flags | libc::O_CLOEXEC) as isize
    })?;
    // SAFETY: openat returned a new descriptor, owned by nobody else.
    Ok(unsafe { OwnedFd::from_raw_fd(fd as RawFd) })
}

impl Socket {
    /// Sends at most `count` bytes of `file` from `offset`, without a copy through user space.
    /// `Ok(0)`: the file ends before `offset`.
    pub fn send_file(&self, file: BorrowedFd<'_>, offset: u64, count: usize) -> io::Result<usize> {
        let mut offset = libc::off_t::try_from(offset).map_err(|_| io::ErrorKind::InvalidInput)?;
        let (socket, file) = (self.as_fd().as_raw_fd(), file.as_raw_fd());
        retry(|| {
            moving(count, |count| {
                // SAFETY: `offset` is valid for reading and writing during the call.
                unsafe { libc::sendfile(socket, file, &raw mut offset, count) }
            })
        })
    }

    /// Like [`Socket::write`], with the word that more follows at once (MSG_MORE in send(2)): the
    /// kernel then does not send a small packet for the head of a file alone.
    pub fn write_with_more_to_come(&self, bytes: &[u8]) -> io::Result<usize> {
        let (socket, flags) = (self.as_fd().as_raw_fd(), libc::MSG_MORE | libc::MSG_NOSIGNAL);
        retry(|| {
            moving(bytes.len(), |length| {
                // SAFETY: the kernel reads at most `length` bytes from `bytes`, which has as many or more.
                unsafe { libc::send(socket, bytes.as_ptr().cast(), length, flags) }
            })
        })
    }
}

/// The clock that the kernel takes file times from, in seconds and nanoseconds since 1970: it stands still between
/// two ticks, up to 10 ms (CLOCK_REALTIME_COARSE in clock_gettime(2)).
pub fn file_clock() -> io::Result<(i64, i64)> {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `now` is valid for writing.
    check(unsafe { libc::clock_gettime(libc::CLOCK_REALTIME_COARSE, &raw mut now) })?;
    Ok((now.tv_sec, now.tv_nsec))
}

/// Whether a range of a file can be had without waiting for a disk, as far as its first and its last byte
/// tell (RWF_NOWAIT in preadv2(2)). What was thrown out of the page cache between them is not seen.
pub fn is_cached(file: BorrowedFd<'_>, range: Range<u64>) -> bool {
    [range.start, range.end.saturating_sub(1)].into_iter().all(|offset| has_byte(file, offset))
}

fn has_byte(file: BorrowedFd<'_>, offset: u64) -> bool {
    let mut byte = [0_u8; 1];
    let buffer = libc::iovec { iov_base: byte.as_mut_ptr().cast(), iov_len: 1 };
    let Ok(offset) = libc::off_t::try_from(offset) else { return true };
    // SAFETY: `buffer` describes `byte`, one byte that is valid for writing.
    let read = retry(|| unsafe {
        libc::preadv2(file.as_raw_fd(), &raw const buffer, 1, offset, libc::RWF_NOWAIT)
    });
    // Only "not without waiting" is a no: file systems that cannot tell are taken for fast.
    !read.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    fn tree(name: &str) -> std::path::PathBuf {
        let root = std::env::temp_dir().join(format!("sys-file-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&root);
        fs::create_dir_all(root.join("inside/deep")).unwrap();
        fs::write(root.join("secret"), "outside").unwrap();
        fs::write(root.join("inside/deep/file"), "inside").unwrap();
        symlink("../secret", root.join("inside/relative")).unwrap();
        symlink("/etc/passwd", root.join("inside/absolute")).unwrap();
        root
    }

    #[test]
    fn nothing_outside_is_opened_with_openat2_or_without() {
        let root = tree("beneath");
        let directory = Directory::open(&root.join("inside")).unwrap();
        let by_steps = |path: &str| directory.open_by_steps(path.as_bytes()).is_ok();
        for path in
            ["../secret", "deep/../../secret", "relative", "absolute", "/etc/passwd", "missing"]
        {
            assert!(directory.open_file(path.as_bytes()).is_err(), "{path}");
            assert!(!by_steps(path), "{path}, by steps");
        }
        assert!(directory.open_file(b"deep/file").is_ok() && by_steps("deep/file"));
        fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn what_was_thrown_out_of_the_page_cache_is_not_cached_until_it_is_read() {
        use std::os::unix::fs::FileExt;
        let path = std::env::temp_dir().join(format!("sys-file-{}-cold", std::process::id()));
        fs::write(&path, vec![b'x'; 1 << 20]).unwrap();
        let file = File::open(&path).unwrap();
        assert!(is_cached(file.as_fd(), 0..1 << 20));
        file.sync_all().unwrap();
        // SAFETY: a plain call on a descriptor that we own.
        unsafe { libc::posix_fadvise(file.as_raw_fd(), 0, 0, libc::POSIX_FADV_DONTNEED) };
        // In memory alone (tmpfs) there is nothing to throw out; elsewhere reading brings it back.
        if !is_cached(file.as_fd(), 0..1 << 20) {
            file.read_at(&mut vec![0; 1 << 20], 0).unwrap();
            assert!(is_cached(file.as_fd(), 0..1 << 20));
        }
        fs::remove_file(path).unwrap();
    }
}
