//! An event loop on io_uring(7): where epoll says what could be done, the kernel says what it has done.
//!
//! `--step 1`: each accept, receive and send is asked for anew. 2: an accept, or receive, goes on until it is cancelled, and
//! received bytes lie in common buffers. 3: the kernel does its part when the loop asks for it, and interrupts it never. 4: a
//! send that succeeds makes no completion, and sockets have no descriptors. Parser and router are those of the stages. What
//! the stages do besides is left out: a client that stalls is kept for ever, and SIGTERM ends all connections at once.
#![forbid(unsafe_code)]

use anyhow::{Context, Result};
use clap::Parser;
use shared::app::{App, router::Router};
use shared::http::{Action, Protocol, Response};
use shared::server::config::Args;
use shared::server::context::{ServerContext, ThreadContext};
use shared::server::start;
use shared::sys::uring::{Completion, Ring, SocketId};
use shared::telemetry::stderr;
use std::collections::HashMap;
use std::mem;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

const NAME: &str = "uring_loop";
const REMEDY: &str = "no io_uring here; it takes Linux 6.1, sysctl kernel.io_uring_disabled=0, and a container that allows it";
/// How often the loop looks for SIGTERM.
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
    let args = Args::parse_from([NAME, "--listen", &listen, "--threads", &threads]);
    start::main_with(NAME, Ok(args), |args, context| {
        let (address, listeners) = start::listen_times(args, args.threads.into())?;
        let app = App::new(routes(), None, Arc::clone(context.telemetry.metrics()));
        let context = ServerContext { app, ..context.clone() };
        let start = |listener| {
            let (ring, own) = (Ring::new(listener, step).context(REMEDY)?, context.clone());
            context.spawn("loop".to_owned(), move || EventLoop::new(ring, null, &own).run())
        };
        let loops: Vec<_> = listeners.into_iter().map(start).collect::<Result<_>>()?;
        start::announce(NAME, address)?;
        // One that failed has ended the process.
        loops.into_iter().for_each(|event_loop| drop(event_loop.join()));
        Ok(())
    })
}

/// Handlers that neither block nor wait.
fn routes() -> Router {
    Router::new()
        .get("/", |_| Response::text("Hello, World!"))
        .get("/hello/{name}", |request| {
            let name = String::from_utf8_lossy(request.parameter("name"));
            Response::text(format!("Hello, {name}!"))
        })
        .post("/echo", |request| Response::bytes(request.body.to_vec()))
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
    /// What something has happened to since the last call.
    changed: Vec<SocketId>,
    null: bool,
}

impl EventLoop {
    fn new(ring: &'static mut Ring, null: bool, context: &ServerContext) -> Self {
        let (connections, changed) = (HashMap::new(), Vec::new());
        Self { ring, thread: ThreadContext::new(context), connections, changed, null }
    }

    fn run(mut self) -> Result<()> {
        self.ring.start()?;
        while !self.thread.server.drain.has_begun() {
            self.ring.enter(TICK)?;
            self.thread.begin_tick(Instant::now());
            while let Some(completion) = self.ring.next_completion() {
                match completion {
                    Completion::Accepted(id) => self.on_accept(id),
                    Completion::Received(id) => self.on_receive(id),
                    Completion::Ready(id) => self.changed.push(id),
                    Completion::Failed(id) => self.close(id),
                }
            }
            // Afterwards: what a client has sent in several pieces is responded to by one send.
            for id in mem::take(&mut self.changed) {
                self.proceed(id);
            }
            self.thread.record_latencies();
        }
        let (responses, calls) = (self.thread.stats.counters.responses(), self.ring.calls);
        stderr::line(format_args!("{responses} responses, {calls} calls of io_uring_enter"));
        Ok(())
    }

    fn on_accept(&mut self, id: SocketId) {
        let protocol = Protocol::new(&self.thread.server.limits, self.thread.clock.now());
        let (next, output) = (Action::Read, Vec::new());
        self.connections.insert(id, Connection { protocol, next, output });
        self.changed.push(id);
    }

    fn on_receive(&mut self, id: SocketId) {
        let Some(Connection { protocol, next, output }) = self.connections.get_mut(&id) else {
            return;
        };
        let is_busy = self.ring.is_sending(id) || *next != Action::Read;
        let (bytes, mut cx) = (self.ring.received(), self.thread.step(output));
        match bytes {
            // While there is something to send, the end is no news: it will still be there afterwards.
            [] if is_busy => {}
            [] => *next = protocol.end_of_input(&mut cx),
            _ if self.null => {
                cx.out.extend_from_slice(HELLO);
                self.thread.stats.counters.add_response(200);
            }
            _ => *next = protocol.receive(bytes, &mut cx),
        }
        if is_busy {
            // What a client sends while it does not read its responses shall wait in its socket.
            self.ring.pause(id);
        }
        self.changed.push(id);
    }

    /// Sends what there is to send; then does what comes next.
    fn proceed(&mut self, id: SocketId) {
        while let Some(Connection { protocol, next, output }) = self.connections.get_mut(&id) {
            if self.ring.is_sending(id) {
                // Of a send that is not awaited we may hear nothing: look again at the next tick.
                return self.changed.extend((!output.is_empty()).then_some(id));
            }
            if *next == Action::Read {
                self.ring.receive(id);
            }
            if !output.is_empty() {
                return self.ring.send(id, mem::take(output), *next != Action::Read);
            }
            *next = match next {
                Action::Read => return,
                Action::Write | Action::Yield => protocol.resume(&mut self.thread.step(output)),
                Action::Linger => {
                    self.ring.shutdown_write(id);
                    protocol.linger(&self.thread.server.limits, self.thread.clock.now(), None);
                    Action::Read
                }
                // No handler of this server blocks or waits.
                Action::Close | Action::Run | Action::Wait => return self.close(id),
            };
        }
    }

    fn close(&mut self, id: SocketId) {
        self.connections.remove(&id);
        self.ring.close(id);
    }
}
