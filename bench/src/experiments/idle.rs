//! `bench idle`: what do silent connections cost the others? Requests per second over their number.

use crate::args;
use crate::experiments::experiment::Sheet;
use crate::experiments::plan::{self, Plan};
use crate::experiments::trial::{Cell, Row};
use crate::experiments::workload::{BUSY, Workload};
use crate::interrupt::Interrupt;
use crate::load;
use crate::numbers;
use crate::report::table;
use crate::results::Part;
use crate::targets::{self, Connection, Target};
use anyhow::Result;
use clap::Args;
use std::path::PathBuf;
use std::time::Duration;

/// The points of the curve in a run: none, the one that stops stage 1, half of stage 2's workers and all of
/// them, and more.
const POINTS: [usize; 5] = [0, 1, 32, 64, 200];
/// Their windows.
const SHORT: Duration = Duration::from_millis(300);

/// What `bench idle` takes.
#[derive(Args, Debug)]
pub struct IdleArgs {
    /// stage1 to stage4, floor, nginx, http://... [default: the four stages]
    targets: Vec<String>,
    /// Numbers of silent connections, separated by commas
    #[arg(short = 'n', long, value_delimiter = ',', default_value = "0,1,16,63,64,200,1000")]
    idle: Vec<usize>,
    /// Clients that ask all the time beside them
    #[arg(short, long, default_value_t = BUSY, value_parser = args::count)]
    connections: usize,
    /// How long each cell is measured
    #[arg(short, long, default_value = "1s", value_parser = args::duration)]
    duration: Duration,
    /// Threads of the generator [default: one per core]
    #[arg(short, long, value_parser = args::count)]
    threads: Option<usize>,
    /// Where the results go [default: target/bench/<date>-<machine>]
    #[arg(short, long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Passed on to the stages, such as: -- --threads 8
    #[arg(last = true)]
    stage_args: Vec<String>,
}

impl IdleArgs {
    /// Builds, measures, and prints the curves.
    pub fn run(self, interrupt: &Interrupt) -> Result<()> {
        let targets = match self.targets.as_slice() {
            [] => (0..targets::STAGES.len()).map(Target::Stage).collect(),
            names => targets::parse(names)?,
        };
        let plan = Plan {
            targets,
            levels: vec![self.connections],
            modes: vec![Connection::KeepAlive],
            workload: Workload::default(),
            duration: self.duration,
            threads: self.threads.unwrap_or_else(load::default_threads),
            repeat: 1,
            seed: plan::seed(),
        };
        of(plan, &self.idle).alone(self.stage_args, self.out, interrupt)
    }
}

/// The curve in a run, with its servers: few points, short windows.
pub(crate) fn short(plan: &Plan) -> Sheet {
    let plan = Plan {
        targets: plan.targets.clone(),
        levels: vec![BUSY],
        modes: vec![Connection::KeepAlive],
        duration: plan.duration.min(SHORT),
        repeat: 1,
        ..*plan
    };
    of(plan, &POINTS)
}

/// Servers over numbers of silent connections.
fn of(plan: Plan, counts: &[usize]) -> Sheet {
    Sheet { cells: cells(&plan, counts), plan, part: Part::Idle, table }
}

/// Numbers of silent connections by servers: requests per second, and who was left out.
fn table(sheet: &Sheet, rows: &[Row]) -> String {
    let plan = &sheet.plan;
    let mut header = vec!["Silent".to_owned()];
    header.extend(plan.targets.iter().map(|target| target.name().to_owned()));
    let mut table = table::new(header);
    let mut counts: Vec<_> = sheet.cells.iter().map(|cell| cell.workload.idle).collect();
    counts.dedup();
    for count in counts {
        let figure = |target| {
            let of = |cell: Cell| cell.target == target && cell.workload.idle == count;
            rows.iter().find(|row| of(row.cell)).map_or("-".to_owned(), table::figure)
        };
        let mut cells = vec![numbers::grouped(count as f64)];
        cells.extend((0..plan.targets.len()).map(figure));
        table.add_row(cells);
    }
    let busy = plan.levels[0];
    format!("\nRequests per second of {busy} busy clients beside silent ones\n{table}\n")
}

fn cells(plan: &Plan, counts: &[usize]) -> Vec<Cell> {
    let cells = counts.iter().enumerate().flat_map(|(index, idle)| {
        let workload = Workload { idle: *idle, ..Workload::default() };
        let (connection, connections) = (Connection::KeepAlive, plan.levels[0]);
        let cell = move |target| Cell { target, connection, connections, workload };
        plan.order(index).into_iter().map(cell)
    });
    cells.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_a_run_the_curve_has_its_own_points_and_clients() {
        let plan = Plan {
            targets: vec![Target::Floor, Target::Stage(1)],
            levels: vec![50, 200],
            modes: Vec::new(),
            workload: Workload::default(),
            duration: Duration::from_secs(20),
            threads: 1,
            repeat: 3,
            seed: 7,
        };
        let curve = short(&plan);
        assert!(curve.cells.iter().all(|cell| cell.connections == BUSY));
        for target in 0..2 {
            let own = curve.cells.iter().filter(|cell| cell.target == target);
            assert_eq!(own.map(|cell| cell.workload.idle).collect::<Vec<_>>(), POINTS);
        }
        let lines = table(&curve, &[]).lines().filter(|line| line.contains(" - ")).count();
        assert_eq!(lines, POINTS.len());
    }
}
