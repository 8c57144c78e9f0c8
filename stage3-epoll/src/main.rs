//! Stage 3: one thread, one epoll loop.
//!
//! The thread waits for all connections at once and serves whichever is ready. A silent client costs
//! a hundred bytes; a handler that blocks costs everybody its time.
#![forbid(unsafe_code)]

mod event_loop;

use anyhow::Result;
use event_loop::EventLoop;
use shared::args::{Stage, Threads};
use shared::start;
use std::process::ExitCode;

const STAGE: Stage = Stage {
    name: "stage3-epoll",
    about: "A web server with one thread and an epoll loop",
    threads: Threads::One,
    keep_alive: "always",
    idle_timeout: "15s",
};

fn main() -> ExitCode {
    start::conclude(STAGE.name, run())
}

fn run() -> Result<()> {
    let args = STAGE.parse()?;
    let common = start::prepare(&args)?;
    let listener = start::listen(STAGE.name, &args)?;

    EventLoop::new(listener, &common)?.run()
}
