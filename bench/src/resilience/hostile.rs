//! Hostile clients, by the hundred, in one thread: non-blocking sockets, a small deed each now and then.

use super::PATIENCE;
use super::random::Random;
use anyhow::{Result, anyhow, ensure};
use shared::sys::{Socket, rlimit};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// What a hostile client does, over and over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Kind {
    /// Connects and says nothing.
    Silent,
    /// Sends a head a byte at a time.
    DrippedHead,
    /// Sends fields without end.
    EndlessHead,
    /// Sends chunks without end.
    EndlessBody,
    /// Asks for 100 MB and reads nothing, until the server has had enough.
    NeverReads,
    /// Resets in the midst of its request.
    ResetInRequest,
    /// Resets in the midst of a long answer.
    ResetInAnswer,
    /// Ends its half in the midst of its request, and stays.
    HalfClose,
    /// Asks again and again, and reads nothing.
    EndlessPipeline,
    /// Speaks TLS.
    Tls,
    /// Sends random bytes.
    RandomBytes,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Silent,
        Self::DrippedHead,
        Self::EndlessHead,
        Self::EndlessBody,
        Self::NeverReads,
        Self::ResetInRequest,
        Self::ResetInAnswer,
        Self::HalfClose,
        Self::EndlessPipeline,
        Self::Tls,
        Self::RandomBytes,
    ];

    /// Each alone.
    pub const EACH: [[Self; 1]; 11] = {
        let mut each = [[Self::Silent]; 11];
        let mut at = 0;
        while at < 11 {
            each[at] = [Self::ALL[at]];
            at += 1;
        }
        each
    };

    /// What it sends when it has been connected for `step` steps; `None`: nothing.
    fn sends(self, step: usize, random: &mut Random) -> Option<Vec<u8>> {
        let first = |text: &str| (step == 0).then(|| text.as_bytes().to_vec());
        match self {
            Self::Silent => None,
            Self::DrippedHead => {
                let head = b"GET / HTTP/1.1\r\nHost: h\r\nX-Slow: ";
                Some(vec![head.get(step).copied().unwrap_or(b'a')])
            }
            Self::EndlessHead => match step {
                0 => first("GET / HTTP/1.1\r\nHost: h\r\n"),
                _ => Some(b"X-Field: and another\r\n".repeat(20)),
            },
            Self::EndlessBody => match step {
                0 => first("POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"),
                _ => Some([b"1000\r\n", &[b'x'; 4096][..], b"\r\n"].concat()),
            },
            Self::NeverReads => first("GET /count/12000000 HTTP/1.1\r\nHost: h\r\n\r\n"),
            Self::ResetInAnswer => first("GET /count/1000000 HTTP/1.1\r\nHost: h\r\n\r\n"),
            Self::ResetInRequest | Self::HalfClose => {
                first("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\nhello")
            }
            Self::EndlessPipeline => Some(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n".repeat(100)),
            Self::Tls => (step == 0).then(|| client_hello(random)),
            Self::RandomBytes => Some(random.bytes(500)),
        }
    }

    fn reads(self) -> bool {
        !matches!(self, Self::NeverReads | Self::EndlessPipeline)
    }

    fn resets(self) -> bool {
        matches!(self, Self::ResetInRequest | Self::ResetInAnswer)
    }
}

/// The first that a TLS client says: a record (RFC 8446 section 5.1) with a hello in it (section 4.1.2).
fn client_hello(random: &mut Random) -> Vec<u8> {
    let hello = [b"\x03\x03", &random.bytes(34)[..], &[0; 164]].concat();
    [b"\x16\x03\x01\0\xcc\x01\0\0\xc8", &hello[..]].concat()
}

/// What a crowd has done.
#[derive(Clone, Copy, Debug, Default)]
pub struct Deeds {
    /// In all.
    pub done: u64,
    /// Connections that it began, among them.
    pub connects: u64,
    /// Those that did not come about.
    pub failed: u64,
}

/// A crowd at work, until it is stopped.
pub struct Crowd {
    stop: Arc<AtomicBool>,
    /// Clients that have not come yet.
    missing: Arc<AtomicUsize>,
    thread: JoinHandle<Deeds>,
}

