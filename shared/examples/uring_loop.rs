//! An event loop on io_uring(7): where epoll says what could be done, the kernel says what it has done.
//!
//! `--step 1`: each accept, receive and send is asked for anew. 2: an accept, or receive, goes on until it is cancelled, and
//! received bytes lie in common buffers. 3: the kernel does its part when the loop asks for it, and interrupts it never. 4: a
//! send that succeeds makes no completion, and sockets have no descriptors. Requests go the way of stages 3 and 4. Around it is
//! less: clients may read as slowly as they like, deadlines are looked at every 100 ms, and SIGTERM ends all at once.
#![forbid(unsafe_code)]

use clap::Parser;
use shared::http::{Action, Protocol, StepCx};
use shared::server::context::{ServerContext, ThreadContext, ThreadService};
use shared::server::events::{Table, Token};
use shared::server::{config, start};
use shared::sys::uring::{Completion, Features, OperationId, Outcome, Ring, Socket};
use shared::sys::{Listener, rlimit};
use shared::telemetry::stderr;
use std::io::{self, ErrorKind};
use std::process::ExitCode;
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

const NAME: &str = "uring_loop";
/// The exit status where io_uring is missing: test programs say "skipped" by it.
const UNAVAILABLE: u8 = 77;
/// How often deadlines are looked at.
const TICK: Duration = Duration::from_millis(100);
/// What `--null` responds to whatever is received.
const HELLO: &[u8] = b"HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n\
    Content-Type: text/plain; charset=utf-8\r\nContent-Length: 13\r\n\r\nHello, World!";

/// The last step of issue and measure: see the chapter after epoll
#[derive(Parser)]
struct Flags {
    /// Where to listen; port 0 picks a free one
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: String,
    /// Loops, each with a ring and a listener of its own
    #[arg(long, default_value = "1")]
    threads: String,
    /// How much of io_uring to use
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=4))]
    step: u8,
    /// Respond with the same bytes to whatever is received
    #[arg(long)]
    null: bool,
}

fn main() -> ExitCode {
    let Flags { listen, threads, step, null } = Flags::parse();
    let line = [NAME, "--listen", &listen, "--threads", &threads];
    let args = config::Args::parse_from(line);
    let places = rlimit::raise_open_files().unwrap_or(1024).min(1 << 14) as u32;
    let direct = if step >= 4 { places / u32::from(args.threads) } else { 0 };
    let (multishot, deferred, skip_success) = (step >= 2, step >= 3, step >= 4);
    let features = Features { multishot, deferred, skip_success, direct };
    // DEFER_TASKRUN is the newest of what the steps use: where it is missing, they would fail one by one.
    if let Err(error) = Ring::new(Features { deferred: true, ..features }) {
        stderr::line(format_args!(
            "{NAME}: no io_uring here ({error}): it takes Linux 6.1, sysctl kernel.io_uring_disabled=0, and a container that allows it"
        ));
        return ExitCode::from(UNAVAILABLE);
    }
    start::main_with(NAME, Ok(args), |args, context| {
        let (address, listeners) = start::listen_times(args, args.threads.into())?;
        // Passed when all loops exist.
        let barrier = Arc::new(Barrier::new(listeners.len() + 1));
        let start = |listener| {
            let (own, barrier) = (context.clone(), Arc::clone(&barrier));
            let serve = move || {
                let event_loop = EventLoop::new(listener, features, null, &own)?;
                barrier.wait();
                Ok(event_loop.run()?)
            };
            context.spawn("loop".to_owned(), serve)
        };
        let loops: Vec<_> = listeners.into_iter().map(start).collect::<anyhow::Result<_>>()?;
        barrier.wait();
        start::announce(NAME, address)?;
        // One that failed has ended the process.
        loops.into_iter().for_each(|event_loop| drop(event_loop.join()));
        Ok(())
    })
}

struct Connection {
    socket: Socket,
    protocol: Protocol,
    /// What comes when all output is sent.
    next: Action,
    output: Vec<u8>,
    receiving: Option<OperationId>,
    sending: Option<OperationId>,
    /// Bytes that the socket would not take at once: it has no room.
    unsent: usize,
}

struct EventLoop {
    listener: Listener,
    ring: Ring,
    thread: ThreadContext,
    /// A completion may come for a connection that is gone: no token is used twice.
    connections: Table<Connection>,
    /// What something has happened to since the last call.
    changed: Vec<Token>,
    is_accepting: bool,
    null: bool,
}

impl EventLoop {
    fn new(
        listener: Listener,
        features: Features,
        null: bool,
        context: &ServerContext,
    ) -> io::Result<Self> {
        let (ring, thread) = (Ring::new(features)?, ThreadContext::new(context));
        let (connections, changed) = (Table::new(), Vec::new());
        Ok(Self { listener, ring, thread, connections, changed, is_accepting: false, null })
    }

    fn run(mut self) -> io::Result<()> {
        let mut look = Instant::now();
        while !self.thread.server.drain.has_begun() {
            let now = Instant::now();
            self.thread.begin_tick(now);
            while let Some(completion) = self.ring.next_completion() {
                self.on_completion(completion);
            }
            if now >= look {
                self.on_timer(now);
                look = now + TICK;
            }
            for token in std::mem::take(&mut self.changed) {
                self.proceed(token);
            }
            self.thread.record_latencies();
            self.ring.enter(TICK)?;
        }
        let responses = self.thread.stats.counters.responses();
        stderr::line(format_args!(
            "{responses} responses, {} calls of io_uring_enter",
            self.ring.calls
        ));
        Ok(())
    }

