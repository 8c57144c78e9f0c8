//! What comes of operations: from the kernel's completions to what the event loop hears of.

use super::{ACCEPT, CANCEL, PAUSE, PROVIDE, RECEIVE, Ring, SEND, SHUTDOWN, Socket, SocketId};
use io_uring::cqueue;
use std::{mem, slice};

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

impl Ring {
    /// The next completion; `None` if all are taken.
    pub fn next_completion(&mut self) -> Option<(SocketId, Completion)> {
        loop {
            if let Some((number, _)) = self.received.take() {
                self.queue(PROVIDE, number.into());
            }
            if self.ring.completion().is_empty() && self.ring.submission().cq_overflow() {
                // Those that found no place: the kernel puts them into the queue. An error comes again in `enter`.
                let _ = self.ring.submit();
            }
            let entry = self.ring.completion().next()?;
            let (id, more) = (entry.user_data() as SocketId, cqueue::more(entry.flags()));
            let completion = match (entry.user_data() >> 32) as u32 {
                ACCEPT => self.on_accept(entry.result(), more),
                RECEIVE => self.on_receive(id, &entry).map(|completion| (id, completion)),
                SEND | SHUTDOWN => {
                    self.on_send(id, entry.result()).map(|completion| (id, completion))
                }
                _ => None,
            };
            if completion.is_some() {
                return completion;
            }
        }
    }

    /// The bytes of the completion that was taken last; none at the end of the stream.
    pub fn received(&self) -> &[u8] {
        let Some((number, length)) = self.received else { return &[] };
        // SAFETY: the kernel has written `length` bytes, and writes no more before the buffer is provided again.
        unsafe { slice::from_raw_parts(self.buffers[usize::from(number)].as_ptr().cast(), length) }
    }

    fn on_accept(&mut self, result: i32, more: bool) -> Option<(SocketId, Completion)> {
        if result < 0 {
            // No descriptor is left, perhaps (EMFILE), which ends a multishot accept. At once the next would fail again.
            self.queue(PAUSE, 0);
        }
        if !more {
            self.queue(ACCEPT, 0);
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
            // It is begun again: the buffers that were taken are provided before that.
            libc::ECANCELED | libc::ENOBUFS => None,
            ..=0 => Some(Completion::Received),
            _ => Some(Completion::Failed),
        };
        if more && is_sending {
            self.queue(CANCEL, id);
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
            socket.is_sending = true;
            self.queue(SEND, id);
            return None;
        }
        if has_ended {
            self.go_on(id);
        }
        Some(if has_failed { Completion::Failed } else { Completion::Ready })
    }
}
