//! io_uring(7), by the crate `io-uring`: operations are queued in memory that is shared with the kernel, which puts their
//! results into another queue there. One system call hands over all that is queued, and waits. No stage uses this module.
//!
//! Memory that the kernel reads or writes belongs to the [`Ring`] until the kernel has done with it: bytes to send are
//! moved in, received bytes are lent. So no caller can free them too early.

mod buffers;
mod operations;
mod socket;

pub use operations::{Completion, OperationId, Outcome};
pub use socket::Socket;

use super::Listener;
use buffers::Buffers;
use io_uring::squeue::{Entry, Flags};
use io_uring::types::{DestinationSlot, Fd, Fixed, SubmitArgs, Timespec};
use io_uring::{IoUring, cqueue, opcode};
use operations::{Kind, Operations};
use std::collections::VecDeque;
use std::io;
use std::mem;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};
use std::time::Duration;

/// What a ring makes use of.
#[derive(Clone, Copy, Debug, Default)]
pub struct Features {
    /// One accept, or receive, makes many completions; bytes are received into common buffers.
    pub multishot: bool,
    /// The kernel does its part when the thread asks for completions, and does not interrupt it before (DEFER_TASKRUN,
    /// which needs SINGLE_ISSUER).
    pub deferred: bool,
    /// What is sent at once and not awaited makes no completion.
    pub skip_success: bool,
    /// Sockets that have a place in a table of the ring instead of a descriptor of the process; 0: none.
    pub direct: u32,
}

/// Places for operations; what finds none waits for the next call.
const OPERATIONS: u32 = 2048;
/// Places for completions; what finds none waits in the kernel.
const COMPLETIONS: u32 = 8192;
/// Bytes for which a socket has room, unless its client has not read for long.
const SMALL: usize = 4096;
/// Of a completion that no caller waits for.
const UNWANTED: u64 = u64::MAX;

/// An io_uring, which stays on the thread that made it. Dropping it cancels what is under way.
pub struct Ring {
    ring: IoUring,
    features: Features,
    /// What the next call hands over.
    queued: VecDeque<Entry>,
    under_way: Operations,
    /// Completions that this thread's own sends will have made when they are handed over: no news to wait for.
    expected: usize,
    buffers: Option<Buffers>,
    lent: Option<(u16, usize)>,
    received: Vec<u8>,
    /// Calls of io_uring_enter(2).
    pub calls: u64,
}

impl Ring {
    /// A ring for the calling thread.
    ///
    /// # Errors
    /// ENOSYS, EINVAL: Linux is older than 6.1. EPERM: sysctl kernel.io_uring_disabled, or the filter of a container.
    pub fn new(features: Features) -> io::Result<Self> {
        let mut builder = IoUring::builder();
        builder.setup_cqsize(COMPLETIONS).setup_submit_all();
        if features.deferred {
            builder.setup_single_issuer().setup_defer_taskrun();
        }
        let ring = builder.build(OPERATIONS)?;
        if features.direct > 0 {
            ring.submitter().register_files_sparse(features.direct)?;
        }
        let buffers = if features.multishot { Some(Buffers::register(&ring)?) } else { None };
        Ok(Self {
            ring,
            features,
            queued: VecDeque::new(),
            under_way: Operations::default(),
            expected: 0,
            buffers,
            lent: None,
            received: Vec::new(),
            calls: 0,
        })
    }

    /// Accepts a connection, or with `multishot` all that come, until one fails.
    pub fn accept(&mut self, listener: &Listener, token: u64) -> OperationId {
        let (fd, direct) = (Fd(listener.as_fd().as_raw_fd()), self.features.direct > 0);
        let flags = if direct { 0 } else { libc::SOCK_CLOEXEC };
        let entry = match self.features.multishot {
            true => opcode::AcceptMulti::new(fd).allocate_file_index(direct).flags(flags).build(),
            false => {
                let unwanted = std::ptr::null_mut();
                let place = direct.then(DestinationSlot::auto_target);
                let accept = opcode::Accept::new(fd, unwanted, unwanted.cast());
                accept.file_index(place).flags(flags).build()
            }
        };
        self.begin(Kind::Accept, token, Vec::new(), entry)
    }

