//! The writing half: what a client is sent, and how long the thread waits for the socket to take more.

use super::super::deadlines::WriteProgress;
use super::Server;
use crate::http::Protocol;
use crate::sys::Socket;
use crate::sys::poll::{self, Wait};
use std::io;
use std::os::fd::AsFd;
use std::time::Instant;

impl<N> Server<'_, N> {
    /// Writes all output. A socket takes what fits into its send buffer; for the rest the thread waits.
    pub(super) fn write(&mut self, socket: &Socket, protocol: &mut Protocol) -> io::Result<()> {
        let (mut written, mut progress) = (0, None);
        let file_follows = protocol.file().is_some();
        while written < self.output.len() {
            let rest = &self.output[written..];
            let result = if file_follows {
                socket.write_with_more_to_come(rest)
            } else {
                socket.write(rest)
            };
            written += self.taken(socket, result, &mut progress)?;
        }
        self.output.clear();
        postpone(protocol, progress);
        Ok(())
    }

    /// Sends what the response has of a file.
    pub(super) fn send_file(&self, socket: &Socket, protocol: &mut Protocol) -> io::Result<()> {
        let mut progress = None;
        while let Some(file) = protocol.file() {
            let count = usize::try_from(file.left()).unwrap_or(usize::MAX).min(1 << 20);
            let result = socket.send_file(file.file()?, file.offset(), count);
            let taken = self.taken(socket, result, &mut progress)?;
            file.advance(taken as u64);
        }
        postpone(protocol, progress);
        Ok(())
    }

    /// What one attempt at writing moved. When the send buffer was full, waits for it to drain, no longer than
    /// the client's progress allows.
    fn taken(
        &self,
        socket: &Socket,
        result: io::Result<usize>,
        progress: &mut Option<WriteProgress>,
    ) -> io::Result<usize> {
        match result {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                let queued = || socket.unacknowledged().unwrap_or(0);
                let progress =
                    progress.get_or_insert_with(|| WriteProgress::new(Instant::now(), queued()));
                let timeout = self.thread.server.write_timeout;
                let deadline = Some(progress.deadline(timeout));
                if poll::wait(&mut [Wait::writable(socket.as_fd())], deadline)? {
                    return Ok(0);
                }
                let now = Instant::now();
                progress.on_acknowledged(queued(), now);
                if progress.deadline(timeout) > now {
                    Ok(0)
                } else {
                    self.thread.stats.counters.timed_out.add(1);
                    Err(io::ErrorKind::TimedOut.into())
                }
            }
            Ok(count) => {
                self.thread.stats.counters.sent.add(count as u64);
                if let Some(progress) = progress {
                    progress.on_written(count, Instant::now());
                }
                Ok(count)
            }
            Err(error) => Err(error),
        }
    }
}

/// Writing had to wait, and nothing was read meanwhile.
fn postpone(protocol: &mut Protocol, progress: Option<WriteProgress>) {
    if let Some(progress) = progress {
        protocol.postpone(progress.elapsed(Instant::now()));
    }
}
