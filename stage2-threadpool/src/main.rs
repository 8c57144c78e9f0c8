//! Stage 2: one thread accepts, a pool of threads serves.
//!
//! Each worker still waits for one connection at a time, but now many wait at once. As many silent
//! clients as there are workers, and all others wait again.
#![forbid(unsafe_code)]
#![deny(clippy::print_stderr, clippy::print_stdout)]

mod pool;
mod queue;

use anyhow::Result;
use pool::Pool;
use shared::server::blocking::Acceptor;
use shared::server::config::{Stage, Threads};
use shared::server::context::ServerContext;
use shared::server::start;
use std::process::ExitCode;

const STAGE: Stage = Stage {
    name: "stage2-threadpool",
    about: "A web server with a bounded queue and a pool of threads",
    threads: Threads::Many(64),
    keep_alive: "fair",
    idle_timeout: "5s",
};

fn main() -> ExitCode {
    start::main(&STAGE, run)
}

fn run(context: &ServerContext) -> Result<()> {
    let listener = start::listen(&context.args)?;
    let pool = Pool::start(context.args.threads.into(), context)?;
    start::announce(STAGE.name, listener.local_addr()?)?;

    let mut acceptor = Acceptor::new(&listener, context);
    while let Some(socket) = acceptor.next(|| pool.evict_one())? {
        pool.submit(socket, &listener);
    }
    drop(listener);
    pool.finish();
    Ok(())
}
