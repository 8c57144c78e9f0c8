//! The writing half: what a client is sent, and how long the thread waits for it to make room.

use super::Server;
use crate::http::Connection;
use crate::pace::WritePace;
use crate::sys::Socket;
use crate::sys::poll::{self, Wait};
use std::io;
use std::os::fd::AsFd;
use std::time::Instant;

impl<N> Server<'_, N> {
    /// Writes all output. A socket takes what its buffer has room for; for the rest the thread waits.
    pub(super) fn write(&mut self, socket: &Socket, file_follows: bool) -> io::Result<()> {
        let (mut written, mut pace) = (0, None);
        while written < self.output.len() {
            let rest = &self.output[written..];
            let result = if file_follows {
                socket.write_with_more_to_come(rest)
            } else {
                socket.write(rest)
            };
            written += self.taken(socket, result, &mut pace)?;
        }
        self.output.clear();
        Ok(())
    }

    /// Sends what the answer has of a file.
    pub(super) fn send_file(&self, socket: &Socket, connection: &mut Connection) -> io::Result<()> {
        let mut pace = None;
        while let Some(range) = connection.file() {
            let Some(file) = range.file()? else { return Ok(()) };
            let count = usize::try_from(range.left()).unwrap_or(usize::MAX).min(1 << 20);
            let result = match socket.send_file(file, range.offset(), count) {
                // The file has shrunk since its length was promised: only the end of the connection can tell.
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                result => result,
            };
            let taken = self.taken(socket, result, &mut pace)?;
            range.advance(taken as u64);
        }
        Ok(())
    }

    /// What one attempt at writing moved. When the socket had no room, waits for some, no longer than
    /// the client's pace allows.
    fn taken(
        &self,
        socket: &Socket,
        result: io::Result<usize>,
        pace: &mut Option<WritePace>,
    ) -> io::Result<usize> {
        match result {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                let queued = || socket.unacknowledged().unwrap_or(0);
                let pace = pace.get_or_insert_with(|| WritePace::new(Instant::now(), queued()));
                let limits = &self.service.limits;
                let deadline = Some(pace.deadline(limits));
                if poll::wait(&mut [Wait::writable(socket.as_fd())], deadline)? {
                    return Ok(0);
                }
                let now = Instant::now();
                pace.look(queued(), now);
                if pace.deadline(limits) > now {
                    Ok(0)
                } else {
                    Err(io::ErrorKind::TimedOut.into())
                }
            }
            Ok(count) => {
                self.meter.counters.sent.add(count as u64);
                if let Some(pace) = pace {
                    pace.took(count, Instant::now());
                }
                Ok(count)
            }
            Err(error) => Err(error),
        }
    }
}
