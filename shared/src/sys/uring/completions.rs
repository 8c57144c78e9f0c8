//! What comes of operations: from the kernel's completions to what the event loop hears of.

use super::{ACCEPT, RECEIVE, Ring, SEND, Socket, SocketId};
use io_uring::squeue::Flags;
use io_uring::types::{TimeoutFlags, Timespec};
use io_uring::{cqueue, opcode};
use std::mem;

/// What has happened to a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Completion {
    /// A client has connected.
    Accepted,
    /// Bytes have come, or the end of the stream: see [`Ring::received`].
    Received,
    /// All is sent.
    Ready,
    /// The connection is broken.
    Failed,
}

/// How long to accept no connection when one could not be accepted.
static PAUSE: Timespec = Timespec::new().nsec(100_000_000);

impl Ring {
    /// The next completion; `None` if all are taken.
    pub fn next_completion(&mut self) -> Option<(SocketId, Completion)> {
        loop {
            if let Some((number, _)) = self.received.take() {
                self.buffers.give_back(number);
            }
            if self.ring.completion().is_empty() && self.ring.submission().cq_overflow() {
                // Those that found no place: the kernel puts them into the queue. An error comes again in `enter`.
                let _ = self.ring.submit();
            }
            let entry = self.ring.completion().next()?;
            let (id, more) = (entry.user_data() as SocketId, cqueue::more(entry.flags()));
            let completion = match entry.user_data() - u64::from(id) {
                ACCEPT => self.on_accept(entry.result(), more),
                RECEIVE => self.on_receive(id, &entry).map(|completion| (id, completion)),
                SEND => self.on_send(id, entry.result()).map(|completion| (id, completion)),
                _ => None,
            };
            if completion.is_some() {
                return completion;
            }
        }
    }

    /// The bytes of the completion that was taken last; none at the end of the stream.
    pub fn received(&self) -> &[u8] {
        self.received.map_or(&[], |(number, length)| self.buffers.bytes(number, length))
    }

    fn on_accept(&mut self, result: i32, more: bool) -> Option<(SocketId, Completion)> {
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
        self.go_on(id);
        Some((id, Completion::Accepted))
    }

    fn on_receive(&mut self, id: SocketId, entry: &cqueue::Entry) -> Option<Completion> {
        let (result, more) = (entry.result(), cqueue::more(entry.flags()));
        let number = cqueue::buffer_select(entry.flags());
        self.received = number.map(|number| (number, result.max(0) as usize));
        let socket = &mut self.sockets[id as usize];
        socket.is_receiving = more;
        let (is_sending, is_open) = (socket.is_sending, socket.is_open);
        let completion = match -result {
            // It is received again when all is sent.
            0 if is_sending => None,
            // It is begun again: the common buffers are given back before the next call.
            libc::ECANCELED | libc::ENOBUFS => None,
            ..=0 => Some(Completion::Received),
            _ => Some(Completion::Failed),
        };
        if more && is_sending {
            self.cancel_receive(id);
        } else if !more && (result > 0 || completion.is_none() || !is_open) {
            self.go_on(id);
        }
        completion
    }

    fn on_send(&mut self, id: SocketId, result: i32) -> Option<Completion> {
        let socket = &mut self.sockets[id as usize];
        let has_ended = mem::take(&mut socket.is_sending);
        let has_failed = result < 0 && result != -libc::EAGAIN;
        let sent = socket.output.len().min(result.max(0) as usize);
        socket.output.drain(..sent);
        if !socket.output.is_empty() && socket.is_open && !has_failed {
            // It fell short, which is told even if it was to skip its completion. The rest: as the socket takes it.
            self.push_send(id, false);
            return None;
        }
        if has_ended {
            self.go_on(id);
        }
        Some(if has_failed { Completion::Failed } else { Completion::Ready })
    }
}