    /// Receives once, or with `multishot` until the end, or an error.
    pub fn receive(&mut self, socket: &Socket, token: u64) -> OperationId {
        let (fd, flags) = socket.target();
        if self.buffers.is_some() {
            let entry = opcode::RecvMulti::new(fd, Buffers::GROUP).build().flags(flags);
            return self.begin(Kind::Receive, token, Vec::new(), entry);
        }
        let mut bytes = Vec::with_capacity(Buffers::SIZE);
        let entry = opcode::Recv::new(fd, bytes.as_mut_ptr(), Buffers::SIZE as u32).build();
        self.begin(Kind::Receive, token, bytes, entry.flags(flags))
    }

    /// The bytes of the completion that was taken last.
    pub fn received(&self) -> &[u8] {
        match (&self.buffers, self.lent) {
            (Some(buffers), Some((number, length))) => buffers.bytes(number, length),
            _ => &self.received,
        }
    }

    /// Sends as much as the socket takes at once. Only a send that `is_awaited` ends a wait. With `skip_success` the others
    /// make no completion, and return no id, unless they fall short.
    pub fn try_send(
        &mut self,
        socket: &Socket,
        bytes: Vec<u8>,
        token: u64,
        is_awaited: bool,
    ) -> Option<OperationId> {
        // Without MSG_WAITALL a part would do, and no completion would tell how much is missing.
        let mut entry = socket.send(&bytes, libc::MSG_DONTWAIT | libc::MSG_WAITALL);
        let skips = self.features.skip_success && !is_awaited;
        if skips {
            entry = entry.flags(Flags::SKIP_SUCCESS);
        }
        // One that turns out to fall short is noticed at the next news: only small ones are taken for done.
        self.expected += usize::from(!is_awaited && !skips && bytes.len() <= SMALL);
        let id = self.begin(Kind::Send, token, bytes, entry);
        if skips {
            self.under_way.skip(id);
        }
        (!skips).then_some(id)
    }

    /// Sends all of `bytes`, as the socket takes them.
    pub fn send(&mut self, socket: &Socket, bytes: Vec<u8>, token: u64) -> OperationId {
        let entry = socket.send(&bytes, libc::MSG_WAITALL);
        self.begin(Kind::Send, token, bytes, entry)
    }

    /// Ends our half of the connection; the completion is that of a send. Before it, the socket must not be closed: a thread of
    /// the kernel's does this, and looks its number up late, when another socket may have it.
    pub fn shutdown_write(&mut self, socket: &Socket, token: u64) -> OperationId {
        let (fd, flags) = socket.target();
        let entry = opcode::Shutdown::new(fd, libc::SHUT_WR).build().flags(flags);
        self.begin(Kind::Send, token, Vec::new(), entry)
    }

    /// Ends an operation: its last completion says ECANCELED, unless it was done already.
    pub fn cancel(&mut self, OperationId(index): OperationId) {
        self.push_unwanted(opcode::AsyncCancel::new(index.into()).build());
    }

    /// Closes a socket. Operations on it keep the connection alive: cancel them before.
    pub fn close(&mut self, socket: Socket) {
        self.push_unwanted(match socket {
            Socket::Descriptor(fd) => opcode::Close::new(Fd(fd.into_raw_fd())).build(),
            Socket::Direct(place) => opcode::Close::new(Fixed(place)).build(),
        });
    }

