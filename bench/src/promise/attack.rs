//! Good clients beside hostile ones: the good are answered, what the hostile cost is bounded, and it all comes back.

use super::Stage;
use super::client::answers;
use super::good::{Account, GoodClients, Habits};
use super::hostile::{Crowd, Kind};
use super::vitals::{self, Vitals};
use crate::server::Server;
use anyhow::{Context, Result, ensure};
use shared::limits::MAX_OUTPUT;
use std::time::{Duration, Instant};

/// Hostile clients at once.
pub const CROWD: usize = 500;

/// What a hostile client may cost the server, in KiB: twice a body of the largest size for one that
/// sends a body (a vector grows by doubling), the bound of the output and the answer's next piece for
/// one that does not read, and a head for the others.
pub fn bound(kind: Kind) -> u64 {
    match kind {
        Kind::EndlessBody => 2 * LARGEST_BODY,
        Kind::NeverReads | Kind::EndlessPipeline => (2 * MAX_OUTPUT as u64) >> 10,
        _ => 64,
    }
}

/// What the crowd may cost while it is there: so much for each, and for all together the heaps' own growth.
pub fn allowed(kind: Kind) -> u64 {
    CROWD as u64 * bound(kind) + SLACK
}

/// What may stay of it, in KiB, whatever it was: pages that hold something else as well.
pub const KEPT: u64 = 4 << 10;

/// What heaps may grow by whoever comes, in KiB.
const SLACK: u64 = 16 << 10;

/// How one attack went.
#[derive(Debug)]
pub struct Attack {
    /// Of the good clients, before it.
    pub quiet: Account,
    /// Of the good clients, while it lasted.
    pub beside: Account,
    /// What the hostile clients did.
    pub deeds: u64,
    /// The server's memory in KiB: before, at most, and after.
    pub memory: [u64; 3],
}

/// Time for a quiet run, and for the attack.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// Good clients alone.
    pub quiet: Duration,
    /// All of them.
    pub attack: Duration,
}

/// In KiB: a client that sends 4 KiB ten times a second comes up to it.
const LARGEST_BODY: u64 = 32;

/// Limits that are reached within the run: what they have to deal with is a part of it.
fn start(stage: &Stage) -> Result<Server> {
    let max_body = (LARGEST_BODY << 10).to_string();
    let time_outs = ["--head-timeout", "1s", "--body-timeout", "1s", "--write-timeout", "1s"];
    stage.start(&[&time_outs[..], &["--max-body", &max_body]].concat())
}

fn crowd(server: &Server, kind: &'static [Kind; 1], seed: u64) -> Result<Crowd> {
    Ok(Crowd::start(server.address(), kind, CROWD, Duration::from_millis(100), seed)?)
}

/// Good clients of one server while another, on the same machine, is attacked. What they feel is the
/// machine's doing: the cores and the kernel are shared. What good clients of the attacked server feel beyond
/// that is the server's.
pub fn next_door(
    stage: &Stage,
    kind: &'static [Kind; 1],
    time: Duration,
    seed: u64,
) -> Result<Account> {
    let _alone = super::alone();
    let (attacked, server) = (start(stage)?, start(stage)?);
    answers(server.address())?;
    let crowd = crowd(&attacked, kind, seed)?;
    let account = beside(&server, seed, time, |_| Ok(()))?;
    crowd.stop();
    Ok(account)
}

/// One kind of hostile client against one server, that must hold what is promised.
pub fn attack(stage: &Stage, kind: &'static [Kind; 1], times: Times, seed: u64) -> Result<Attack> {
    let _alone = super::alone();
    let server = start(stage)?;
    answers(server.address())?;
    let before = Vitals::at_rest(server.pid())?;
    let quiet = beside(&server, seed, times.quiet, |_| Ok(()))?;
    let idle = vitals::memory(server.pid())?;
    let crowd = crowd(&server, kind, seed)?;
    let mut most = idle;
    let account = beside(&server, seed, times.attack, |server| {
        most = most.max(vitals::memory(server.pid())?);
        Ok(())
    })?;
    let deeds = crowd.stop();
    answers(server.address()).context("afterwards")?;
    before.come_back(server.pid()).context("afterwards")?;
    let after = vitals::memory_down_to(server.pid(), idle + KEPT).context("afterwards")?;
    // Hundreds that leave at once may cost more than while they were there.
    let memory = [idle, most.max(after), after];
    let attack = Attack { quiet, beside: account, deeds, memory };
    attack.check(kind[0]).map(|()| attack)
}

impl Attack {
    fn check(&self, kind: Kind) -> Result<()> {
        for account in [&self.quiet, &self.beside] {
            ensure!(account.answered > 0, "no good client was answered");
            ensure!(
                account.lost.is_empty(),
                "{} good requests lost: {:?}",
                account.lost.len(),
                account.lost
            );
        }
        let allowed = allowed(kind);
        let [idle, most, _] = self.memory;
        ensure!(most - idle <= allowed, "{} KiB more, {allowed} are allowed", most - idle);
        Ok(())
    }
}

/// Good clients for so long, and something to look at meanwhile.
fn beside(
    server: &Server,
    seed: u64,
    time: Duration,
    mut look: impl FnMut(&Server) -> Result<()>,
) -> Result<Account> {
    let pause = Duration::from_millis(20);
    let habits = Habits { clients: 32, seed, pause, hello_only: true, until_refused: false };
    let (clients, end) = (GoodClients::start(server.address(), habits), Instant::now() + time);
    while Instant::now() < end {
        std::thread::sleep(Duration::from_millis(20));
        look(server)?;
    }
    clients.stop()
}

/// Each kind in turn, for as long as a test may take.
pub fn each(stage: &Stage) -> Result<()> {
    let times = Times { quiet: Duration::from_millis(200), attack: Duration::from_millis(1500) };
    Kind::EACH.iter().zip(1..).try_for_each(|(kind, seed)| {
        let attack = attack(stage, kind, times, seed).with_context(|| format!("{kind:?}"))?;
        println!("{kind:?}: {:?} KiB before, at most, after", attack.memory);
        Ok(())
    })
}

/// Each kind in turn, against a stage that it stops for a while.
pub fn each_passes(stage: &Stage) -> Result<()> {
    Kind::EACH.iter().try_for_each(|kind| comes_back(stage, kind))
}

/// Where a thread waits for one client, silent ones take all threads there are. The server cannot serve
/// meanwhile, but it must come back when their time is over.
fn comes_back(stage: &Stage, kind: &'static [Kind; 1]) -> Result<()> {
    let _alone = super::alone();
    let limits = ["--head-timeout", "200ms", "--body-timeout", "200ms", "--write-timeout", "200ms"];
    let server = stage.start(&limits)?;
    answers(server.address())?;
    let before = Vitals::at_rest(server.pid())?;
    let crowd = Crowd::start(server.address(), kind, 100, Duration::from_millis(50), 1)?;
    std::thread::sleep(Duration::from_millis(500));
    crowd.stop();
    answers(server.address()).with_context(|| format!("after {kind:?}"))?;
    before.come_back(server.pid())
}
