//! A socket, as operations name it. A first reading may skip it.

use io_uring::opcode;
use io_uring::squeue::{Entry, Flags};
use io_uring::types::Fd;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};

/// A socket that the ring has accepted. [`super::Ring::close`] closes it.
#[derive(Debug)]
pub enum Socket {
    /// A descriptor of the process.
    Descriptor(OwnedFd),
    /// A place in the ring's own table ("direct descriptor").
    Direct(u32),
}

impl Socket {
    pub(super) fn target(&self) -> (Fd, Flags) {
        match self {
            Self::Descriptor(fd) => (Fd(fd.as_raw_fd()), Flags::empty()),
            Self::Direct(place) => (Fd(*place as RawFd), Flags::FIXED_FILE),
        }
    }

    pub(super) fn send(&self, bytes: &[u8], flags: libc::c_int) -> Entry {
        let (fd, fixed) = self.target();
        let send = opcode::Send::new(fd, bytes.as_ptr(), bytes.len() as u32);
        send.flags(flags | libc::MSG_NOSIGNAL).build().flags(fixed)
    }
}
