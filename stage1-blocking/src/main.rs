//! Stage 1: one thread, one connection at a time.
//!
//! Accept, serve to the end, accept the next. Whoever comes meanwhile waits in the kernel's accept
//! queue, and a client that sends nothing makes everybody wait.
#![forbid(unsafe_code)]

use anyhow::Result;
use shared::args::{Stage, Threads};
use shared::blocking::Server;
use shared::{accept, start};
use std::process::ExitCode;

const STAGE: Stage = Stage {
    name: "stage1-blocking",
    about: "A web server that serves one connection at a time",
    threads: Threads::One,
    keep_alive: "never",
    idle_timeout: "15s",
};

fn main() -> ExitCode {
    start::conclude(STAGE.name, run())
}

fn run() -> Result<()> {
    let args = STAGE.parse()?;
    let common = start::prepare(&args)?;
    let listener = start::listen(STAGE.name, &args)?;

    let counters = common.service.metrics.register();
    let mut server = Server::new(&common, &listener);
    while let Some(socket) = accept::next_in_line(&listener, &common.drain, &counters)? {
        // An error is the end of this connection; the next client knows nothing of it.
        let _ = server.serve(&socket);
    }
    Ok(())
}
