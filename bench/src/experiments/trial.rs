//! One cell of a run: a fresh server, a load on it, and what both have used.

use crate::evidence::machine::Listening;
use crate::evidence::verdict::{Ceiling, Seen, Verdict, verdict};
use crate::evidence::{Evidence, Watch};
use crate::experiments::workload::Workload;
use crate::experiments::wrk::{self, Opinion};
use crate::interrupt::Interrupt;
use crate::load::{Expect, Load, Options, Outcome};
use crate::targets::{Connection, Running, Starter, Target};
use anyhow::Result;
use std::time::Duration;

/// How long the first answers are waited for. Clients whom a server leaves waiting would use up any bound.
const WARM_UP: Duration = Duration::from_millis(300);
/// What a cell takes beside its window, about: start, warm-up and end.
pub const OVERHEAD: Duration = Duration::from_millis(250);

/// One measurement to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Index into the run's targets.
    pub target: usize,
    /// What is to become of connections after an answer.
    pub connection: Connection,
    /// How many clients.
    pub connections: usize,
    /// What they ask for, and who sits beside them.
    pub workload: Workload,
}

/// One that was made.
#[derive(Clone, Debug)]
pub struct Row {
    /// What was to be measured.
    pub cell: Cell,
    /// What the clients saw.
    pub outcome: Outcome,
    /// CPU of the server per correct answer, where it is a process of ours.
    pub server_cpu: Option<Duration>,
    /// What the kernel said about the server meanwhile.
    pub evidence: Evidence,
    /// What wrk says of the same server, where it was asked.
    pub wrk: Option<Opinion>,
}

impl Row {
    /// What came of `cell`.
    pub fn of(cell: Cell, outcome: Outcome, evidence: Evidence) -> Self {
        let requests = u32::try_from(outcome.tally.requests).unwrap_or(u32::MAX);
        let server_cpu = evidence
            .server
            .as_ref()
            .and_then(|server| Duration::from_secs_f64(server.cpu).checked_div(requests));
        Self { cell, outcome, server_cpu, evidence, wrk: None }
    }

    /// What the clients saw, in short.
    pub fn seen(&self) -> Seen {
        let workload = self.cell.workload;
        Seen::of(&self.outcome, self.cell.connections, workload.idle + workload.slow)
    }

    /// Its bottleneck. `ceiling`: what the generator reached against the floor.
    pub fn verdict(&self, ceiling: Option<Ceiling>) -> Verdict {
        verdict(&self.seen(), &self.evidence, ceiling)
    }
}

impl Cell {
    /// Starts `target`, measures it, and kills it: a drain would only wait for clients that are gone.
    pub fn measure(
        self,
        target: &Target,
        (duration, threads): (Duration, usize),
        starter: &Starter,
        interrupt: &Interrupt,
    ) -> Result<Row> {
        let mut running = starter.start(target, self.connection)?;
        let mut options = self.options(target, &running, duration)?;
        options.threads = threads;
        let observed = observe(&running, &options, interrupt);
        // Why a server died says more than what its clients saw of that.
        running.check()?;
        let (outcome, evidence) = observed?;
        let asked = starter.second_opinion && !interrupt.raised();
        let wrk = asked.then(|| wrk::ask(&options)).transpose()?;
        Ok(Row { wrk, ..Row::of(self, outcome, evidence) })
    }

    /// The load that this cell puts on a server.
    pub fn options(
        self,
        target: &Target,
        running: &Running,
        duration: Duration,
    ) -> Result<Options> {
        let mut options = Options::get(running.url()?, self.connections, duration);
        options.warm_up = WARM_UP;
        options.close = self.connection == Connection::Close;
        options.expect = target.expect();
        (options.silent, options.slow) = (self.workload.idle, self.workload.slow);
        if let Some(path) = self.workload.route.path() {
            path.clone_into(&mut options.url.target);
            // `/work` tells how far it counted, which differs.
            options.expect = Expect::Any;
        }
        Ok(options)
    }
}

/// Puts a load on a server, and looks at it meanwhile.
pub fn observe(
    running: &Running,
    options: &Options,
    interrupt: &Interrupt,
) -> Result<(Outcome, Evidence)> {
    let listening = Listening::now();
    let load = Load::start(options)?;
    load.warm_up(interrupt)?;
    let watch = Watch::start(running.pid(), options.url.address, listening);
    load.measure(interrupt);
    let evidence = watch.finish();
    Ok((load.finish(interrupt)?, evidence))
}

/// Puts a load on a server and names its bottleneck. Other programs change what that is, and not always so
/// that it shows, and they may keep the looks at the server from being taken: while the verdict is not as
/// expected, it tries again, `tries` times in all.
pub fn judge(
    running: &Running,
    options: &Options,
    mut tries: usize,
    is_expected: impl Fn(&Verdict) -> bool,
) -> Result<Verdict> {
    let interrupt = Interrupt::default();
    loop {
        let (outcome, evidence) = observe(running, options, &interrupt)?;
        let seen = Seen::of(&outcome, options.connections, options.silent + options.slow);
        let verdict = verdict(&seen, &evidence, None);
        tries = tries.saturating_sub(1);
        if tries == 0 || is_expected(&verdict) {
            return Ok(verdict);
        }
    }
}
