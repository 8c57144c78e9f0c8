//! `/metrics` says what happened, and nothing twice.

use super::client::Client;
use super::{PATIENCE, Stage};
use crate::targets::server::Server;
use anyhow::{Context, Result, ensure};
use std::thread;
use std::time::{Duration, Instant};

/// A request that is too slow is one time-out: that its client is then waited for, and does not close, is none more. Nor
/// is it one where a bad request was answered.
pub fn a_time_out_is_counted_once(stage: &Stage) -> Result<()> {
    let server = stage.start(&["--head-timeout", "200ms"])?;
    let mut slow = Client::connect(server.address())?;
    slow.send(b"GET /");
    slow.expect(408)?;
    let mut bad = Client::connect(server.address())?;
    bad.send(b"BAD\r\n\r\n");
    bad.expect(400)?;
    // Until the server has given up waiting for either, and the one who asks is alone.
    let deadline = Instant::now() + PATIENCE;
    while metric(&server, "http_connections_open")? > 1 {
        ensure!(Instant::now() < deadline, "connections stay open");
        thread::sleep(Duration::from_millis(20));
    }
    let counted = metric(&server, "http_connections_timed_out_total")?;
    ensure!(counted == 1, "one connection timed out, {counted} are counted");
    Ok(())
}

fn metric(server: &Server, name: &str) -> Result<u64> {
    let (_, page) = Client::connect(server.address())?.ask("/metrics")?;
    let page = String::from_utf8(page).context("the page is no text")?;
    let value = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    value.with_context(|| format!("no {name}"))?.parse().context("a number")
}
