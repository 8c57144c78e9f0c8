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
use std::collections::VecDeque;
use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::time::Duration;
use std::{io, mem, ptr};

/// Names a socket: its descriptor, or at step 4 its place in the ring's own table ("direct descriptor").
pub type SocketId = u32;

/// Places for operations; what finds none waits for the next call.
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

/// An io_uring, and the sockets that it has accepted.
pub struct Ring {
    ring: IoUring,
    listener: Listener,
    step: u8,
    /// By id.
    sockets: Vec<Socket>,
    buffers: Option<Buffers>,
    /// Of the completion that was taken last: the socket, the length, and the number of the common buffer.
    received: (SocketId, usize, Option<u16>),
    /// What the next call hands over.
    queued: VecDeque<Entry>,
    /// Completions that this thread's own sends will have made when they are handed over: no news to wait for.
    expected: usize,
    /// Sockets to which the next call sends.
    trying: Vec<SocketId>,
    /// Sockets to be closed when nothing is under way on them: a completion knows its socket only by the id, which the
    /// kernel gives to another client at once.
    closing: Vec<SocketId>,
    /// Calls of io_uring_enter(2).
    pub calls: u64,
}

/// What the ring knows of a socket, and the memory that the kernel uses for it.
#[derive(Default)]
struct Socket {
    is_open: bool,
    is_receiving: bool,
    is_sending: bool,
    /// At step 1, where the kernel writes to.
    input: Vec<u8>,
    /// What is sent.
    output: Vec<u8>,
}

