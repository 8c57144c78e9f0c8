//! `bench matrix`: stages by workloads in one table. Each workload asks another question, and no stage has the
//! best answer to all of them.

use crate::args;
use crate::experiments::experiment::Sheet;
use crate::experiments::plan::{self, Plan};
use crate::experiments::trial::{Cell, Row};
use crate::experiments::workload::{BUSY, IDLE, Route, Workload};
use crate::interrupt::Interrupt;
use crate::load;
use crate::report::{table, why};
use crate::results::Part;
use crate::targets::{self, Connection, Target};
use anyhow::Result;
use clap::Args;
use std::path::PathBuf;
use std::time::Duration;

/// Clients of the workloads without silent ones. As many as the pools have threads: a server that gives
/// each sleeping request a thread can then serve all.
const CONNECTIONS: usize = 64;

/// What `bench matrix` takes.
#[derive(Args, Debug)]
pub struct MatrixArgs {
    /// all, stage1 to stage4, floor, nginx, http://... [default: all]
    targets: Vec<String>,
    /// How long each cell is measured
    #[arg(short, long, default_value = "1s", value_parser = args::duration)]
    duration: Duration,
    /// Threads of the generator [default: one per core]
    #[arg(short, long, value_parser = args::count)]
    threads: Option<usize>,
    /// Runs of each cell; the median is shown
    #[arg(long, value_name = "N", default_value = "1", value_parser = args::count)]
    repeat: usize,
    /// Decides the order of the servers [default: another one each time]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Where the results go [default: target/bench/<date>-<machine>]
    #[arg(short, long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Passed on to the stages, such as: -- --threads 8
    #[arg(last = true)]
    stage_args: Vec<String>,
}

impl MatrixArgs {
    /// Builds, races, and prints the table.
    pub fn run(self, interrupt: &Interrupt) -> Result<()> {
        let plan = Plan {
            targets: targets::parse(&self.targets)?,
            levels: vec![CONNECTIONS],
            modes: vec![Connection::KeepAlive],
            workload: Workload::default(),
            duration: self.duration,
            threads: self.threads.unwrap_or_else(load::default_threads),
            repeat: self.repeat,
            seed: self.seed.unwrap_or_else(plan::seed),
        };
        of(plan).alone(self.stage_args, self.out, interrupt)
    }
}

/// The matrix at the end of a run, with its servers and threads: shorter windows.
pub(crate) fn short(plan: &Plan) -> Sheet {
    of(Plan {
        targets: plan.targets.clone(),
        levels: vec![CONNECTIONS],
        modes: vec![Connection::KeepAlive],
        duration: plan.duration.min(Duration::from_millis(500)),
        repeat: 1,
        ..*plan
    })
}

/// Servers by workloads.
fn of(plan: Plan) -> Sheet {
    Sheet { cells: cells(&plan), plan, part: Part::Matrix, table }
}

/// The four workloads, and how many ask.
fn workloads() -> [(Workload, usize); 4] {
    let of = |route| Workload { route, ..Workload::default() };
    [
        (of(Route::Hello), CONNECTIONS),
        (of(Route::Work), CONNECTIONS),
        (of(Route::Sleep), CONNECTIONS),
        (Workload { idle: IDLE, ..Workload::default() }, BUSY),
    ]
}

fn cells(plan: &Plan) -> Vec<Cell> {
    let mut cells = Vec::new();
    for repeat in 0..plan.repeat {
        for (workload, connections) in workloads() {
            let able = plan.order(repeat).into_iter().filter(|target| {
                // The others have one answer to everything, which would win every race.
                let has_routes = matches!(
                    plan.targets[*target],
                    Target::Stage(_) | Target::Url(_) | Target::Named(..)
                );
                has_routes || workload.route == Route::Hello
            });
            let connection = Connection::KeepAlive;
            cells.extend(able.map(|target| Cell { target, connection, connections, workload }));
        }
    }
    cells
}

/// Servers by workloads: requests per second, who was left out, and the bottleneck in two words.
fn table(sheet: &Sheet, rows: &[Row]) -> String {
    let plan = &sheet.plan;
    let medians = table::medians(rows);
    let mut header = vec!["Req/s".to_owned()];
    header.extend(workloads().map(|(workload, _)| match (workload.route, workload.idle) {
        (Route::Work, _) => "work: 200 us of CPU".to_owned(),
        (Route::Sleep, _) => "sleep: 5 ms".to_owned(),
        (Route::Hello, 0) => format!("hello, {CONNECTIONS} clients"),
        (Route::Hello, idle) => format!("{BUSY} beside {idle} idle"),
    }));
    let mut table = table::new(header);
    for (target, name) in plan.targets.iter().map(Target::name).enumerate() {
        let cell = |(workload, _)| {
            let of = |cell: Cell| cell.target == target && cell.workload == workload;
            let median = medians.iter().find(|median| of(median.row.cell));
            median.map_or("-".to_owned(), |median| {
                let cause = median
                    .row
                    .verdict(why::ceiling_of(median.row.cell, &plan.targets, &medians))
                    .cause;
                format!("{}\n{}", table::figure(&median.row), cause.short())
            })
        };
        let mut cells = vec![name.to_owned()];
        cells.extend(workloads().map(cell));
        table.add_row(cells);
    }
    format!(
        "\nThe matrix: what each server is made for. Connections kept alive; under each figure, the bottleneck\n{table}\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_servers_with_the_routes_are_asked_to_work() {
        let plan = Plan {
            targets: vec![Target::Stage(2), Target::Floor],
            levels: Vec::new(),
            modes: Vec::new(),
            workload: Workload::default(),
            duration: Duration::from_secs(5),
            threads: 1,
            repeat: 3,
            seed: 7,
        };
        let matrix = short(&plan);
        let of = |target| matrix.cells.iter().filter(|cell| cell.target == target).count();
        assert_eq!((of(0), of(1)), (4, 2));
        assert!(matrix.plan.duration < Duration::from_secs(1));
    }
}
