//! A server that is asked to end in the midst of its work loses nothing: whoever it let in is answered.

use super::good::{Account, GoodClients, Habits};
use super::{PATIENCE, Stage, ending};
use anyhow::{Context, Result, ensure};
use shared::sys::signal::{self, Signal};
use std::time::{Duration, Instant};

/// What several drains came to.
#[derive(Debug, Default)]
pub struct Drains {
    /// How many there were.
    pub times: usize,
    /// Correct answers.
    pub answered: u64,
    /// Those of them that came after the signal.
    pub after: u64,
    /// The longest time from the signal to the end.
    pub longest: Duration,
}

/// Ends a loaded server so many times. An error names what was lost.
pub fn under_load(stage: &Stage, times: usize) -> Result<Drains> {
    let mut drains = Drains::default();
    for number in 0..times {
        let (account, after, took) =
            once(stage, number as u64).with_context(|| format!("drain {number}"))?;
        drains.times += 1;
        drains.answered += account.answered;
        drains.after += after;
        drains.longest = drains.longest.max(took);
    }
    Ok(drains)
}

/// What clients saw, how many answers came after the signal, and how long the end took.
fn once(stage: &Stage, seed: u64) -> Result<(Account, u64, Duration)> {
    let mut server = stage.start(&["--grace", "60s", "--drain-idle", "60s"])?;
    let habits = Habits {
        until_refused: true,
        // Where one client is served at a time, all others would only wait for those who linger.
        some_linger: stage.at_once > 1,
        ..Habits::busy(seed)
    };
    let clients = GoodClients::start(server.address(), habits);
    // A different moment each time, by the number of answers.
    clients.wait_for(300 + 37 * seed)?;
    let (start, before) = (Instant::now(), clients.answered());
    signal::send(server.pid(), Signal::Terminate)?;
    ending::begun(&server)?;
    clients.expect_last_answers();
    let status = server.wait(PATIENCE)?.context("it did not end")?;
    let took = start.elapsed();
    let account = clients.join()?;
    ensure!(status.code() == Some(0), "{status}: {}", server.stderr());
    account.check()?;
    let after = account.answered - before;
    ensure!(after > 0, "nothing was in flight: {account:?}");
    Ok((account, after, took))
}
