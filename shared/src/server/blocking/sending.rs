//! The writing half: what a client is sent, and how long the thread waits for the socket to take more.

use super::super::connection::Connection;
use super::Server;
use crate::sys::poll::{self, Wait};
use std::io;
use std::os::fd::AsFd;

impl<P> Server<'_, P> {
    /// Writes all output. A socket takes what fits into its send buffer; for the rest the thread waits.
    pub(super) fn write(&mut self, connection: &mut Connection) -> io::Result<()> {
        let sent = connection.write(&self.output, &mut self.thread.clock)?;
        self.send_rest(connection, sent)?;
        self.output.clear();
        Ok(())
    }

    /// Sends what the response has of a file. Here the thread may wait for a disk.
    pub(super) fn send_file(&mut self, connection: &mut Connection) -> io::Result<()> {
        while let Some(file) = connection.protocol.file() {
            let count = file.left().min(1 << 20);
            let sent = connection.send_file(count, &mut self.thread.clock)?;
            self.send_rest(connection, sent)?;
        }
        Ok(())
    }

    /// `sent` bytes are on their way. Where that was not all, the send buffer is full: waits for it to drain, no longer
    /// than the client's progress allows, and sends the rest.
    fn send_rest(&mut self, connection: &mut Connection, mut sent: usize) -> io::Result<()> {
        let timeout = self.thread.server.args.write_timeout;
        loop {
            self.thread.stats.counters.sent.add(sent as u64);
            if !connection.is_write_blocked() {
                return Ok(());
            }
            let mut waits = [Wait::writable(connection.socket.as_fd())];
            let is_ready = poll::wait(&mut waits, connection.deadline(timeout))?;
            let now = self.thread.clock.read();
            sent = match is_ready {
                true => connection.flush(now)?,
                false if connection.extended_deadline(timeout, now).is_some() => 0,
                false => {
                    self.thread.stats.counters.timed_out.add(1);
                    return Err(io::ErrorKind::TimedOut.into());
                }
            };
        }
    }
}
