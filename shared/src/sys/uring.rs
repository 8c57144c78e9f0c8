//! io_uring(7), by the crate `io-uring`: operations are queued in memory that is shared with the kernel, which puts their
//! results into another queue there. One system call hands over all that is queued, and waits. No stage uses this module.
//!
//! Memory that the kernel reads or writes belongs to the [`Ring`] until the kernel has done with it: bytes to send are
//! moved in, received bytes are lent. So no caller can free them too early.

mod buffers;
mod completions;

pub use completions::Completion;

use super::{Listener, rlimit};
use buffers::Buffers;
use io_uring::squeue::{Entry, Flags};
use io_uring::types::{Fd, Fixed, SubmitArgs, Timespec};
use io_uring::{IoUring, opcode};
use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::time::Duration;
use std::{io, mem, ptr};

/// Names a socket: its descriptor, or at step 4 its place in the ring's own table ("direct descriptor").
pub type SocketId = u32;

/// Places for operations, which the next call hands over; what finds none is handed over earlier.
const OPERATIONS: u32 = 2048;
/// Places for completions; what finds none waits in the kernel.
const COMPLETIONS: u32 = 8192;
/// Bytes for which a socket has room, unless its client has not read for long.
const SMALL: usize = 4096;

/// What an operation is: the upper half of its user data, whose lower half is the socket's id.
const ACCEPT: u64 = 0;
const RECEIVE: u64 = 1 << 32;
const SEND: u64 = 2 << 32;
const UNWANTED: u64 = 3 << 32;

/// An io_uring, and the sockets that it has accepted. They receive at all times but while something is being sent: what
/// a client sends while it does not read its responses waits in its socket.
pub struct Ring {
    ring: IoUring,
    listener: Listener,
    step: u8,
    /// By id.
    sockets: Vec<Socket>,
    buffers: Buffers,
    /// The buffer of the completion that was taken last, and how many bytes it holds.
    received: Option<(u16, usize)>,
    /// Completions that this thread's own sends will have made when they are handed over: no news to wait for.
    expected: usize,
    /// Calls of io_uring_enter(2), but for those that a full queue makes necessary.
    pub calls: u64,
}

/// What the ring knows of a socket. A completion knows its socket only by the id, which the kernel gives to another client
/// at once: so a socket is closed when nothing is under way on it.
#[derive(Default)]
struct Socket {
    is_open: bool,
    is_receiving: bool,
    is_sending: bool,
    /// [`Ring::calls`] when the last send was queued: the next call has it tried.
    tried_at: u64,
    /// What is sent: the kernel reads it.
    output: Vec<u8>,
}