impl Ring {
    /// A ring that will accept from `listener`. From step 2 on, one accept, or receive, makes many completions, and bytes are
    /// received into common buffers. From 3 on, the kernel does its part when the thread waits, and does not interrupt it
    /// before. At 4, sends that succeed make no completion, and sockets have no descriptors. A ring stays to the end of the
    /// process: the kernel may use its memory even when it is closed.
    ///
    /// # Errors
    /// ENOSYS, EINVAL: Linux is older than 6.1. EPERM: sysctl kernel.io_uring_disabled, or the filter of a container.
    pub fn new(listener: Listener, step: u8) -> io::Result<&'static mut Self> {
        let mut builder = IoUring::builder();
        builder.setup_cqsize(COMPLETIONS).setup_submit_all().setup_r_disabled();
        let plain = builder.clone();
        // The newest that any step uses is asked for at all of them: they fail together, and not one by one.
        let deferred = builder.setup_single_issuer().setup_defer_taskrun().build(OPERATIONS)?;
        let ring = if step >= 3 { deferred } else { plain.build(OPERATIONS)? };
        if step >= 4 {
            let places = rlimit::raise_open_files()?.min(1 << 14);
            ring.submitter().register_files_sparse(places as u32)?;
        }
        let buffers = if step >= 2 { Some(Buffers::register(&ring)?) } else { None };
        Ok(Box::leak(Box::new(Self {
            ring,
            listener,
            step,
            sockets: Vec::new(),
            buffers,
            received: (0, 0, None),
            queued: VecDeque::new(),
            expected: 0,
            trying: Vec::new(),
            closing: Vec::new(),
            calls: 0,
        })))
    }

    /// Begins to accept. From now on, only the calling thread may use the ring.
    ///
    /// # Errors
    /// It was started before.
    pub fn start(&mut self) -> io::Result<()> {
        self.ring.submitter().register_enable_rings()?;
        self.accept();
        Ok(())
    }

    fn accept(&mut self) {
        let fd = Fd(self.listener.as_fd().as_raw_fd());
        let entry = match self.step {
            1 => opcode::Accept::new(fd, ptr::null_mut(), ptr::null_mut()).build(),
            step => opcode::AcceptMulti::new(fd).allocate_file_index(step >= 4).build(),
        };
        self.queued.push_back(entry.user_data(ACCEPT));
    }

    /// Receives, unless it is under way: once, or from step 2 on until [`Ring::pause`], the end, or an error.
    pub fn receive(&mut self, id: SocketId) {
        let (socket, fd) = (&mut self.sockets[id as usize], Fd(id as RawFd));
        if mem::replace(&mut socket.is_receiving, true) {
            return;
        }
        let entry = if self.step == 1 {
            socket.input.resize(Buffers::SIZE, 0);
            opcode::Recv::new(fd, socket.input.as_mut_ptr(), Buffers::SIZE as u32).build()
        } else {
            opcode::RecvMulti::new(fd, Buffers::GROUP).build()
        };
        self.push(RECEIVE, id, entry);
    }

    /// Ends a receive that is under way; then the socket is [`Completion::Ready`].
    pub fn pause(&mut self, id: SocketId) {
        if self.sockets[id as usize].is_receiving {
            self.cancel(RECEIVE, id);
        }
    }

    /// Whether something is still to be sent.
    pub fn is_sending(&self, id: SocketId) -> bool {
        self.sockets[id as usize].is_sending
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
        self.trying.push(id);
        self.sockets[id as usize].output = bytes;
        let flags = if skips { Flags::SKIP_SUCCESS } else { Flags::empty() };
        self.push_send(id, libc::MSG_DONTWAIT, flags);
    }

    fn push_send(&mut self, id: SocketId, wait: libc::c_int, flags: Flags) {
        let Socket { output, is_sending, .. } = &mut self.sockets[id as usize];
        *is_sending = true;
        let send = opcode::Send::new(Fd(id as RawFd), output.as_ptr(), output.len() as u32);
        // Without MSG_WAITALL a part would do, and no completion would tell how much is missing.
        let entry = send.flags(wait | libc::MSG_WAITALL | libc::MSG_NOSIGNAL).build();
        self.push(SEND, id, entry.flags(flags));
    }

    /// Ends our half of the connection: a send of nothing, which is awaited.
    pub fn shutdown_write(&mut self, id: SocketId) {
        self.sockets[id as usize].is_sending = true;
        self.push(SEND, id, opcode::Shutdown::new(Fd(id as RawFd), libc::SHUT_WR).build());
    }

    /// Closes a socket: nothing more is heard of it.
    pub fn close(&mut self, id: SocketId) {
        self.sockets[id as usize].is_open = false;
        self.pause(id);
        if self.is_sending(id) {
            self.cancel(SEND, id);
        }
        self.closing.push(id);
    }

    fn cancel(&mut self, kind: u64, id: SocketId) {
        self.push_unwanted(opcode::AsyncCancel::new(kind | u64::from(id)).build());
    }

    /// Hands over what is queued, and waits for news or until `timeout` has passed. Then take all completions.
    ///
    /// # Errors
    /// The ring cannot be used any more.
    pub fn enter(&mut self, timeout: Duration) -> io::Result<()> {
        self.close_unused();
        let mut queue = self.ring.submission();
        while !queue.is_full()
            && let Some(entry) = self.queued.pop_front()
        {
            // SAFETY: the memory that an entry names is in `sockets` or `buffers`, and stays until its last completion, or
            // until a send has been tried. There is room for the entry, so it is not refused.
            let _ = unsafe { queue.push(&entry) };
        }
        drop(queue);
        let wanted = if self.queued.is_empty() { mem::take(&mut self.expected) + 1 } else { 0 };
        self.calls += 1;
        let timeout = Timespec::from(timeout);
        let args = SubmitArgs::new().timespec(&timeout);
        let entered = self.ring.submitter().submit_with_args(wanted, &args);
        let queue = self.ring.submission();
        if self.queued.is_empty() && queue.is_empty() && !queue.cq_overflow() {
            // Sends have been tried, and wait for nothing (MSG_DONTWAIT): all is sent, unless a completion says otherwise.
            for id in self.trying.drain(..) {
                self.sockets[id as usize].is_sending = false;
            }
        }
        match entered.map_err(|error| (error.raw_os_error(), error)) {
            // The time-out, a signal, or no room: what was not handed over stays in the queue.
            Ok(_) | Err((Some(libc::ETIME | libc::EINTR | libc::EBUSY | libc::EAGAIN), _)) => {
                Ok(())
            }
            Err((_, error)) => Err(error),
        }
    }

    fn close_unused(&mut self) {
        for id in mem::take(&mut self.closing) {
            let socket = &mut self.sockets[id as usize];
            if socket.is_receiving || socket.is_sending {
                self.closing.push(id);
                continue;
            }
            *socket = Socket::default();
            let entry = match self.step {
                4.. => opcode::Close::new(Fixed(id)).build(),
                _ => opcode::Close::new(Fd(id as RawFd)).build(),
            };
            self.push_unwanted(entry);
        }
    }

    fn push(&mut self, kind: u64, id: SocketId, entry: Entry) {
        let flags = if self.step >= 4 { Flags::FIXED_FILE } else { Flags::empty() };
        self.queued.push_back(entry.user_data(kind | u64::from(id)).flags(flags));
    }

    fn push_unwanted(&mut self, entry: Entry) {
        self.queued.push_back(entry.user_data(UNWANTED).flags(Flags::SKIP_SUCCESS));
    }
}
