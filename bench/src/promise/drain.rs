//! A server that is asked to end in the midst of its work loses nothing: whoever it let in is answered.

use super::good::{Account, GoodClients, Habits};
use super::{PATIENCE, Stage};
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
    /// Connections that the port no longer took.
    pub refused: u64,
    /// The longest time from the signal to the end.
    pub longest: Duration,
}

/// Ends a loaded server so many times. An error names what was lost.
pub fn under_load(stage: &Stage, times: usize) -> Result<Drains> {
    let _alone = super::alone();
    let mut drains = Drains::default();
    for number in 0..times {
        let (account, took) =
            once(stage, number as u64).with_context(|| format!("drain {number}"))?;
        drains.times += 1;
        drains.answered += account.answered;
        drains.refused += account.refused;
        drains.longest = drains.longest.max(took);
    }
    Ok(drains)
}

fn once(stage: &Stage, seed: u64) -> Result<(Account, Duration)> {
    let mut server = stage.start(&["--grace", "60s"])?;
    let pause = Duration::ZERO;
    let habits = Habits { clients: 32, seed, pause, hello_only: false, until_refused: true };
    let clients = GoodClients::start(server.address(), habits);
    let deadline = Instant::now() + PATIENCE;
    // A different moment each time, by the number of answers.
    while clients.answered() < 300 + 37 * seed && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(1));
    }
    let start = Instant::now();
    signal::send(server.pid(), Signal::Terminate)?;
    let status = server.wait(PATIENCE)?.context("it did not end")?;
    let took = start.elapsed();
    let account = clients.join()?;
    ensure!(status.code() == Some(0), "{status}: {}", server.stderr());
    ensure!(account.lost.is_empty(), "{} lost: {:?}", account.lost.len(), account.lost);
    ensure!(account.answered > 0 && account.refused > 0, "nothing was tried: {account:?}");
    Ok((account, took))
}
