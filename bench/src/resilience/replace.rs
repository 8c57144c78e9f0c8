//! A server ends and another takes its place while clients are at work: no request that was accepted is lost.

use super::Stage;
use super::shutdown::{begun, exits};
use super::well_behaved::{Behaviour, WellBehavedClients};
use crate::targets::server::Server;
use anyhow::{Context, Result, ensure};
use shared::sys::signal::{self, Signal};
use std::time::{Duration, Instant};

/// Longer than a drain may take here: none is cut off.
const GRACE: &[&str] = &["--grace", "60s", "--drain-idle", "60s"];

/// When the new server comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handover {
    /// On the same port as soon as the old one has ended. In between, connects are refused.
    After,
    /// Beside the old one, which is asked to end only then: no connect is refused either. Both listen
    /// on one port (`--replace`).
    Beside,
}

/// What several replacements came to.
#[derive(Debug, Default)]
pub struct Replaced {
    /// Correct responses.
    pub served: u64,
    /// How many of them came between a signal and the end of the old server.
    pub drained: u64,
    /// Connections that found no server.
    pub refused: u64,
    /// The longest time from the signal to the end of the old server.
    pub longest: Duration,
    /// The longest time to connect. A client that comes between the final accept and the new server is not refused: its
    /// kernel tries again, after a second.
    pub slowest_connect: Duration,
}

/// Replaces a loaded server so many times.
///
/// # Errors
/// Names what was lost. Of a server that drains alone on its port, each response must say that it is the last.
pub fn under_load(stage: &Stage, how: Handover, times: usize) -> Result<Replaced> {
    let mut replaced = Replaced::default();
    let server = stage.start(GRACE)?;
    // Where one client is served at a time, all others would only wait for the slow ones.
    let behaviour = Behaviour { some_are_slow: stage.at_once > 1, ..Behaviour::busy(1) };
    let clients = WellBehavedClients::start(server.address(), behaviour);
    let end = replace_all(stage, how, times, server, &clients, &mut replaced);
    // The last server is still there, and goes when its clients have gone.
    let outcome = clients.stop()?;
    let _last = end?;
    outcome.check()?;
    ensure!(replaced.drained > 0, "no request was ever in flight");
    ensure!(how == Handover::After || outcome.refused == 0, "{} connects refused", outcome.refused);
    let (served, refused) = (outcome.served, outcome.refused);
    Ok(Replaced { served, refused, slowest_connect: outcome.slowest_connect, ..replaced })
}

/// The last server.
fn replace_all(
    stage: &Stage,
    how: Handover,
    times: usize,
    mut server: Server,
    clients: &WellBehavedClients,
    replaced: &mut Replaced,
) -> Result<Server> {
    for number in 0..times {
        // A different moment each time, by the number of responses.
        clients.wait_for(300 + 37 * number as u64)?;
        let next = how.replace(stage, server, clients, replaced);
        server = next.with_context(|| format!("replacement {number}"))?;
    }
    clients.wait_for(300)?;
    Ok(server)
}

impl Handover {
    /// The new server.
    fn replace(
        self,
        stage: &Stage,
        mut old: Server,
        clients: &WellBehavedClients,
        replaced: &mut Replaced,
    ) -> Result<Server> {
        let address = old.address().to_string();
        let beside = || stage.start_on(&address, &[GRACE, &["--replace"]].concat());
        let new = (self == Self::Beside).then(beside).transpose()?;
        let (start, before) = (Instant::now(), clients.served());
        signal::send(old.pid(), Signal::Terminate)?;
        if new.is_none() {
            begun(&old)?;
            clients.expect_last_responses(true);
        }
        exits(&mut old, 0)?;
        replaced.longest = replaced.longest.max(start.elapsed());
        replaced.drained += clients.served() - before;
        clients.expect_last_responses(false);
        // At once: what the old one's connections have left in TIME_WAIT does not hold the port.
        new.map_or_else(|| stage.start_on(&address, GRACE), Ok)
    }
}