    /// Hands over what is queued, and waits for news or until `timeout` has passed.
    ///
    /// # Errors
    /// The ring cannot be used any more.
    pub fn enter(&mut self, timeout: Duration) -> io::Result<()> {
        let mut queue = self.ring.submission();
        while !queue.is_full()
            && let Some(entry) = self.queued.pop_front()
        {
            // SAFETY: the memory that an entry names is in `operations` or `buffers` until its last completion. There is
            // room for the entry, so it is not refused.
            let _ = unsafe { queue.push(&entry) };
        }
        drop(queue);
        let wanted = if self.queued.is_empty() { mem::take(&mut self.expected) + 1 } else { 0 };
        let timeout = Timespec::from(timeout);
        self.calls += 1;
        let args = SubmitArgs::new().timespec(&timeout);
        match self.ring.submitter().submit_with_args(wanted, &args) {
            Ok(_) => Ok(()),
            Err(error) => match error.raw_os_error() {
                // The time-out, a signal, or no room: what was not handed over stays in the queue.
                Some(libc::ETIME | libc::EINTR | libc::EBUSY | libc::EAGAIN) => Ok(()),
                _ => Err(error),
            },
        }
    }

    /// The next completion; `None` if there is none at the moment.
    pub fn next_completion(&mut self) -> Option<Completion> {
        self.take_back();
        loop {
            let Some(entry) = self.ring.completion().next() else {
                let queue = self.ring.submission();
                if self.queued.is_empty() && queue.is_empty() && !queue.cq_overflow() {
                    self.under_way.end_skipping();
                }
                return None;
            };
            if entry.user_data() != UNWANTED
                && let Some(completion) = self.complete(&entry)
            {
                return Some(completion);
            }
        }
    }

    fn complete(&mut self, entry: &cqueue::Entry) -> Option<Completion> {
        let (index, more) = (entry.user_data() as u32, cqueue::more(entry.flags()));
        let (kind, token) = self.under_way.find(index)?;
        let mut bytes = if more { Vec::new() } else { self.under_way.end(index) };
        let result = match u32::try_from(entry.result()) {
            Ok(number) => Ok(number),
            Err(_) => Err(io::Error::from_raw_os_error(-entry.result())),
        };
        let length = result.as_ref().map_or(0, |length| *length as usize);
        let outcome = match kind {
            Kind::Accept => Outcome::Accepted(result.map(|number| self.accepted(number))),
            Kind::Receive => {
                self.lent = cqueue::buffer_select(entry.flags()).map(|number| (number, length));
                if self.lent.is_none() {
                    // SAFETY: the kernel has written so many bytes, for which there was room; or none into no room.
                    unsafe { bytes.set_len(length) };
                    self.received = bytes;
                }
                let may_go_on = |error: &io::Error| {
                    matches!(error.raw_os_error(), Some(libc::ENOBUFS | libc::ECANCELED))
                };
                Outcome::Received(match result {
                    Err(error) if may_go_on(&error) => Ok(None),
                    result => result.map(|_| Some(length)),
                })
            }
            Kind::Send => Outcome::Sent(result.map(|_| length), bytes),
        };
        Some(Completion { token, more, outcome })
    }

    fn accepted(&self, number: u32) -> Socket {
        match self.features.direct {
            // SAFETY: the kernel has opened this descriptor for us.
            0 => Socket::Descriptor(unsafe { OwnedFd::from_raw_fd(number as RawFd) }),
            _ => Socket::Direct(number),
        }
    }

    fn take_back(&mut self) {
        if let (Some(buffers), Some((number, _))) = (&mut self.buffers, self.lent.take()) {
            buffers.give_back(number);
        }
    }

    fn begin(&mut self, kind: Kind, token: u64, bytes: Vec<u8>, entry: Entry) -> OperationId {
        let id = self.under_way.begin(kind, token, bytes);
        self.queued.push_back(entry.user_data(id.0.into()));
        id
    }

    fn push_unwanted(&mut self, entry: Entry) {
        self.queued.push_back(entry.user_data(UNWANTED).flags(Flags::SKIP_SUCCESS));
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        self.under_way.ids().into_iter().for_each(|id| self.cancel(id));
        for _ in 0..100 {
            let entered = self.enter(Duration::from_millis(100));
            while self.next_completion().is_some() {}
            if self.under_way.ids().is_empty() {
                return;
            }
            if entered.is_err() {
                break;
            }
        }
        // The kernel may still use this memory: it stays for ever.
        mem::forget((mem::take(&mut self.under_way), self.buffers.take()));
    }
}
