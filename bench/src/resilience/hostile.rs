//! Hostile clients, by the hundred, in one thread: non-blocking sockets, a small action each now and then.

use super::wait_until;
use crate::numbers::Random;
use anyhow::{Result, anyhow};
use clap::ValueEnum;
use shared::sys::{Socket, rlimit};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// What a hostile client does, over and over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// Connects and sends nothing.
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
    /// Resets in the midst of a long response.
    #[value(alias = "reset-in-answer")]
    ResetInResponse,
    /// Half-closes in the midst of its request, and stays.
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
    pub fn all() -> &'static [Self] {
        Self::value_variants()
    }

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
            Self::ResetInResponse => first("GET /count/1000000 HTTP/1.1\r\nHost: h\r\n\r\n"),
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
        matches!(self, Self::ResetInRequest | Self::ResetInResponse)
    }
}

/// The first that a TLS client sends: a record (RFC 8446 section 5.1) with a hello in it (section 4.1.2).
fn client_hello(random: &mut Random) -> Vec<u8> {
    let hello = [b"\x03\x03", &random.bytes(34)[..], &[0; 164]].concat();
    [b"\x16\x03\x01\0\xcc\x01\0\0\xc8", &hello[..]].concat()
}

/// What hostile clients have done.
#[derive(Clone, Copy, Debug, Default)]
pub struct Actions {
    /// In all.
    pub done: u64,
    /// Connections that they began, among them.
    pub connects: u64,
    /// Connects that failed.
    pub failed: u64,
}

/// Hostile clients at work, until they are stopped.
pub struct HostileClients {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Actions>,
}

impl HostileClients {
    /// `count` clients of these kinds in turn, each of which acts once in the time `every`. All have connected once.
    ///
    /// # Errors
    /// When the limit of open files cannot be read, or the connects take too long.
    pub fn start(
        address: SocketAddr,
        kinds: &[Kind],
        count: usize,
        every: Duration,
        seed: u64,
    ) -> Result<Self> {
        rlimit::raise_open_files()?;
        let stop = Arc::new(AtomicBool::new(false));
        let missing = Arc::new(AtomicUsize::new(count));
        let mut clients: Vec<_> = kinds.iter().cycle().take(count).map(Hostile::new).collect();
        let (stopped, still_missing) = (Arc::clone(&stop), Arc::clone(&missing));
        let thread = thread::spawn(move || {
            let (mut random, mut actions) = (Random::new(seed), Actions::default());
            // All connect first; from then on the next is chosen at random. Independent clients do not act in
            // step: a burst of hundreds would measure this thread's share of the machine.
            let (mut next, pause) = (Instant::now(), every / count.max(1) as u32);
            while !stopped.load(Relaxed) && count > 0 {
                let first = usize::try_from(actions.done).ok().filter(|done| *done < count);
                let acting = first.unwrap_or_else(|| random.below(count));
                clients[acting].step(address, &mut random, &mut actions);
                actions.done += 1;
                still_missing.store(count.saturating_sub(actions.connects as usize), Relaxed);
                next += pause;
                thread::sleep(next.saturating_duration_since(Instant::now()));
            }
            actions
        });
        wait_until("all hostile clients connect", || Ok(missing.load(Relaxed) == 0))?;
        Ok(Self { stop, thread })
    }

    /// All go at once, and tell.
    ///
    /// # Errors
    /// When their thread panicked.
    pub fn stop(self) -> Result<Actions> {
        self.stop.store(true, Relaxed);
        self.thread.join().map_err(|_| anyhow!("the hostile clients' thread panicked"))
    }
}

/// How much of its responses a client lets pile up in its own kernel. Small, or the bench machine's memory
/// would be the first to go.
const RECEIVE_BUFFER: i32 = 4096;

/// Steps after which a client that reads nothing connects anew. It cannot see that the server has closed: the end lies
/// behind all that it does not read. The time-outs of servers here are ten steps long, so the servers close first.
const STEPS_UNREAD: usize = 12;

struct Hostile {
    kind: Kind,
    socket: Option<Socket>,
    step: usize,
}

impl Hostile {
    fn new(kind: &Kind) -> Self {
        Self { kind: *kind, socket: None, step: 0 }
    }

    /// Acts once. Whatever goes wrong, it connects again.
    fn step(&mut self, address: SocketAddr, random: &mut Random, actions: &mut Actions) {
        let Some(socket) = &self.socket else {
            self.step = 0;
            self.socket = Socket::connect(address).ok();
            actions.connects += 1;
            actions.failed += u64::from(self.socket.is_none());
            return;
        };
        if self.step == 0 {
            let _ = socket.set_receive_buffer(RECEIVE_BUFFER);
            if is_broken(socket) {
                actions.failed += 1;
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
