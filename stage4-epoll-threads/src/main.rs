//! Stage 4: a loop on every core, and a pool for what blocks.
//!
//! Each loop is stage 3's, with a listener of its own on the same port: the kernel spreads the
//! connections. Per request the loops share nothing that changes, unless it asks for a file or may block: the cache of
//! files and the pool's queues have locks. Per connection they share one counter, that of the limit.
#![forbid(unsafe_code)]
#![deny(clippy::print_stderr, clippy::print_stdout)]

mod blocking_pool;
mod event_loop;

use anyhow::Result;
use blocking_pool::BlockingPool;
use event_loop::EventLoop;
use shared::server::config::{Stage, Threads};
use shared::server::context::ServerContext;
use shared::server::start;
use std::process::ExitCode;
use std::sync::{Arc, Barrier};

const STAGE: Stage = Stage {
    name: "stage4-epoll-threads",
    about: "A web server with an epoll loop per core, and a pool for what blocks",
    threads: Threads::PerCore,
    keep_alive: "always",
    idle_timeout: "15s",
};

fn main() -> ExitCode {
    start::main(&STAGE, run)
}

fn run(context: &ServerContext) -> Result<()> {
    let threads = usize::from(context.args.threads);
    let (address, listeners) = start::listen_times(&context.args, threads)?;

    let pool = BlockingPool::start(context)?;
    // Passed twice: when all loops exist, and when the server has said that it listens.
    let barrier = Arc::new(Barrier::new(threads + 1));
    let start_loop = |(number, listener)| {
        let (own, pool, barrier) = (context.clone(), Arc::clone(&pool), Arc::clone(&barrier));
        let serve = move || {
            let event_loop = EventLoop::new(listener, &own, &pool)?;
            barrier.wait();
            barrier.wait();
            event_loop.run()
        };
        context.spawn(format!("loop-{number}"), serve)
    };
    let loops: Vec<_> = listeners.into_iter().enumerate().map(start_loop).collect::<Result<_>>()?;
    barrier.wait();
    start::announce(STAGE.name, address)?;
    barrier.wait();
    for event_loop in loops {
        // One that failed has ended the process.
        let _ = event_loop.join();
    }
    Ok(())
}
