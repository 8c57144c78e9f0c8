//! Stage 2: one thread accepts, a pool of threads serves.
//!
//! Each worker still waits for one connection at a time, but now many wait at once. As many silent
//! clients as there are workers, and everybody waits again.
#![forbid(unsafe_code)]

mod pool;
mod queue;

use anyhow::Result;
use pool::Pool;
use shared::args::{Stage, Threads};
use shared::{accept, start};
use std::process::ExitCode;

const STAGE: Stage = Stage {
    name: "stage2-threadpool",
    about: "A web server with a bounded queue and a pool of threads",
    threads: Threads::Many(64),
    keep_alive: "fair",
    idle_timeout: "5s",
};

fn main() -> ExitCode {
    start::conclude(STAGE.name, run())
}

fn run() -> Result<()> {
    let args = STAGE.parse()?;
    let common = start::prepare(&args)?;
    let listener = start::listen(STAGE.name, &args)?;

    let counters = common.service.metrics.register();
    let pool = Pool::start(args.threads.into(), &common)?;
    let make_room = || pool.make_room();
    while let Some(socket) = accept::next(&listener, &common.drain, &counters, make_room)? {
        pool.submit(socket, &counters);
    }
    drop(listener);
    pool.finish();
    Ok(())
}
