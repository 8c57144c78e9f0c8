//! One cell of a run: a fresh server, a load on it, and what both have used.

use crate::evidence::cpu;
use crate::interrupt::Interrupt;
use crate::load::{Load, Options, Outcome};
use crate::target::{Connection, Running, Starter, Target};
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
        let mut options = Options::get(running.url()?, self.connections, duration);
        options.threads = threads;
        options.warm_up = WARM_UP;
        options.close = self.connection == Connection::Close;
        options.expect = target.expect();
        let load = Load::start(&options)?;
        // Why a server died says more than that nobody can connect to it.
        load.warm_up(interrupt).map_err(|error| running.check().err().unwrap_or(error))?;
        let before = server_cpu(&running);
        load.measure(interrupt);
        let after = server_cpu(&running);
        let outcome = load.finish(interrupt)?;
        running.check()?;
        let used = after.zip(before).map(|(after, before)| after.saturating_sub(before));
        let requests = u32::try_from(outcome.tally.requests).unwrap_or(u32::MAX);
        let server_cpu = used.and_then(|used| used.checked_div(requests));
        Ok(Row { cell: self, outcome, server_cpu })
    }
}

fn server_cpu(running: &Running) -> Option<Duration> {
    running.pid().and_then(|pid| cpu::of_tree(pid).ok())
}
