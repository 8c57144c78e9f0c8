//! Why there is no file to respond with. A first reading may skip it.

use std::io;

/// The reason why a file could not be opened.
#[derive(Debug)]
pub(super) enum Missing {
    /// There is no such file: 404.
    Nothing,
    /// A directory, requested without the slash that its relative links need: 301.
    Slash,
    /// There may be a file, but the server cannot open it now: 503. It lacks descriptors, or the disk has a fault, or
    /// there is no root, as between the two renames of a deployment.
    Unknown,
}

impl From<io::Error> for Missing {
    /// Only these errors mean that there is no file of that name: open(2), openat2(2).
    fn from(error: io::Error) -> Self {
        let is_about_the_name = |code| {
            use libc::*;
            matches!(
                code,
                ENOENT | ENOTDIR | ELOOP | EXDEV | EACCES | EPERM | ENAMETOOLONG | ENXIO | ENODEV
            )
        };
        // An error without a code comes from this crate: a name that no file can have.
        if error.raw_os_error().is_none_or(is_about_the_name) {
            Self::Nothing
        } else {
            Self::Unknown
        }
    }
}
