//! `bench idle`: what do silent connections cost the others? Requests per second over their number.

use crate::args;
use crate::cell::{Cell, Row};
use crate::interrupt::Interrupt;
use crate::load;
use crate::plan::{self, Plan};
use crate::report::{self, table, text};
use crate::results::{Config, Part, Record};
use crate::target::{self, Connection, Starter, Target};
use crate::workload::{BUSY, Workload};
use anyhow::{Result, bail};
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
            [] => (0..target::STAGES.len()).map(Target::Stage).collect(),
            names => target::parse(names)?,
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
        let config = Config::of(&plan, &self.stage_args);
        let starter = Starter::build(&plan.targets, self.stage_args, interrupt)?;
        let mut record = Record::begin(config, self.out)?;
        let curve = Curve::new(plan, self.idle, |_| true);
        eprintln!("{}", curve.plan.announcement(curve.cells.len(), Duration::ZERO));
        let (table, failures) = curve.run(&starter, interrupt, &mut record);
        report::print(&table)?;
        report::print(&record.end(interrupt, &failures)?)?;
        if !failures.is_empty() && !interrupt.raised() {
            bail!("not everything could be measured\n  {}", failures.join("\n  "));
        }
        Ok(())
    }
}

/// Servers over numbers of silent connections.
pub(crate) struct Curve {
    plan: Plan,
    counts: Vec<usize>,
    cells: Vec<Cell>,
}

impl Curve {
    /// Of the targets that are `wanted`.
    fn new(plan: Plan, counts: Vec<usize>, wanted: impl Fn(&Target) -> bool) -> Self {
        let mut cells = cells(&plan, &counts);
        cells.retain(|cell| wanted(&plan.targets[cell.target]));
        Self { plan, counts, cells }
    }

    /// The curve in a run: its stages, few points, short windows. `None` when no stage is among the servers,
    /// or when the run is about one workload in particular.
    pub(crate) fn short(plan: &Plan) -> Option<Self> {
        let default = plan.workload == Workload::default();
        let plan = Plan {
            targets: plan.targets.clone(),
            levels: vec![BUSY],
            modes: vec![Connection::KeepAlive],
            duration: plan.duration.min(SHORT),
            repeat: 1,
            ..*plan
        };
        let stage = |target: &Target| matches!(target, Target::Stage(_));
        let curve = Self::new(plan, POINTS.to_vec(), stage);
        (default && !curve.cells.is_empty()).then_some(curve)
    }

    /// How long it takes, about.
    pub(crate) fn time(&self) -> Duration {
        self.plan.time(self.cells.len())
    }

    /// Measures, records, and makes the table; and why what failed did.
    pub(crate) fn run(
        &self,
        starter: &Starter,
        interrupt: &Interrupt,
        record: &mut Record,
    ) -> (String, Vec<String>) {
        let (rows, failures) = plan::race(&self.plan, &self.cells, starter, interrupt);
        record.add(&self.plan.targets, &rows, Part::Idle);
        let cut = plan::cut_short(interrupt, rows.len(), self.cells.len());
        (self.table(&rows) + &cut, failures)
    }

    /// Servers by numbers of silent connections: requests per second, who was left out, and of the silent
    /// ones those that the server sent away.
    fn table(&self, rows: &[Row]) -> String {
        let measured = |target: &usize| self.cells.iter().any(|cell| cell.target == *target);
        let targets: Vec<_> = (0..self.plan.targets.len()).filter(measured).collect();
        let mut header = vec!["Silent".to_owned()];
        header.extend(targets.iter().map(|target| self.plan.targets[*target].name().to_owned()));
        let mut table = table::new(header);
        for count in &self.counts {
            let cell = |target: &usize| {
                let of = |cell: Cell| cell.target == *target && cell.workload.idle == *count;
                rows.iter().find(|row| of(row.cell)).map_or("-".to_owned(), table::figure)
            };
            let mut cells = vec![text::grouped(*count as f64)];
            cells.extend(targets.iter().map(cell));
            table.add_row(cells);
        }
        let busy = self.plan.levels.first().copied().unwrap_or(BUSY);
        format!("\nRequests per second of {busy} busy clients beside silent ones\n{table}\n")
    }
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
    fn in_a_run_the_curve_is_of_the_stages_alone() {
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
        let curve = Curve::short(&plan).unwrap();
        assert!(curve.cells.iter().all(|cell| cell.target == 1 && cell.connections == BUSY));
        let counts: Vec<_> = curve.cells.iter().map(|cell| cell.workload.idle).collect();
        assert_eq!(counts, POINTS);
        let table = curve.table(&[]);
        assert!(table.contains("stage2-threadpool") && !table.contains("floor"), "{table}");
        assert!(Curve::short(&Plan { targets: vec![Target::Floor], ..plan }).is_none());
    }
}
