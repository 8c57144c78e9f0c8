//! Why there is no file to respond with.

use std::io;

/// What an attempt at opening a file has shown.
#[derive(Debug)]
pub(super) enum Missing {
    Nothing,
    /// A directory, asked for without the slash that its relative links need.
    Slash,
    /// There may be one: the server cannot look, for want of descriptors or for what a disk has done.
    Unknown,
}

impl From<io::Error> for Missing {
    /// Only what says of the name that there is nothing to be had under it: open(2), openat2(2).
    fn from(error: io::Error) -> Self {
        let says_no = |code| {
            use libc::*;
            matches!(
                code,
                ENOENT | ENOTDIR | ELOOP | EXDEV | EACCES | EPERM | ENAMETOOLONG | ENXIO | ENODEV
            )
        };
        // An error without a code is our own: a name that no file can have.
        if error.raw_os_error().is_none_or(says_no) { Self::Nothing } else { Self::Unknown }
    }
}
