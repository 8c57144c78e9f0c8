//! `bench idle`: what do silent connections cost the others? Requests per second over their number.

use crate::args;
use crate::cell::{Cell, Row};
use crate::interrupt::Interrupt;
use crate::load;
use crate::report::{self, table, text};
use crate::results::{Config, Part, Record};
use crate::run::{self, Plan};
use crate::target::{self, Connection, Starter, Target};
use crate::workload::{BUSY, Workload};
use anyhow::{Result, bail};
use clap::Args;
use std::path::PathBuf;
use std::time::Duration;

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
            seed: run::seed(),
        };
        let cells = cells(&plan, &self.idle, self.connections);
        let config = Config::of(&plan, &self.stage_args);
        let starter = Starter::build(&plan.targets, self.stage_args, interrupt)?;
        let mut record = Record::begin(config, self.out)?;
        eprintln!("{}", plan.announcement(cells.len(), Duration::ZERO));
        let (rows, failures) = run::race(&plan, &cells, &starter, interrupt);
        report::print(&table(&plan, &self.idle, self.connections, &rows))?;
        record.add(&plan.targets, &rows, Part::Idle);
        report::print(&record.end(interrupt, &failures)?)?;
        if interrupt.raised() {
            println!("INTERRUPTED: {} of {} cells were measured.", rows.len(), cells.len());
        } else if !failures.is_empty() {
            bail!("not everything could be measured\n  {}", failures.join("\n  "));
        }
        Ok(())
    }
}

fn cells(plan: &Plan, counts: &[usize], connections: usize) -> Vec<Cell> {
    let cells = counts.iter().enumerate().flat_map(|(index, idle)| {
        let workload = Workload { idle: *idle, ..Workload::default() };
        let connection = Connection::KeepAlive;
        let cell = move |target| Cell { target, connection, connections, workload };
        plan.order(index).into_iter().map(cell)
    });
    cells.collect()
}

/// Servers by numbers of silent connections: requests per second, who was left out, and of the silent
/// ones those that the server sent away.
fn table(plan: &Plan, counts: &[usize], connections: usize, rows: &[Row]) -> String {
    let mut header = vec!["Silent".to_owned()];
    header.extend(plan.targets.iter().map(|target| target.name().to_owned()));
    let mut table = table::new(header);
    for count in counts {
        let cell = |target: usize| {
            let of = |cell: Cell| cell.target == target && cell.workload.idle == *count;
            rows.iter().find(|row| of(row.cell)).map_or("-".to_owned(), table::figure)
        };
        let mut cells = vec![text::grouped(*count as f64)];
        cells.extend((0..plan.targets.len()).map(cell));
        table.add_row(cells);
    }
    format!("\nRequests per second of {connections} busy clients beside silent ones\n{table}\n")
}
