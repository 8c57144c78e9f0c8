//! Idle clients: some send one request and then stay silent, others send a byte each second. Each costs a server a
//! connection, and a server that has a thread wait for each client a thread as well.

use super::counts::IdleCounts;
use super::plan::Options;
use super::window::Shared;
use crate::interrupt::Interrupt;
use anyhow::{Context, Result};
use shared::sys::{Epoll, Event, Events, Interest, Socket};
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::{self, Sender, TryRecvError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// How often the clock is compared with the end of the window.
const TICK: Duration = Duration::from_millis(10);
/// From one byte of a slow client to its next.
const DRIP: Duration = Duration::from_secs(1);

/// All of them, driven by one thread.
pub(super) struct IdleClients {
    epoll: Epoll,
    clients: Vec<IdleClient>,
    request: Vec<u8>,
    pub(super) counts: IdleCounts,
}

struct IdleClient {
    /// `None` after the server ended it.
    socket: Option<Socket>,
    slow: bool,
    /// Bytes of the request that were sent.
    sent: usize,
    answered: bool,
}

impl IdleClients {
    /// Opens all connections, and returns when all silent clients got a response, the warm-up is over, or the user asks to
    /// stop: what the others meet is a server that has them already.
    pub(super) fn start(
        shared: &Arc<Shared>,
        interrupt: &Interrupt,
    ) -> io::Result<JoinHandle<Result<Self>>> {
        let deadline = Instant::now() + shared.plan.options.warm_up;
        let shared = Arc::clone(shared);
        let (settled, is_settled) = mpsc::channel();
        let run = move || Self::open(&shared.plan.options)?.run(&shared, &settled);
        let thread = thread::Builder::new().name("idle".to_owned()).spawn(run)?;
        // A server that serves one and waits for its next request never serves the others.
        while Instant::now() < deadline
            && is_settled.try_recv() == Err(TryRecvError::Empty)
            && !interrupt.wait(Duration::from_millis(2))
        {}
        Ok(thread)
    }

    fn open(options: &Options) -> Result<Self> {
        let epoll = Epoll::new().context("cannot create an epoll")?;
        let mut idle = Self {
            epoll,
            clients: Vec::new(),
            request: Options { close: false, ..options.clone() }.request().into_bytes(),
            counts: IdleCounts::default(),
        };
        for number in 0..options.silent + options.slow {
            let socket =
                Socket::connect(options.url.address).context("a silent client's connect")?;
            idle.epoll.add(&socket, Interest::READ_WRITE, number as u64)?;
            let slow = number >= options.silent;
            let socket = Some(socket);
            idle.clients.push(IdleClient { socket, slow, sent: 0, answered: false });
        }
        Ok(idle)
    }

    /// Runs until the window closes. Connections stay open until the result is dropped.
    fn run(mut self, shared: &Shared, settled: &Sender<()>) -> Result<Self> {
        let silent = shared.plan.options.silent as u64;
        let mut events = Events::with_capacity(256);
        let mut next_drip = Instant::now() + DRIP;
        while shared.now() < shared.close.load(Relaxed) {
            self.epoll.wait(&mut events, Some(TICK)).context("epoll_wait")?;
            for event in events.iter() {
                self.handle(event);
            }
            if self.counts.answered + self.counts.evicted >= silent {
                // After the first time the receiver is gone.
                let _ = settled.send(());
            }
            if Instant::now() >= next_drip {
                next_drip += DRIP;
                (0..self.clients.len()).for_each(|number| self.drip(number));
            }
        }
        Ok(self)
    }

    fn handle(&mut self, event: Event) {
        let number = event.token as usize;
        let client = &mut self.clients[number];
        let Some(socket) = &client.socket else { return };
        if event.is_readable() {
            match socket.read(&mut [0; 4096]) {
                Ok(1..) if !client.answered => {
                    client.answered = true;
                    self.counts.answered += 1;
                }
                Ok(1..) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                // The end, or an error: this client does not come back.
                Ok(0) | Err(_) => {
                    self.counts.evicted += 1;
                    client.socket = None;
                    return;
                }
            }
        }
        if event.is_writable() {
            self.begin(number);
        }
    }

    /// The connection stands: a silent client sends its request, a slow one its first byte.
    fn begin(&mut self, number: usize) {
        let client = &mut self.clients[number];
        let Some(socket) = &client.socket else { return };
        self.counts.opened += 1;
        let length = if client.slow { 1 } else { self.request.len() };
        client.sent = socket.write(&self.request[..length]).unwrap_or(0);
        // From now on only what the server does matters.
        let _ = self.epoll.modify(socket, Interest::READ, number as u64);
    }

    /// A slow client sends its next byte, and after the last one begins the next request.
    fn drip(&mut self, number: usize) {
        let client = &mut self.clients[number];
        let Some(socket) = client.socket.as_ref().filter(|_| client.slow && client.sent > 0) else {
            return;
        };
        let at = client.sent % self.request.len();
        client.sent += socket.write(&self.request[at..=at]).unwrap_or(0);
    }
}