impl Crowd {
    /// `count` clients of these kinds, each of which does something `every` so often.
    pub fn start(
        address: SocketAddr,
        kinds: &'static [Kind],
        count: usize,
        every: Duration,
        seed: u64,
    ) -> io::Result<Self> {
        rlimit::raise_open_files()?;
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let missing = Arc::new(AtomicUsize::new(count));
        let still_missing = Arc::clone(&missing);
        let thread = thread::spawn(move || {
            let mut clients: Vec<_> =
                (0..count).map(|number| Hostile::new(kinds[number % kinds.len()])).collect();
            let (mut random, mut deeds) = (Random::new(seed), Deeds::default());
            // All come; from then on it is anybody's turn. Clients who know nothing of each other do not
            // march in step: a burst of hundreds would measure this thread's share of the machine.
            let (mut next, pause) = (Instant::now(), every / count.max(1) as u32);
            while !stopped.load(Relaxed) && count > 0 {
                let newcomer = usize::try_from(deeds.done).ok().filter(|done| *done < count);
                let whose = newcomer.unwrap_or_else(|| random.below(count));
                clients[whose].step(address, &mut random, &mut deeds);
                deeds.done += 1;
                still_missing.store(count.saturating_sub(deeds.connects as usize), Relaxed);
                next += pause;
                thread::sleep(next.saturating_duration_since(Instant::now()));
            }
            deeds
        });
        Ok(Self { stop, missing, thread })
    }

    /// Waits until each of them has come once.
    pub fn wait_for_all(&self) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        while self.missing.load(Relaxed) > 0 {
            ensure!(Instant::now() < deadline, "not all hostile clients came in {PATIENCE:?}");
            thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }

    /// All go at once, and tell.
    pub fn stop(self) -> Result<Deeds> {
        self.stop.store(true, Relaxed);
        self.thread.join().map_err(|_| anyhow!("the hostile clients' thread panicked"))
    }
}

/// How much of its answers a client lets pile up in its own kernel. Small, or the bench machine's memory
/// would be the first to go.
const RECEIVE_BUFFER: i32 = 4096;

/// Steps after which a client that reads nothing comes anew. It cannot see that the server has closed: the end lies
/// behind all that it does not read. Servers here wait for ten steps' time, so they are the first to lose patience.
const STEPS_UNREAD: usize = 12;

struct Hostile {
    kind: Kind,
    socket: Option<Socket>,
    step: usize,
}

impl Hostile {
    fn new(kind: Kind) -> Self {
        Self { kind, socket: None, step: 0 }
    }

    /// Does one thing. Whatever goes wrong, it comes back.
    fn step(&mut self, address: SocketAddr, random: &mut Random, deeds: &mut Deeds) {
        let Some(socket) = &self.socket else {
            self.step = 0;
            self.socket = Socket::connect(address).ok();
            deeds.connects += 1;
            deeds.failed += u64::from(self.socket.is_none());
            return;
        };
        if self.step == 0 {
            let _ = socket.set_receive_buffer(RECEIVE_BUFFER);
            if is_broken(socket) {
                deeds.failed += 1;
                self.socket = None;
                return;
            }
        }
        if self.kind.resets() && self.step == 2 {
            let _ = socket.set_reset_on_close(true);
            self.socket = None;
            return;
        }
        let stays = self.act(socket, random);
        self.step += 1;
        if !stays {
            self.socket = None;
        }
    }

    /// `false`: the connection is over.
    fn act(&self, socket: &Socket, random: &mut Random) -> bool {
        if let Some(bytes) = self.kind.sends(self.step, random)
            && is_over(socket.write(&bytes))
        {
            return false;
        }
        if self.kind == Kind::HalfClose && self.step == 1 {
            let _ = socket.shutdown_write();
        }
        if !self.kind.reads() {
            return self.step < STEPS_UNREAD;
        }
        !matches!(socket.read(&mut [0; 4096]), Ok(0)) && !is_broken(socket)
    }
}

fn is_over(result: io::Result<usize>) -> bool {
    result.is_err_and(|error| error.kind() != io::ErrorKind::WouldBlock)
}

fn is_broken(socket: &Socket) -> bool {
    !matches!(socket.take_error(), Ok(None))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_but_the_silent_one_says_something() {
        let mut random = Random::new(1);
        for kind in Kind::ALL {
            assert_eq!(kind.sends(0, &mut random).is_some(), kind != Kind::Silent, "{kind:?}");
        }
    }
}
