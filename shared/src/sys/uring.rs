//! io_uring(7), by the crate `io-uring`: operations are queued in memory that is shared with the kernel, which puts their
//! results into another queue there. One system call hands over all that is queued, and waits. No stage uses this module.
//!
//! Memory that the kernel reads or writes belongs to the [`Ring`] until the kernel has done with it: bytes to send are
//! moved in, received bytes are lent. So no caller can free them too early.

mod completions;

pub use completions::Completion;

use super::{Listener, rlimit};
use io_uring::squeue::Flags;
use io_uring::types::{Fd, Fixed, SubmitArgs, TimeoutFlags, Timespec};
use io_uring::{IoUring, opcode};
use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::sync::atomic::AtomicU8;
use std::time::Duration;
use std::{io, mem, ptr};

/// Names a socket: its descriptor, or at step 4 its place in the ring's own table ("direct descriptor").
pub type SocketId = u32;

/// Places for operations, which the next call hands over; what finds none is handed over earlier.
const OPERATIONS: u32 = 2048;
/// Places for completions; what finds none waits in the kernel.
const COMPLETIONS: u32 = 8192;
/// Bytes of a buffer to receive into. A socket has room for as many to send, unless its client has not read for long.
const SMALL: usize = 4096;
/// Buffers to receive into, and the number that receiving names all of them by.
const BUFFERS: u32 = 512;
const GROUP: u16 = 0;
type Buffer = [AtomicU8; SMALL];

// What an operation is: the upper half of its user data, whose lower half is the socket's id (or a buffer's number).
const ACCEPT: u32 = 0;
const RECEIVE: u32 = 1;
const SEND: u32 = 2;
const SHUTDOWN: u32 = 3;
// From here on, no completion is wanted.
const CANCEL: u32 = 4;
const CLOSE: u32 = 5;
const PROVIDE: u32 = 6;
const PAUSE: u32 = 7;

fn user_data(kind: u32, id: SocketId) -> u64 {
    u64::from(kind) << 32 | u64::from(id)
}

/// An io_uring, and the sockets that it has accepted. They receive at all times but while something is being sent: what
/// a client sends while it does not read its responses waits in its socket.
pub struct Ring {
    ring: IoUring,
    listener: Listener,
    step: u8,
    /// By id.
    sockets: Vec<Socket>,
    /// When bytes have arrived, the kernel takes a buffer that was provided, and names it. Atomic, because it writes there.
    buffers: &'static [Buffer],
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
    /// A completion will tell that `output` is sent.
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
        let buffers: Vec<Buffer> =
            (0..BUFFERS).map(|_| [const { AtomicU8::new(0) }; SMALL]).collect();
        let (buffers, sockets, received) = (buffers.leak(), Vec::new(), None);
        let mut ring =
            Self { ring, listener, step, sockets, buffers, received, expected: 0, calls: 0 };
        (0..BUFFERS).for_each(|number| ring.queue(PROVIDE, number));
        ring.queue(ACCEPT, 0);
        Ok(Box::leak(Box::new(ring)))
    }

    fn queue(&mut self, kind: u32, id: SocketId) {
        static PAUSED: Timespec = Timespec::new().nsec(100_000_000);
        let (fd, listener) = (Fd(id as RawFd), Fd(self.listener.as_fd().as_raw_fd()));
        let (goes_on, is_direct) = (self.step >= 2, self.step >= 4);
        let mut flags = Flags::empty();
        flags.set(Flags::FIXED_FILE, is_direct && (RECEIVE..=SHUTDOWN).contains(&kind));
        flags.set(Flags::BUFFER_SELECT, kind == RECEIVE);
        flags.set(Flags::SKIP_SUCCESS, kind >= CANCEL);
        // The operation that is queued next begins when the pause is over.
        flags.set(Flags::IO_LINK, kind == PAUSE);
        let entry = match kind {
            ACCEPT if goes_on => {
                opcode::AcceptMulti::new(listener).allocate_file_index(is_direct).build()
            }
            ACCEPT => opcode::Accept::new(listener, ptr::null_mut(), ptr::null_mut()).build(),
            RECEIVE if goes_on => opcode::RecvMulti::new(fd, GROUP).build(),
            RECEIVE => opcode::Recv::new(fd, ptr::null_mut(), 0).buf_group(GROUP).build(),
            SEND => {
                let Socket { output, is_sending, .. } = &self.sockets[id as usize];
                flags.set(Flags::SKIP_SUCCESS, !is_sending);
                let wait = if *is_sending { 0 } else { libc::MSG_DONTWAIT };
                // Without MSG_WAITALL a part would do, and no completion would tell how much is missing.
                let wait = wait | libc::MSG_WAITALL | libc::MSG_NOSIGNAL;
                opcode::Send::new(fd, output.as_ptr(), output.len() as u32).flags(wait).build()
            }
            SHUTDOWN => opcode::Shutdown::new(fd, libc::SHUT_WR).build(),
            CANCEL => opcode::AsyncCancel::new(user_data(RECEIVE, id)).build(),
            CLOSE if is_direct => opcode::Close::new(Fixed(id)).build(),
            CLOSE => opcode::Close::new(fd).build(),
            PROVIDE => {
                let buffer = self.buffers[id as usize].as_ptr().cast_mut().cast();
                opcode::ProvideBuffers::new(buffer, SMALL as i32, 1, GROUP, id as u16).build()
            }
            _ => {
                let pause = opcode::Timeout::new(&raw const PAUSED);
                pause.flags(TimeoutFlags::ETIME_SUCCESS).build()
            }
        };
        let entry = entry.user_data(user_data(kind, id)).flags(flags);
        // SAFETY: the memory that an entry names is never freed, or is a socket's output, which stays until the send has
        // completed, or has been tried: `is_sending` tells.
        while unsafe { self.ring.submission().push(&entry) }.is_err() {
            // An error comes again when the loop waits.
            let _ = self.ring.submit();
        }
    }

    /// Has the socket receive, unless it does already or something is being sent; or closes it at last.
    fn go_on(&mut self, id: SocketId) {
        let socket = &mut self.sockets[id as usize];
        if !socket.is_receiving && !socket.is_sending {
            socket.is_receiving = socket.is_open;
            let kind = if socket.is_open { RECEIVE } else { CLOSE };
            self.queue(kind, id);
        }
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
        let is_told = is_awaited || self.step < 4;
        self.expected += usize::from(is_told && !is_awaited);
        let socket = &mut self.sockets[id as usize];
        (socket.output, socket.tried_at, socket.is_sending) = (bytes, self.calls, is_told);
        self.queue(SEND, id);
    }

    /// Ends our half of the connection: a send of nothing, which is awaited.
    pub fn shutdown_write(&mut self, id: SocketId) {
        let socket = &mut self.sockets[id as usize];
        socket.is_sending = true;
        socket.output.clear();
        self.queue(SHUTDOWN, id);
    }

    /// Closes a socket, when what is being sent is sent.
    pub fn close(&mut self, id: SocketId) {
        let socket = &mut self.sockets[id as usize];
        if mem::take(&mut socket.is_open) {
            if socket.is_receiving {
                self.queue(CANCEL, id);
            }
            self.go_on(id);
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
