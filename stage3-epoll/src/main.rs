//! Stage 3: one thread, one epoll loop.
//!
//! The thread waits for all connections at once and serves whichever is ready. A silent client costs
//! a hundred bytes; a handler that blocks holds up all connections.
#![forbid(unsafe_code)]
#![deny(clippy::print_stderr, clippy::print_stdout)]

mod event_loop;

use anyhow::Result;
use event_loop::EventLoop;
use shared::server::config::{Stage, Threads};
use shared::server::context::ServerContext;
use shared::server::start;
use std::process::ExitCode;

const STAGE: Stage = Stage {
    name: "stage3-epoll",
    about: "A web server with one thread and an epoll loop",
    threads: Threads::One,
    keep_alive: "always",
    idle_timeout: "15s",
};

fn main() -> ExitCode {
    start::main(&STAGE, run)
}

fn run(context: &ServerContext) -> Result<()> {
    let listener = start::listen(&context.args)?;
    let address = listener.local_addr()?;
    let event_loop = EventLoop::new(listener, context)?;
    start::announce(STAGE.name, address)?;

    event_loop.run()
}
