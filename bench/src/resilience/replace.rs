//! A server takes the place of another while clients are at work: nothing that was let in is lost.

use super::good::{Account, GoodClients, Habits};
use super::{PATIENCE, Stage};
use crate::targets::server::Server;
use anyhow::{Context, Result, ensure};
use shared::sys::signal::{self, Signal};
use std::time::{Duration, Instant};

/// Longer than a drain may take here: none is cut off.
const GRACE: &[&str] = &["--grace", "60s", "--drain-idle", "60s"];

/// When the new server comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// On the same port as soon as the old one has ended. In between, connects are refused.
    After,
    /// Beside the old one, and only then that one is asked to end: nobody is refused either. Both listen
    /// on one port (`--replace`), which stage 4 alone can.
    Beside,
}

/// What several replacements came to.
#[derive(Debug)]
pub struct Replaced {
    /// How many there were.
    pub times: usize,
    /// Correct answers.
    pub answered: u64,
    /// Connections that found nobody.
    pub refused: u64,
    /// The longest time from the signal to the end of the old server.
    pub longest: Duration,
    /// The longest time to connect. Whoever comes between the last call and the new server is not refused: the
    /// client's kernel tries again, after a second.
    pub slowest_connect: Duration,
}

/// Replaces a loaded server so many times. An error names what was lost.
pub fn under_load(stage: &Stage, how: How, times: usize) -> Result<Replaced> {
    let server = stage.start(GRACE)?;
    let habits = Habits { some_linger: stage.at_once > 1, ..Habits::busy(1) };
    let clients = GoodClients::start(server.address(), habits);
    let replaced = replace_all(stage, how, times, server, &clients);
    // The last server is still there, and goes when its clients have gone.
    let account = clients.stop()?;
    let (_last, longest) = replaced?;
    account.check()?;
    let Account { answered, refused, slowest_connect, .. } = account;
    ensure!(how == How::After || refused == 0, "{refused} connects refused");
    Ok(Replaced { times, answered, refused, longest, slowest_connect })
}

/// The last server, and the longest time that one took to end.
fn replace_all(
    stage: &Stage,
    how: How,
    times: usize,
    mut server: Server,
    clients: &GoodClients,
) -> Result<(Server, Duration)> {
    let mut longest = Duration::ZERO;
    for number in 0..times {
        // A different moment each time, by the number of answers.
        clients.wait_for(300 + 37 * number as u64)?;
        let (next, took) =
            how.replace(stage, server).with_context(|| format!("replacement {number}"))?;
        server = next;
        longest = longest.max(took);
    }
    clients.wait_for(300)?;
    Ok((server, longest))
}

impl How {
    /// The new server, and how long the old one took to end.
    fn replace(self, stage: &Stage, mut old: Server) -> Result<(Server, Duration)> {
        let address = old.address().to_string();
        if self == Self::Beside {
            let new = stage.start_on(&address, &[GRACE, &["--replace"]].concat())?;
            return Ok((new, end(&mut old)?));
        }
        let took = end(&mut old)?;
        // At once: what the old one's connections have left in TIME_WAIT does not hold the port.
        Ok((stage.start_on(&address, GRACE)?, took))
    }
}

fn end(server: &mut Server) -> Result<Duration> {
    let start = Instant::now();
    signal::send(server.pid(), Signal::Terminate)?;
    let status = server.wait(PATIENCE)?.context("it did not end")?;
    ensure!(status.code() == Some(0), "{status}: {}", server.stderr());
    Ok(start.elapsed())
}
