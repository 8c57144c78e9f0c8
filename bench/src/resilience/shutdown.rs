//! How a server is ended, and that it ends as it must.

use super::client::Client;
use super::{TIMEOUT, wait_until};
use crate::targets::server::Server;
use anyhow::{Context, Result, ensure};
use shared::sys::signal::{self, Signal};
use std::time::{Duration, Instant};

/// Asks a server to end, and waits until it has; tells how long that took.
///
/// # Errors
/// When it does not end, or with another status than 0.
pub fn terminate(server: &mut Server) -> Result<Duration> {
    let start = Instant::now();
    signal::send(server.pid(), Signal::Terminate)?;
    exits(server, 0).map(|()| start.elapsed())
}

/// Waits until a server ends by itself, which must be with this status.
///
/// # Errors
/// When the server goes on, or ends with another status.
pub fn exits(server: &mut Server, expected: i32) -> Result<()> {
    let status = server.wait(TIMEOUT)?.context("it does not end")?;
    ensure!(status.code() == Some(expected), "{status}: {}", server.stderr());
    Ok(())
}

/// Waits until a server says that it drains, or accepts no more.
///
/// # Errors
/// When it does neither.
pub fn begun(server: &Server) -> Result<()> {
    wait_until("the beginning of its drain", || {
        let health =
            Client::connect(server.address()).and_then(|mut client| client.fetch("/healthz"));
        Ok(health.map_or(true, |(status, _)| status == 503))
    })
}