    fn accept_again(&mut self) {
        if !self.is_accepting {
            self.ring.accept(&self.listener, Token::MAX);
            self.is_accepting = true;
        }
    }

    fn on_completion(&mut self, Completion { token, more, outcome }: Completion) {
        match outcome {
            Outcome::Accepted(Ok(socket)) => {
                self.is_accepting = more;
                self.accept_again();
                let protocol = Protocol::new(&self.thread.server.limits, self.thread.clock.now());
                let (next, output, unsent) = (Action::Read, Vec::new(), 0);
                let connection = Connection {
                    socket,
                    protocol,
                    next,
                    output,
                    receiving: None,
                    sending: None,
                    unsent,
                };
                self.changed.push(self.connections.insert(connection));
            }
            // No descriptor is left: at once it would fail again. The next that is closed makes room; else the timer tries.
            Outcome::Accepted(Err(_)) => self.is_accepting = false,
            Outcome::Received(result) => self.on_received(token, more, result),
            Outcome::Sent(result, bytes) => self.on_sent(token, result, bytes),
        }
    }

    fn on_received(&mut self, token: Token, more: bool, result: io::Result<Option<usize>>) {
        let Some(connection) = self.connections.get_mut(token) else { return };
        connection.receiving = connection.receiving.filter(|_| more);
        self.changed.push(token);
        let is_busy = connection.unsent > 0 || connection.next != Action::Read;
        match result {
            Ok(Some(1..)) if self.null => {
                connection.output.extend_from_slice(HELLO);
                self.thread.stats.counters.add_response(200);
            }
            Ok(Some(1..)) => {
                let bytes = self.ring.received();
                connection.step(&mut self.thread, |protocol, cx| protocol.receive(bytes, cx));
                // What it sends while it does not read shall wait in its socket.
                let receiving = connection.receiving.filter(|_| is_busy);
                receiving.into_iter().for_each(|id| self.ring.cancel(id));
            }
            Ok(Some(0)) if !is_busy => {
                connection.step(&mut self.thread, |protocol, cx| protocol.end_of_input(cx))
            }
            Err(_) if connection.sending.is_none() => self.close(token),
            // The end will still be there when all is sent, and so will bytes for which no buffer was free.
            _ => {}
        }
    }

    fn on_sent(&mut self, token: Token, result: io::Result<usize>, mut bytes: Vec<u8>) {
        let Some(connection) = self.connections.get_mut(token) else { return };
        let sent = match result {
            Ok(sent) => sent,
            Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
            Err(_) => return self.close(token),
        };
        bytes.drain(..sent);
        connection.unsent = bytes.len();
        let rest = Some(bytes).filter(|bytes| !bytes.is_empty());
        connection.sending = rest.map(|bytes| self.ring.send(&connection.socket, bytes, token));
        self.changed.push(token);
    }

    fn on_timer(&mut self, now: Instant) {
        self.accept_again();
        let is_late = |connection: &Connection| {
            !self.null
                && connection.sending.is_none()
                && connection.protocol.deadline().is_some_and(|at| at <= now)
        };
        let late = self.connections.iter().filter(|(_, connection)| is_late(connection));
        for token in late.map(|(token, _)| token).collect::<Vec<_>>() {
            if let Some(connection) = self.connections.get_mut(token) {
                connection.step(&mut self.thread, |protocol, cx| protocol.on_deadline(cx));
                self.changed.push(token);
            }
        }
    }

    /// Sends what there is to send, and asks for what the connection waits for.
    fn proceed(&mut self, token: Token) {
        let (thread, ring) = (&mut self.thread, &mut self.ring);
        while let Some(connection) = self.connections.get_mut(token) {
            if connection.sending.is_none() && !connection.output.is_empty() {
                let bytes = std::mem::take(&mut connection.output);
                let is_awaited = connection.next != Action::Read;
                connection.sending = ring.try_send(&connection.socket, bytes, token, is_awaited);
            }
            match connection.next {
                Action::Read if connection.receiving.is_none() && connection.unsent == 0 => {
                    connection.receiving = Some(ring.receive(&connection.socket, token));
                    return;
                }
                Action::Read | Action::Wait => return,
                _ if connection.sending.is_some() => return,
                Action::Write | Action::Yield => {
                    connection.step(thread, |protocol, cx| protocol.resume(cx))
                }
                Action::Run => {
                    let Some(request) = connection.protocol.take_blocking() else { return };
                    let result = thread.respond_task(request).run(&mut thread.stats);
                    thread.resume_tick();
                    connection.step(thread, |protocol, cx| result.complete(protocol, cx));
                }
                Action::Linger => {
                    connection.sending = Some(ring.shutdown_write(&connection.socket, token));
                    connection.protocol.linger(&thread.server.limits, thread.clock.now(), None);
                    connection.next = Action::Read;
                }
                Action::Close => return self.close(token),
            }
        }
    }

    fn close(&mut self, token: Token) {
        if let Some(Connection { socket, receiving, sending, .. }) = self.connections.remove(token)
        {
            receiving.into_iter().chain(sending).for_each(|id| self.ring.cancel(id));
            self.ring.close(socket);
            self.accept_again();
        }
    }
}

impl Connection {
    fn step(
        &mut self,
        thread: &mut ThreadContext,
        step: impl FnOnce(&mut Protocol, &mut StepCx<'_, ThreadService<'_>>) -> Action,
    ) {
        let mut cx = thread.step(&mut self.output);
        cx.pending = self.unsent;
        self.next = step(&mut self.protocol, &mut cx);
    }
}
