//! What comes of operations: from the kernel's completions to what the event loop hears of.

use super::{ACCEPT, RECEIVE, Ring, SEND, Socket, SocketId};
use io_uring::squeue::Flags;
use io_uring::types::{TimeoutFlags, Timespec};
use io_uring::{cqueue, opcode};

/// What has happened to a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Completion {
    /// A client has connected.
    Accepted(SocketId),
    /// Bytes have come, or the end of the stream: see [`Ring::received`].
    Received(SocketId),
    /// All is sent; or no more is received, because of [`Ring::pause`] or for want of a common buffer.
    Ready(SocketId),
    /// The connection is broken.
    Failed(SocketId),
}

/// How long to accept no connection when one could not be accepted.
static PAUSE: Timespec = Timespec::new().nsec(100_000_000);

impl Ring {
    /// The next completion; `None` if there is none at the moment.
    pub fn next_completion(&mut self) -> Option<Completion> {
        loop {
            if let (Some(buffers), Some(number)) = (&mut self.buffers, self.received.2.take()) {
                buffers.give_back(number);
            }
            let entry = self.ring.completion().next()?;
            let (id, more) = (entry.user_data() as SocketId, cqueue::more(entry.flags()));
            let completion = match entry.user_data() - u64::from(id) {
                ACCEPT => self.on_accept(entry.result(), more),
                RECEIVE => self.on_receive(id, &entry),
                SEND => self.on_send(id, entry.result()),
                _ => None,
            };
            if completion.is_some() {
                return completion;
            }
        }
    }

    /// The bytes of the completion that was taken last; none at the end of the stream.
    pub fn received(&self) -> &[u8] {
        match (&self.buffers, self.received) {
            (Some(buffers), (_, length, Some(number))) => buffers.bytes(number, length),
            (_, (id, length, _)) => {
                self.sockets[id as usize].input.get(..length).unwrap_or_default()
            }
        }
    }

    fn on_accept(&mut self, result: i32, more: bool) -> Option<Completion> {
        if result < 0 {
            // No descriptor is left, perhaps (EMFILE), which ends a multishot accept. At once the next accept would fail
            // again: the link has the kernel begin it when the pause is over.
            let pause = opcode::Timeout::new(&raw const PAUSE).flags(TimeoutFlags::ETIME_SUCCESS);
            self.push_unwanted(pause.build().flags(Flags::IO_LINK));
        }
        if !more {
            self.accept();
        }
        let id = SocketId::try_from(result).ok()?;
        if self.sockets.len() <= id as usize {
            self.sockets.resize_with(id as usize + 1, Socket::default);
        }
        self.sockets[id as usize].is_open = true;
        Some(Completion::Accepted(id))
    }

    fn on_receive(&mut self, id: SocketId, entry: &cqueue::Entry) -> Option<Completion> {
        self.sockets[id as usize].is_receiving = cqueue::more(entry.flags());
        let (result, number) = (entry.result(), cqueue::buffer_select(entry.flags()));
        self.received = (id, result.max(0) as usize, number);
        let completion = match -result {
            libc::ENOBUFS | libc::ECANCELED => Completion::Ready(id),
            1.. => Completion::Failed(id),
            _ => Completion::Received(id),
        };
        self.tell(id, completion)
    }

    fn on_send(&mut self, id: SocketId, result: i32) -> Option<Completion> {
        let socket = &mut self.sockets[id as usize];
        let has_failed = result < 0 && result != -libc::EAGAIN;
        let sent = socket.output.len().min(result.max(0) as usize);
        socket.output.drain(..sent);
        socket.is_sending = false;
        self.trying.retain(|tried| *tried != id);
        if !socket.output.is_empty() && socket.is_open && !has_failed {
            // It fell short, which is told even if it was to skip its completion. The rest: as the socket takes it.
            self.push_send(id, 0, Flags::empty());
            return None;
        }
        self.tell(id, if has_failed { Completion::Failed(id) } else { Completion::Ready(id) })
    }

    /// Of a socket that it has closed, the caller hears no more.
    fn tell(&self, id: SocketId, completion: Completion) -> Option<Completion> {
        self.sockets[id as usize].is_open.then_some(completion)
    }
}
