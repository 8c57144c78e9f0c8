//! A server takes the place of another while clients are at work: no request that was accepted is lost.

use super::well_behaved::{Behaviour, Outcome, WellBehavedClients};
use super::{Stage, shutdown};
use crate::targets::server::Server;
use anyhow::{Context, Result, ensure};
use std::time::Duration;

/// Longer than a drain may take here: none is cut off.
const GRACE: &[&str] = &["--grace", "60s", "--drain-idle", "60s"];

/// When the new server comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handover {
    /// On the same port as soon as the old one has ended. In between, connects are refused.
    After,
    /// Beside the old one, which is asked to end only then: no connect is refused either. Both listen
    /// on one port (`--replace`), which stage 4 alone can.
    Beside,
}

/// What several replacements came to.
#[derive(Debug)]
pub struct Replaced {
    /// Correct responses.
    pub served: u64,
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
/// Names what was lost.
pub fn under_load(stage: &Stage, how: Handover, times: usize) -> Result<Replaced> {
    let server = stage.start(GRACE)?;
    let behaviour = Behaviour { some_are_slow: stage.at_once > 1, ..Behaviour::busy(1) };
    let clients = WellBehavedClients::start(server.address(), behaviour);
    let replaced = replace_all(stage, how, times, server, &clients);
    // The last server is still there, and goes when its clients have gone.
    let outcome = clients.stop()?;
    let (_last, longest) = replaced?;
    outcome.check()?;
    let Outcome { served, refused, slowest_connect, .. } = outcome;
    ensure!(how == Handover::After || refused == 0, "{refused} connects refused");
    Ok(Replaced { served, refused, longest, slowest_connect })
}

/// The last server, and the longest time that one took to end.
fn replace_all(
    stage: &Stage,
    how: Handover,
    times: usize,
    mut server: Server,
    clients: &WellBehavedClients,
) -> Result<(Server, Duration)> {
    let mut longest = Duration::ZERO;
    for number in 0..times {
        // A different moment each time, by the number of responses.
        clients.wait_for(300 + 37 * number as u64)?;
        let (next, took) =
            how.replace(stage, server).with_context(|| format!("replacement {number}"))?;
        server = next;
        longest = longest.max(took);
    }
    clients.wait_for(300)?;
    Ok((server, longest))
}

impl Handover {
    /// The new server, and how long the old one took to end.
    fn replace(self, stage: &Stage, mut old: Server) -> Result<(Server, Duration)> {
        let address = old.address().to_string();
        if self == Self::Beside {
            let new = stage.start_on(&address, &[GRACE, &["--replace"]].concat())?;
            return Ok((new, shutdown::terminate(&mut old)?));
        }
        let took = shutdown::terminate(&mut old)?;
        // At once: what the old one's connections have left in TIME_WAIT does not hold the port.
        Ok((stage.start_on(&address, GRACE)?, took))
    }
}
