//! A server that is asked to end in the midst of its work loses nothing: every request that it accepted is served.

use super::well_behaved::{Behaviour, Outcome, WellBehavedClients};
use super::{Stage, shutdown};
use anyhow::{Context, Result, ensure};
use shared::sys::signal::{self, Signal};
use std::time::{Duration, Instant};

/// What several drains came to.
#[derive(Debug, Default)]
pub struct Drains {
    /// Correct responses.
    pub served: u64,
    /// How many of them came after the signal.
    pub after: u64,
    /// The longest time from the signal to the end.
    pub longest: Duration,
}

/// Ends a loaded server so many times.
///
/// # Errors
/// Names what was lost.
pub fn under_load(stage: &Stage, times: usize) -> Result<Drains> {
    let mut drains = Drains::default();
    for number in 0..times as u64 {
        let (outcome, after, took) =
            once(stage, number).with_context(|| format!("drain {number}"))?;
        drains.served += outcome.served;
        drains.after += after;
        drains.longest = drains.longest.max(took);
    }
    Ok(drains)
}

/// What clients saw, how many responses came after the signal, and how long the end took.
fn once(stage: &Stage, seed: u64) -> Result<(Outcome, u64, Duration)> {
    let mut server = stage.start(&["--grace", "60s", "--drain-idle", "60s"])?;
    let behaviour = Behaviour {
        until_refused: true,
        // Where one client is served at a time, all others would only wait for the slow ones.
        some_are_slow: stage.at_once > 1,
        ..Behaviour::busy(seed)
    };
    let clients = WellBehavedClients::start(server.address(), behaviour);
    // A different moment each time, by the number of responses.
    clients.wait_for(300 + 37 * seed)?;
    let (start, before) = (Instant::now(), clients.served());
    signal::send(server.pid(), Signal::Terminate)?;
    shutdown::begun(&server)?;
    clients.expect_last_responses();
    let ended = shutdown::exits(&mut server, 0);
    let took = start.elapsed();
    let outcome = clients.join()?;
    ended?;
    outcome.check()?;
    let after = outcome.served - before;
    ensure!(after > 0, "nothing was in flight: {outcome:?}");
    Ok((outcome, after, took))
}
