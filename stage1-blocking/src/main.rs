//! Stage 1: one thread, one connection at a time.
//!
//! Accept, serve to the end, accept the next. Clients that come meanwhile wait in the kernel's accept
//! queue, and a client that sends nothing makes all others wait.
#![forbid(unsafe_code)]
#![deny(clippy::print_stderr, clippy::print_stdout)]

use anyhow::Result;
use shared::server::blocking::{Acceptor, Server};
use shared::server::config::{Stage, Threads};
use shared::server::context::ServerContext;
use shared::server::start;
use std::process::ExitCode;

const STAGE: Stage = Stage {
    name: "stage1-blocking",
    about: "A web server that serves one connection at a time",
    threads: Threads::One,
    keep_alive: "never",
    idle_timeout: "15s",
};

fn main() -> ExitCode {
    start::main(&STAGE, run)
}

fn run(context: &ServerContext) -> Result<()> {
    let listener = start::listen(&context.args)?;
    start::announce(STAGE.name, listener.local_addr()?)?;

    let mut acceptor = Acceptor::new(&listener, context);
    let mut server = Server::new(context, &listener);
    while let Some(socket) = acceptor.next_in_line()? {
        // An error is the end of this connection; the next client knows nothing of it.
        let _ = server.serve(socket);
    }
    Ok(())
}
