//! Files below one directory: openat2(2), and sendfile(2) from a file to a socket. A first reading may skip it.

use super::faults::transfer;
use super::{Socket, check, new_descriptor, retry};
use std::ffi::{CStr, CString};
use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// A directory that opens only files below it.
#[derive(Debug)]
pub struct Directory(File);

impl Directory {
    /// Opens it as a point to start from, without reading it (O_PATH).
    ///
    /// # Errors
    /// As open(2): there is no such directory, for one.
    pub fn open(path: &Path) -> io::Result<Self> {
        let flags = libc::O_PATH | libc::O_DIRECTORY;
        File::options().read(true).custom_flags(flags).open(path).map(Self)
    }

    /// Opens `path`, relative and without a leading slash, for reading. The kernel itself refuses any
    /// way out, be it `..` or a symbolic link (RESOLVE_BENEATH). O_NONBLOCK: opening a FIFO does not wait for a writer.
    ///
    /// # Errors
    /// As openat2(2): there is no such file, or the path leads outside.
    pub fn open_file(&self, path: &[u8]) -> io::Result<File> {
        let path = CString::new(path)?;
        let mut opened = self.open_beneath(&path);
        for _ in 0..TRIES {
            if !opened.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock) {
                break;
            }
            opened = self.open_beneath(&path);
        }
        match opened {
            // Before Linux 5.6, and in some sandboxes, the call does not exist.
            Err(error) if matches!(error.raw_os_error(), Some(libc::ENOSYS | libc::EPERM)) => {
                self.open_by_steps(path.to_bytes())
            }
            opened => opened,
        }
        .map(File::from)
    }

    fn open_beneath(&self, path: &CStr) -> io::Result<OwnedFd> {
        // SAFETY: open_how is plain data, for which all zeroes is a value.
        let mut how: libc::open_how = unsafe { std::mem::zeroed() };
        how.flags = FLAGS as u64;
        how.resolve = libc::RESOLVE_BENEATH | libc::RESOLVE_NO_MAGICLINKS;
        let (fd, how, size) = (self.0.as_raw_fd(), &raw const how, size_of_val(&how));
        // SAFETY: `path` ends in NUL, and `how` has `size` bytes. openat2 returns a new descriptor.
        unsafe {
            new_descriptor(|| {
                libc::syscall(libc::SYS_openat2, fd, path.as_ptr(), how, size) as RawFd
            })
        }
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
            let (directory, segment) = (at.as_raw_fd(), CString::new(segment)?);
            let flags = flags | libc::O_CLOEXEC | libc::O_NOFOLLOW;
            // SAFETY: `segment` ends in NUL. openat returns a new descriptor.
            at = unsafe { new_descriptor(|| libc::openat(directory, segment.as_ptr(), flags)) }?;
        }
        Ok(at)
    }
}

/// Tries at a path with `..` in a symbolic link while a directory is renamed: openat2 then fails with EAGAIN.
const TRIES: usize = 8;

const FLAGS: libc::c_int = libc::O_RDONLY | libc::O_CLOEXEC | libc::O_NONBLOCK | libc::O_NOCTTY;

impl Socket {
    /// Sends at most `count` bytes of `file`, of which there are some, from byte `offset`, without a copy through user space.
    ///
    /// # Errors
    /// As [`Socket::write`], and those of reading the file. UnexpectedEof: the file ends before `offset`. It has shrunk since
    /// its length was promised, and only the end of the connection can tell.
    pub fn send_file(&self, file: BorrowedFd<'_>, offset: u64, count: usize) -> io::Result<usize> {
        let mut offset = libc::off_t::try_from(offset).map_err(|_| io::ErrorKind::InvalidInput)?;
        let sent = transfer(count, |count| {
            // SAFETY: `offset` is valid for reading and writing during the call.
            unsafe { libc::sendfile(self.raw(), file.as_raw_fd(), &raw mut offset, count) }
        })?;
        if sent == 0 { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(sent) }
    }
}

/// Whether a range of a file can be read without waiting for a disk, as far as its first and its last byte
/// tell (RWF_NOWAIT in preadv2(2)). Pages between them that left the page cache are not noticed.
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
    // Only WouldBlock means no: file systems that do not support the flag are taken for fast.
    !read.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
}

/// Each write to `file` appends to it from now on (O_APPEND in open(2)), of every program that has inherited it.
///
/// # Errors
/// That of fcntl(2).
pub fn append_from_now_on(file: &File) -> io::Result<()> {
    // SAFETY: fcntl takes no pointers here.
    let flags = retry(|| unsafe { libc::fcntl(file.as_raw_fd(), libc::F_GETFL) } as isize)?;
    let flags = flags as libc::c_int | libc::O_APPEND;
    // SAFETY: as above.
    check(unsafe { libc::fcntl(file.as_raw_fd(), libc::F_SETFL, flags) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    #[test]
    fn no_file_outside_is_opened_with_openat2_or_without() {
        let root = std::env::temp_dir().join(format!("sys-file-{}", std::process::id()));
        fs::create_dir_all(root.join("inside/deep")).unwrap();
        fs::write(root.join("secret"), "outside").unwrap();
        fs::write(root.join("inside/deep/file"), "inside").unwrap();
        symlink("../secret", root.join("inside/relative")).unwrap();
        symlink("/etc/passwd", root.join("inside/absolute")).unwrap();
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
}
