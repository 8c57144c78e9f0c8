//! An event loop on io_uring(7): where epoll says what could be done, the kernel says what it has done.
//!
//! `--step 1`: each accept, receive and send is asked for anew. 2: an accept, or receive, goes on until it is cancelled.
//! 3: the kernel does its part when the loop asks for it, and interrupts it never. 4: a send that succeeds makes no
//! completion, and sockets have no descriptors. Parser and router are those of the stages. Left out: a client that stalls
//! is kept for ever, one whose handler blocks or waits is closed, and SIGTERM ends all connections at once.
#![forbid(unsafe_code)]

use anyhow::{Context, Result};
use clap::Parser;
use shared::http::{Action, Protocol};
use shared::server::config::Args;
use shared::server::context::{ServerContext, ThreadContext};
use shared::server::start;
use shared::sys::uring::{Completion, Ring, SocketId};
use shared::telemetry::stderr;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::{Duration, Instant};

const NAME: &str = "uring_loop";
const REMEDY: &str = "no io_uring here; it takes Linux 6.1, sysctl kernel.io_uring_disabled=0, and a container that allows it";
/// How often the loop looks for SIGTERM.
const TICK: Duration = Duration::from_millis(100);
/// What `--null` responds to whatever is received.
const HELLO: &[u8] = b"HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n\
    Content-Type: text/plain; charset=utf-8\r\nContent-Length: 13\r\n\r\nHello, World!";

/// A server on io_uring, in four steps: see chapter 16 of BOOK.md
#[derive(Parser)]
struct Flags {
    /// Where to listen; port 0 picks a free one
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Loops, each with a ring and a listener of its own
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: u16,
    /// How much of io_uring to use
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=4))]
    step: u8,
    /// Respond with the same bytes to whatever is received
    #[arg(long)]
    null: bool,
}

fn main() -> ExitCode {
    let Flags { listen, threads, step, null } = Flags::parse();
    let args = Args { listen, threads, ..Args::default() };
    start::main_with(NAME, Ok(args), |context| {
        let (address, listeners) = start::listen_times(&context.args, threads.into())?;
        let start = |listener| {
            let (ring, own) = (Ring::new(listener, step).context(REMEDY)?, context.clone());
            context.spawn("loop".to_owned(), move || EventLoop::run(ring, null, &own))
        };
        let loops: Vec<_> = listeners.into_iter().map(start).collect::<Result<_>>()?;
        start::announce(NAME, address)?;
        // One that failed has ended the process.
        loops.into_iter().for_each(|event_loop| drop(event_loop.join()));
        Ok(())
    })
}

struct Connection {
    protocol: Protocol,
    /// What comes when all output is sent.
    next: Action,
    output: Vec<u8>,
}

struct EventLoop {
    ring: &'static mut Ring,
    thread: ThreadContext,
    connections: HashMap<SocketId, Connection>,
    null: bool,
}

impl EventLoop {
    fn run(ring: &'static mut Ring, null: bool, context: &ServerContext) -> Result<()> {
        let (thread, connections) = (ThreadContext::new(context), HashMap::new());
        let (mut this, mut changed) = (Self { ring, thread, connections, null }, Vec::new());
        while !context.drain.has_begun() {
            this.ring.enter(TICK)?;
            this.thread.begin_tick(Instant::now());
            while let Some((id, completion)) = this.ring.next_completion() {
                match completion {
                    Completion::Accepted => this.on_accept(id),
                    Completion::Received => this.on_receive(id),
                    Completion::Failed => this.close(id),
                    Completion::Ready => {}
                }
                changed.push(id);
            }
            // Afterwards: what a client has sent in several pieces is responded to by one send.
            changed.drain(..).for_each(|id| this.proceed(id));
            this.thread.record_latencies();
        }
        let (responses, calls) = (this.thread.stats.counters.responses(), this.ring.calls);
        stderr::line(format_args!("{responses} responses, {calls} calls of io_uring_enter"));
        Ok(())
    }

    fn on_accept(&mut self, id: SocketId) {
        let protocol = Protocol::new(&self.thread.server.args.limits, self.thread.clock.now());
        let (next, output) = (Action::Read, Vec::new());
        self.connections.insert(id, Connection { protocol, next, output });
    }

    fn on_receive(&mut self, id: SocketId) {
        let Some(connection) = self.connections.get_mut(&id) else { return };
        let Connection { protocol, next, output } = connection;
        let (bytes, mut cx) = (self.ring.received(), self.thread.step(output));
        match bytes {
            // While there is something to send, the end is no news: it will still be there afterwards.
            [] if *next != Action::Read => {}
            [] => *next = protocol.end_of_input(&mut cx),
            _ if self.null => {
                cx.out.extend_from_slice(HELLO);
                self.thread.stats.counters.add_response(200);
            }
            _ => *next = protocol.receive(bytes, &mut cx),
        }
    }

    /// Sends what there is to send; then does what comes next.
    fn proceed(&mut self, id: SocketId) {
        while !self.ring.is_sending(id)
            && let Some(Connection { protocol, next, output }) = self.connections.get_mut(&id)
        {
            if !output.is_empty() {
                return self.ring.send(id, std::mem::take(output), *next != Action::Read);
            }
            *next = match next {
                Action::Read => return,
                Action::Write | Action::Yield => protocol.resume(&mut self.thread.step(output)),
                Action::Linger => {
                    self.ring.shutdown_write(id);
                    protocol.linger(&self.thread.server.args.limits, self.thread.clock.now(), None);
                    Action::Read
                }
                Action::Close | Action::Run | Action::Wait => return self.close(id),
            };
        }
    }

    fn close(&mut self, id: SocketId) {
        self.connections.remove(&id);
        self.ring.close(id);
    }
}
