//! What is to be measured, in which order, and the loop that does it: the same for all races.

use crate::experiments::trial::{Cell, OVERHEAD, Row};
use crate::experiments::workload::Workload;
use crate::interrupt::Interrupt;
use crate::numbers;
use crate::targets::{Connection, Starter, Target};
use crate::terminal::Progress;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What is to be run.
pub(crate) struct Plan {
    pub(crate) targets: Vec<Target>,
    pub(crate) levels: Vec<usize>,
    pub(crate) modes: Vec<Connection>,
    pub(crate) workload: Workload,
    pub(crate) duration: Duration,
    pub(crate) threads: usize,
    pub(crate) repeat: usize,
    pub(crate) seed: u64,
}

impl Plan {
    /// Targets alternate within a level, and their order is reversed in every other repeat: what drifts
    /// while it runs (heat, neighbours) strikes all alike.
    pub(crate) fn cells(&self) -> Vec<Cell> {
        let mut cells = Vec::new();
        for repeat in 0..self.repeat {
            for &connection in &self.modes {
                for &connections in &self.levels {
                    let workload = self.workload;
                    let cell = |target| Cell { target, connection, connections, workload };
                    cells.extend(self.order(repeat).into_iter().map(cell));
                }
            }
        }
        cells
    }

    /// The servers in the order of one repeat: as the seed has it, and the reverse of that every other time.
    pub(crate) fn order(&self, repeat: usize) -> Vec<usize> {
        let mut order: Vec<_> = (0..self.targets.len()).collect();
        let mut random = self.seed;
        for index in (1..order.len()).rev() {
            // A linear congruential generator is random enough for an order, and the same everywhere.
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            order.swap(index, (random >> 33) as usize % (index + 1));
        }
        if repeat % 2 == 1 {
            order.reverse();
        }
        order
    }

    /// How long so many cells take, about.
    pub(crate) fn time(&self, cells: usize) -> Duration {
        (self.duration + OVERHEAD) * cells as u32
    }

    /// What is going to happen, and for how long: nobody should have to guess whether it hangs.
    pub(crate) fn announcement(&self, cells: usize, further: Duration) -> String {
        let names: Vec<_> = self.targets.iter().map(Target::name).collect();
        let seconds = (self.time(cells) + further).as_secs_f64();
        let time = match seconds {
            ..100.0 => format!("{seconds:.0} seconds"),
            _ => format!("{:.0} minutes", (seconds / 60.0).ceil()),
        };
        format!(
            "{}: {cells} cells of {}, {} generator threads, seed {}; this takes about {time}",
            names.join(", "),
            numbers::time(self.duration),
            self.threads,
            self.seed
        )
    }
}

/// Another one each time; it is printed, so that an order can be had again.
pub(crate) fn seed() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::from(now.subsec_micros())
}

/// Measures cell by cell. A target that fails is reported once and left out from then on.
pub(crate) fn race(
    plan: &Plan,
    cells: &[Cell],
    starter: &Starter,
    interrupt: &Interrupt,
) -> (Vec<Row>, Vec<String>) {
    let progress = Progress::start(cells.len());
    let (mut rows, mut failures, mut failed) = (Vec::new(), Vec::new(), Vec::new());
    for cell in cells {
        if interrupt.raised() {
            break;
        }
        let name = plan.targets[cell.target].name();
        if !failed.contains(&cell.target) {
            progress.say(&format!(
                "{name}, {}, {} connections, {}",
                cell.connection.name(),
                cell.connections,
                cell.workload.name()
            ));
            let pace = (plan.duration, plan.threads);
            match cell.measure(&plan.targets[cell.target], pace, starter, interrupt) {
                Ok(row) if !row.outcome.interrupted => rows.push(row),
                // Cut short: its window has another length than those it would stand beside.
                Ok(_) => {}
                Err(error) => {
                    failures.push(format!("{name}: {error:#}"));
                    failed.push(cell.target);
                }
            }
        }
        progress.step();
    }
    progress.finish();
    (rows, failures)
}

/// What is to be said of a race that was cut short.
pub(crate) fn cut_short(interrupt: &Interrupt, measured: usize, cells: usize) -> String {
    if interrupt.raised() {
        format!("INTERRUPTED: {measured} of {cells} cells were measured.\n")
    } else {
        String::new()
    }
}
