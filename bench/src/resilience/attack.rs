//! Good clients beside hostile ones: the good are answered, what the hostile cost is bounded, and it all comes back.

use super::client::answers;
use super::good::{Account, GoodClients, Habits};
use super::hostile::{Crowd, Deeds, Kind};
use super::vitals::{self, Vitals};
use super::{Stage, side_by_side};
use crate::targets::server::Server;
use anyhow::{Context, Result, ensure};
use shared::http::limits::MAX_OUTPUT;
use std::time::Duration;

/// Hostile clients at once.
pub const CROWD: usize = 500;

/// What a hostile client may cost the server, in KiB: twice a body of the largest size for one that
/// sends a body (a vector grows by doubling), the next piece of an answer for one that takes none of it, all that waits
/// of its answers for one that pipelines, a head as large as it may be for one that sends it; a table slot and what it has
/// said for the others.
pub fn bound(kind: Kind) -> u64 {
    match kind {
        Kind::EndlessBody => 2 * LARGEST_BODY,
        Kind::NeverReads | Kind::ResetInAnswer => 64,
        Kind::EndlessPipeline => (2 * MAX_OUTPUT as u64) >> 10,
        Kind::EndlessHead => 16,
        _ => 4,
    }
}

/// What the crowd may cost while it is there: so much for each, and for all together the heaps' own growth.
pub fn allowed(kind: Kind) -> u64 {
    CROWD as u64 * bound(kind) + SLACK
}

/// What may stay of it, in KiB, whatever it was: pages that hold something else as well.
pub const KEPT: u64 = 4 << 10;

/// The same for a stage with a thread for each client it serves: of each, its stack and its buffers.
pub fn kept(stage: &Stage) -> u64 {
    if stage.at_once <= 64 { KEPT + 64 * stage.at_once as u64 } else { KEPT }
}

/// What heaps may grow by whoever comes, in KiB.
const SLACK: u64 = 4 << 10;

/// How one attack went.
#[derive(Debug)]
pub struct Attack {
    /// Of the good clients, before it.
    pub quiet: Account,
    /// Of the good clients, while it lasted.
    pub beside: Account,
    /// What the hostile clients did.
    pub deeds: Deeds,
    /// The server's memory in KiB: before, at most, and where it comes to rest after.
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
    let (attacked, server) = (start(stage)?, start(stage)?);
    answers(server.address())?;
    let crowd = crowd(&attacked, kind, seed)?;
    crowd.wait_for_all()?;
    let account = beside(&server, seed, time)?;
    all_came(crowd.stop()?)?;
    account.check_all_let_in()?;
    Ok(account)
}

/// One kind of hostile client against one server, that must hold what is promised.
pub fn attack(stage: &Stage, kind: &'static [Kind; 1], times: Times, seed: u64) -> Result<Attack> {
    let server = start(stage)?;
    answers(server.address())?;
    let before = Vitals::at_rest(server.pid())?;
    let quiet = beside(&server, seed, times.quiet)?;
    let idle = vitals::memory(server.pid())?;
    let crowd = crowd(&server, kind, seed)?;
    crowd.wait_for_all()?;
    let beside = beside(&server, seed, times.attack)?;
    let deeds = crowd.stop()?;
    let memory = afterwards(&server, before, idle, KEPT).context("afterwards")?;
    let attack = Attack { quiet, beside, deeds, memory };
    attack.check(kind[0]).map(|()| attack)
}

/// The server serves, and has given back what it had taken. Its memory in KiB: before, at most, and after.
pub(super) fn afterwards(
    server: &Server,
    before: Vitals,
    idle: u64,
    kept: u64,
) -> Result<[u64; 3]> {
    answers(server.address())?;
    before.come_back(server.pid())?;
    let after = vitals::memory_down_to(server.pid(), idle + kept)?;
    Ok([idle, vitals::peak_memory(server.pid())?, after])
}

/// Else it was no attack.
fn all_came(deeds: Deeds) -> Result<()> {
    ensure!(deeds.connects >= CROWD as u64 && deeds.failed == 0, "not all came: {deeds:?}");
    Ok(())
}

impl Attack {
    fn check(&self, kind: Kind) -> Result<()> {
        all_came(self.deeds)?;
        self.quiet.check_all_let_in().context("before")?;
        self.beside.check_all_let_in()?;
        let allowed = allowed(kind);
        let [idle, most, _] = self.memory;
        ensure!(most - idle <= allowed, "{} KiB more, {allowed} are allowed", most - idle);
        Ok(())
    }
}

/// Good clients for so long, and until as many answers have come as there are clients.
fn beside(server: &Server, seed: u64, time: Duration) -> Result<Account> {
    let habits = good(seed, Duration::from_secs(1));
    let clients = GoodClients::start(server.address(), habits);
    clients.wait_for(habits.clients as u64)?;
    std::thread::sleep(time);
    clients.stop()
}

fn good(seed: u64, head_timeout: Duration) -> Habits {
    let pause = Duration::from_millis(20);
    Habits { pause, head_timeout, hello_only: true, ..Habits::busy(seed) }
}

/// Attacks at once, in a test: each leaves two thirds of a core to others.
const SIEGES: usize = 4;

/// Each kind, for as long as a test may take.
pub fn each(stage: &Stage) -> Result<()> {
    let times = Times { quiet: Duration::from_millis(200), attack: Duration::from_millis(1200) };
    let kinds: Vec<_> = Kind::EACH.iter().zip(1..).collect();
    side_by_side(&kinds, SIEGES, |(kind, seed)| {
        attack(stage, kind, times, *seed).map(drop).with_context(|| format!("{kind:?}"))
    })
}

/// Each kind, against a stage that it stops for a while.
pub fn each_passes(stage: &Stage) -> Result<()> {
    let each =
        |kind: &'static [Kind; 1]| comes_back(stage, kind).with_context(|| format!("{kind:?}"));
    side_by_side(&Kind::EACH, SIEGES, each)
}

/// Where a thread waits for one client, silent ones take all threads there are. The others wait meanwhile, some of them
/// until it is over; but all that they ask is answered then, and the server is what it was.
fn comes_back(stage: &Stage, kind: &'static [Kind; 1]) -> Result<()> {
    let limits = ["--head-timeout", "200ms", "--body-timeout", "200ms", "--write-timeout", "200ms"];
    let server = stage.start(&limits)?;
    answers(server.address())?;
    let before = Vitals::at_rest(server.pid())?;
    let idle = vitals::memory(server.pid())?;
    let crowd = crowd(&server, kind, 1)?;
    // All have come when the good ones do.
    crowd.wait_for_all()?;
    let clients = GoodClients::start(server.address(), good(1, Duration::from_millis(200)));
    std::thread::sleep(Duration::from_millis(500));
    all_came(crowd.stop()?)?;
    let account = clients.stop()?;
    account.check_all_let_in()?;
    afterwards(&server, before, idle, kept(stage)).map(drop)
}
