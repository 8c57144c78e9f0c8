//! Stage 4: a loop on every core, and a pool for what blocks.
//!
//! Each loop is stage 3's, with a listener of its own on the same port: the kernel spreads the
//! connections, and no two loops share anything that changes.
#![forbid(unsafe_code)]

mod blocking_pool;
mod event_loop;

use anyhow::{Context, Result};
use blocking_pool::BlockingPool;
use event_loop::EventLoop;
use shared::args::{Stage, Threads};
use shared::start;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;

const STAGE: Stage = Stage {
    name: "stage4-epoll-threads",
    about: "A web server with an epoll loop per core, and a pool for what blocks",
    threads: Threads::PerCore,
    keep_alive: "always",
    idle_timeout: "15s",
};

fn main() -> ExitCode {
    start::conclude(STAGE.name, run())
}

fn run() -> Result<()> {
    let args = STAGE.parse()?;
    let common = start::prepare(&args)?;
    let threads = usize::from(args.threads);
    let listeners = start::listen_times(STAGE.name, &args, threads)?;

    let pool = BlockingPool::start(&common)?;
    let start_loop = |(number, listener)| {
        let (common, pool) = (common.clone(), Arc::clone(&pool));
        let serve = move || EventLoop::new(listener, &common, &pool)?.run();
        thread::Builder::new()
            .name(format!("loop-{number}"))
            .spawn(serve)
            .context("starting a thread")
    };
    let loops: Vec<_> = listeners.into_iter().enumerate().map(start_loop).collect::<Result<_>>()?;
    for event_loop in loops {
        event_loop.join().map_err(|_| {
            anyhow::anyhow!("a loop panicked: this is a bug, and its message stands above")
        })??;
    }
    Ok(())
}