impl Ring {
    /// A ring that accepts from `listener`. From step 2 on, one accept, or receive, makes many completions. From 3 on, the
    /// kernel does its part when the thread waits, and does not interrupt it before. At 4, sends that succeed make no
    /// completion, and sockets have no descriptors. A ring stays to the end of the process: the kernel may use its memory
    /// even when it is closed.
    ///
    /// # Errors
    /// ENOSYS, EINVAL: Linux is older than 6.1. EPERM: sysctl kernel.io_uring_disabled, or the filter of a container.
    pub fn new(listener: Listener, step: u8) -> io::Result<&'static mut Self> {
        let mut builder = IoUring::builder();
        builder.setup_cqsize(COMPLETIONS).setup_submit_all().setup_r_disabled();
        builder.setup_single_issuer();
        if step >= 3 {
            builder.setup_defer_taskrun();
        }
        let ring = builder.build(OPERATIONS)?;
        if step >= 4 {
            let places = rlimit::raise_open_files()?.min(1 << 14);
            ring.submitter().register_files_sparse(places as u32)?;
        }
        let (buffers, sockets, received) = (Buffers::register(&ring)?, Vec::new(), None);
        let mut ring =
            Self { ring, listener, step, sockets, buffers, received, expected: 0, calls: 0 };
        ring.accept();
        Ok(Box::leak(Box::new(ring)))
    }

    fn accept(&mut self) {
        let fd = Fd(self.listener.as_fd().as_raw_fd());
        let entry = match self.step {
            1 => opcode::Accept::new(fd, ptr::null_mut(), ptr::null_mut()).build(),
            step => opcode::AcceptMulti::new(fd).allocate_file_index(step >= 4).build(),
        };
        self.push(entry.user_data(ACCEPT));
    }

    /// Has the socket receive, unless it does already or something is being sent; or closes it at last.
    fn go_on(&mut self, id: SocketId) {
        let (socket, fd) = (&mut self.sockets[id as usize], Fd(id as RawFd));
        if socket.is_receiving || socket.is_sending {
            return;
        }
        if !socket.is_open {
            let close = match self.step {
                4.. => opcode::Close::new(Fixed(id)).build(),
                _ => opcode::Close::new(fd).build(),
            };
            return self.push_unwanted(close);
        }
        socket.is_receiving = true;
        let entry = match self.step {
            1 => opcode::Recv::new(fd, ptr::null_mut(), 0).buf_group(Buffers::GROUP).build(),
            _ => opcode::RecvMulti::new(fd, Buffers::GROUP).build(),
        };
        self.push_to(id, RECEIVE, entry.flags(Flags::BUFFER_SELECT));
    }

    /// Whether something is still to be sent.
    pub fn is_sending(&self, id: SocketId) -> bool {
        let socket = &self.sockets[id as usize];
        socket.is_sending || socket.tried_at == self.calls
    }

    /// Sends. If that `is_awaited`, it ends the wait when all is sent, and the socket is [`Completion::Ready`].
    ///
    /// # Panics
    /// [`Ring::is_sending`]: the kernel still reads the bytes of the last send.
    pub fn send(&mut self, id: SocketId, bytes: Vec<u8>, is_awaited: bool) {
        assert!(!self.is_sending(id), "one send at a time");
        // A wait that our own send satisfies would be over at once: the wait is for news, and for the completions of sends
        // that are not awaited. Such a send that falls short is noticed late, so that only small ones are taken for done.
        let is_awaited = is_awaited || bytes.len() > SMALL;
        let skips = self.step >= 4 && !is_awaited;
        self.expected += usize::from(!is_awaited && !skips);
        let socket = &mut self.sockets[id as usize];
        (socket.output, socket.tried_at) = (bytes, self.calls);
        self.push_send(id, skips);
    }

    fn push_send(&mut self, id: SocketId, skips: bool) {
        let (wait, flags) = match skips {
            true => (libc::MSG_DONTWAIT, Flags::SKIP_SUCCESS),
            false => (0, Flags::empty()),
        };
        // Without MSG_WAITALL a part would do, and no completion would tell how much is missing.
        let wait = wait | libc::MSG_WAITALL | libc::MSG_NOSIGNAL;
        let socket = &mut self.sockets[id as usize];
        socket.is_sending = !skips;
        let (bytes, length) = (socket.output.as_ptr(), socket.output.len() as u32);
        let send = opcode::Send::new(Fd(id as RawFd), bytes, length).flags(wait);
        self.push_to(id, SEND, send.build().flags(flags));
    }

    /// Ends our half of the connection: a send of nothing, which is awaited.
    pub fn shutdown_write(&mut self, id: SocketId) {
        let socket = &mut self.sockets[id as usize];
        socket.is_sending = true;
        socket.output.clear();
        self.push_to(id, SEND, opcode::Shutdown::new(Fd(id as RawFd), libc::SHUT_WR).build());
    }

    /// Closes a socket, when what is being sent is sent.
    pub fn close(&mut self, id: SocketId) {
        let socket = &mut self.sockets[id as usize];
        if mem::take(&mut socket.is_open) {
            if socket.is_receiving {
                self.cancel_receive(id);
            }
            self.go_on(id);
        }
    }

    fn cancel_receive(&mut self, id: SocketId) {
        self.push_unwanted(opcode::AsyncCancel::new(RECEIVE | u64::from(id)).build());
    }

    fn push_to(&mut self, id: SocketId, kind: u64, entry: Entry) {
        let flags = if self.step >= 4 { Flags::FIXED_FILE } else { Flags::empty() };
        self.push(entry.user_data(kind | u64::from(id)).flags(flags));
    }

    fn push_unwanted(&mut self, entry: Entry) {
        self.push(entry.user_data(UNWANTED).flags(Flags::SKIP_SUCCESS));
    }

    fn push(&mut self, entry: Entry) {
        // SAFETY: the memory that an entry names is a socket's output, and stays until the send has completed, or has been
        // tried: `is_sending` tells.
        while unsafe { self.ring.submission().push(&entry) }.is_err() {
            // An error comes again when the loop waits.
            let _ = self.ring.submit();
        }
    }

    /// Hands over all that is queued, and waits for news or until `timeout` has passed. Then take all completions. Only the
    /// thread that calls it first may use the ring.
    ///
    /// # Errors
    /// The ring cannot be used any more.
    pub fn enter(&mut self, timeout: Duration) -> io::Result<()> {
        if self.calls == 0 {
            self.ring.submitter().register_enable_rings()?;
        }
        let (timeout, wanted) = (Timespec::from(timeout), mem::take(&mut self.expected) + 1);
        let args = SubmitArgs::new().timespec(&timeout);
        loop {
            self.calls += 1;
            let entered = self.ring.submitter().submit_with_args(wanted, &args);
            match entered.map_err(|error| (error.raw_os_error(), error)) {
                // The time-out, a signal, or a shortage: what was not handed over is still there.
                Ok(_) | Err((Some(libc::ETIME | libc::EINTR | libc::EBUSY | libc::EAGAIN), _)) => {}
                Err((_, error)) => return Err(error),
            }
            if self.ring.submission().is_empty() {
                return Ok(());
            }
        }
    }
}
