//! The client's side of one connection: exact bytes out, responses in, every wait bounded.
//!
//! Blocking sockets with deadlines, for one thread. [`response`] reads strictly what a lenient client would forgive.

pub(crate) mod response;

use response::{Parsed, Response, parse};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Long enough that two writes are two reads for the server, short enough for hundreds of them.
const BEAT: Duration = Duration::from_micros(300);
/// A dripped message is sent in no more pieces than this.
const DRIPS: usize = 250;

/// How the connection stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    Open,
    /// The server shut down its side.
    Eof,
    /// A reset: what the server still had to say may be lost.
    Reset,
}

/// One connection and all that went over it.
pub(crate) struct Wire {
    stream: TcpStream,
    pub(crate) sent: Vec<u8>,
    pub(crate) received: Vec<u8>,
    pub(crate) responses: Vec<Response>,
    pub(crate) ending: Ending,
    /// Why the bytes after the last good response cannot be read as one.
    pub(crate) malformed: Option<String>,
    /// Bytes that are read at most: a server may send without end.
    pub(crate) limit: usize,
    parsed: usize,
    /// The server takes no more bytes.
    refuses: bool,
}

impl Wire {
    /// Connects, within `timeout`. Each write is a segment of its own, and may take as long.
    pub(crate) fn connect(address: SocketAddr, timeout: Duration) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&address, timeout)?;
        stream.set_nodelay(true)?;
        stream.set_write_timeout(Some(timeout))?;
        Ok(Self {
            stream,
            sent: Vec::new(),
            received: Vec::new(),
            responses: Vec::new(),
            ending: Ending::Open,
            malformed: None,
            limit: usize::MAX,
            parsed: 0,
            refuses: false,
        })
    }

    /// Sends all, or finds out that the server takes no more.
    pub(crate) fn send(&mut self, bytes: &[u8]) {
        self.sent.extend_from_slice(bytes);
        // Either a reset or a server that takes nothing: what it has already sent can still be read.
        self.refuses = self.refuses || self.stream.write_all(bytes).is_err();
    }

    /// Sends the pieces, each in a segment of its own.
    pub(crate) fn send_pieces(&mut self, pieces: &[Vec<u8>]) {
        for piece in pieces {
            self.send(piece);
            sleep(BEAT * 4);
        }
    }

    /// Sends byte by byte, or in many small pieces where the message is long.
    pub(crate) fn drip(&mut self, bytes: &[u8]) {
        for piece in bytes.chunks(bytes.len().div_ceil(DRIPS).max(1)) {
            self.send(piece);
            sleep(BEAT);
        }
    }

    /// Sends one byte after the other, over and over, until the server responds or closes or the deadline comes.
    pub(crate) fn drip_on(&mut self, bytes: &[u8], every: Duration, deadline: Instant) {
        for byte in bytes.iter().cycle() {
            if Instant::now() >= deadline
                || self.ending != Ending::Open
                || self.fill(Instant::now() + every)
            {
                return;
            }
            self.send(&[*byte]);
        }
    }

    pub(crate) fn half_close(&mut self) {
        // Fails only where the connection is already gone, which reading finds out.
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    /// Reads until `count` responses have come in all, or no more can before the deadline. Tells whether they did.
    pub(crate) fn read_responses(
        &mut self,
        count: usize,
        to_head: impl Fn(usize) -> bool,
        deadline: Instant,
    ) -> bool {
        let (mut needed, mut is_late) = (0, false);
        while self.responses.len() < count && self.malformed.is_none() {
            let rest = &self.received[self.parsed..];
            if self.ending == Ending::Open && rest.len() < needed.max(1) {
                // Of what comes without end, no more than one read is taken after the deadline.
                if is_late || !self.fill(deadline) && self.ending == Ending::Open {
                    return false;
                }
                is_late = Instant::now() >= deadline;
                continue;
            }
            if rest.is_empty() {
                return false;
            }
            match parse(rest, to_head(self.responses.len()), self.ending != Ending::Open) {
                Parsed::Complete(response, used) => {
                    self.responses.push(*response);
                    self.parsed += used;
                    needed = 0;
                }
                Parsed::Incomplete(bytes) => needed = bytes,
                Parsed::Malformed(why) => self.malformed = Some(why),
            }
        }
        self.responses.len() >= count
    }

    /// Reads once. Tells whether bytes came.
    pub(crate) fn fill(&mut self, deadline: Instant) -> bool {
        if self.received.len() >= self.limit {
            return false;
        }
        let mut buffer = [0; 65536];
        let mut result = self.read(&mut buffer, deadline);
        // A read with a time-out is not taken up again when its process is stopped and goes on (signal(7)).
        while result.as_ref().is_err_and(|error| error.kind() == ErrorKind::Interrupted) {
            result = self.read(&mut buffer, deadline);
        }
        match result {
            // A reset that a write has run into is no longer reported to the read after it.
            Ok(0) if self.refuses => self.ending = Ending::Reset,
            Ok(0) => self.ending = Ending::Eof,
            Ok(count) => {
                self.received.extend_from_slice(&buffer[..count]);
                if self.received.len() >= self.limit {
                    self.malformed = Some(format!("{} bytes came, or more", self.limit));
                }
                return true;
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(_) => self.ending = Ending::Reset,
        }
        false
    }

    /// A time-out of zero would mean none at all: with no time left, only what is there is taken.
    fn read(&mut self, buffer: &mut [u8], deadline: Instant) -> io::Result<usize> {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            self.stream.set_nonblocking(true)?;
            let result = self.stream.read(buffer);
            self.stream.set_nonblocking(false)?;
            return result;
        }
        self.stream.set_read_timeout(Some(left))?;
        self.stream.read(buffer)
    }

    /// Reads all that comes until the connection ends. Tells whether it did before the deadline.
    pub(crate) fn fill_to_end(&mut self, deadline: Instant) -> bool {
        let has_room = |wire: &Self| wire.received.len() < wire.limit;
        while self.ending == Ending::Open && has_room(self) && Instant::now() < deadline {
            self.fill(deadline);
        }
        self.ending != Ending::Open
    }

    /// Resets the connection: closing it with an unread response in its buffer makes the kernel send RST.
    pub(crate) fn reset(self, deadline: Instant) {
        let left = deadline.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
        let _ = self.stream.set_read_timeout(Some(left));
        let _ = self.stream.peek(&mut [0]);
    }
}
