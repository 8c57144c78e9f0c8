//! `bench run`: races servers over connection counts, every cell with a fresh process.

use crate::args;
use crate::cell::{Cell, OVERHEAD, Row};
use crate::interrupt::Interrupt;
use crate::load;
use crate::matrix;
use crate::progress::Progress;
use crate::report::{self, ladder, table, text, why};
use crate::results::{Config, Part, Record};
use crate::target::{self, Connection, Starter, Target};
use crate::workload::{BUSY, Workload, WorkloadArgs};
use anyhow::{Result, bail};
use clap::Args;
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What `bench run` takes.
#[derive(Args, Debug, Default)]
pub struct RunArgs {
    /// all, stage1 to stage4, floor, nginx, h2o, lighttpd, http://... [default: all]
    targets: Vec<String>,
    /// Connection counts, separated by commas [default: 50,200,800]
    #[arg(short, long, value_delimiter = ',', value_parser = args::count)]
    connections: Vec<usize>,
    /// How long each cell is measured [default: 1s]
    #[arg(short, long, value_parser = args::duration)]
    duration: Option<Duration>,
    /// Threads of the generator [default: one per core]
    #[arg(short, long, value_parser = args::count)]
    threads: Option<usize>,
    /// Runs of each cell, in reversed order every other time; the median is shown
    #[arg(long, value_name = "N", value_parser = args::count)]
    repeat: Option<usize>,
    /// Connection counts 50,200 and half a second each
    #[arg(long, conflicts_with = "full")]
    quick: bool,
    /// Connection counts 50,100,200,400,800,1200 and 20 seconds each
    #[arg(long)]
    full: bool,
    /// Only the ladder with one request per connection
    #[arg(long)]
    close: bool,
    #[allow(missing_docs)]
    #[command(flatten)]
    workload: WorkloadArgs,
    /// A further server that runs already
    #[arg(long, value_name = "NAME=URL", value_parser = target::named)]
    also: Vec<Target>,
    /// Ask wrk too, on the same server right after us
    #[arg(long)]
    wrk: bool,
    /// Leave the short matrix of all workloads away
    #[arg(long)]
    no_matrix: bool,
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

impl RunArgs {
    /// All servers in about a minute and a half, three times each.
    pub fn short() -> Self {
        Self { quick: true, repeat: Some(3), ..Self::default() }
    }

    /// Builds, says how long it will take, races, and prints the tables. What an interrupt leaves is
    /// printed too, and marked.
    pub fn run(self, interrupt: &Interrupt) -> Result<()> {
        let plan = self.plan()?;
        let config = Config::of(&plan, &self.stage_args);
        let matrix = matrix::short(&plan).filter(|_| !self.no_matrix);
        let mut starter = Starter::build(&plan.targets, self.stage_args, interrupt)?;
        starter.second_opinion = self.wrk;
        let mut record = Record::begin(config, self.out)?;
        let cells = plan.cells();
        let matrix_time = matrix.as_ref().map(matrix::Short::time).unwrap_or_default();
        eprintln!("{}", plan.announcement(cells.len(), matrix_time));
        let (rows, mut failures) = race(&plan, &cells, &starter, interrupt);
        report::print(&tables(&plan, &rows))?;
        record.add(&plan.targets, &rows, Part::Ladder);
        if let Some(matrix) = matrix.filter(|_| failures.is_empty() && !interrupt.raised()) {
            starter.second_opinion = false;
            let (table, failed) = matrix.run(&starter, interrupt, &mut record);
            report::print(&table)?;
            failures.extend(failed);
        }
        if interrupt.raised() {
            println!("INTERRUPTED: {} of {} cells were measured.", rows.len(), cells.len());
        }
        report::print(&record.end(interrupt, &failures)?)?;
        if !failures.is_empty() && !interrupt.raised() {
            bail!("not everything could be measured\n  {}", failures.join("\n  "));
        }
        Ok(())
    }

    /// The flags with their defaults; single ones override what --quick and --full stand for.
    fn plan(&self) -> Result<Plan> {
        let (levels, duration): (&[usize], _) = match (self.quick, self.full) {
            (true, _) => (&[50, 200], Duration::from_millis(500)),
            (_, true) => (&[50, 100, 200, 400, 800, 1200], Duration::from_secs(20)),
            _ => (&[50, 200, 800], Duration::from_secs(1)),
        };
        let workload = self.workload.workload();
        workload.check_keep_alive(self.close)?;
        let sits = workload.idle + workload.slow > 0;
        let mut modes = Vec::new();
        modes.extend((!sits).then_some(Connection::Close));
        modes.extend((!self.close).then_some(Connection::KeepAlive));
        Ok(Plan {
            targets: target::parse(&self.targets)?.into_iter().chain(self.also.clone()).collect(),
            levels: if self.connections.is_empty() {
                if sits { vec![BUSY] } else { levels.to_vec() }
            } else {
                self.connections.clone()
            },
            modes,
            workload,
            duration: self.duration.unwrap_or(duration),
            threads: self.threads.unwrap_or_else(load::default_threads),
            repeat: self.repeat.unwrap_or(1),
            seed: self.seed.unwrap_or_else(seed),
        })
    }
}

impl Plan {
    /// Targets alternate within a level, and their order is reversed in every other repeat: what drifts
    /// while it runs (heat, neighbours) strikes all alike.
    fn cells(&self) -> Vec<Cell> {
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

    /// What is going to happen, and for how long: nobody should have to guess whether it hangs.
    pub(crate) fn announcement(&self, cells: usize, further: Duration) -> String {
        let names: Vec<_> = self.targets.iter().map(Target::name).collect();
        let seconds =
            (self.duration + OVERHEAD).as_secs_f64() * cells as f64 + further.as_secs_f64();
        let time = match seconds {
            ..100.0 => format!("{seconds:.0} seconds"),
            _ => format!("{:.0} minutes", (seconds / 60.0).ceil()),
        };
        format!(
            "{}: {cells} cells of {}, {} generator threads, seed {}; this takes about {time}",
            names.join(", "),
            text::time(self.duration),
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

/// What is printed at the end: a table for each server, then the ladder for each mode.
fn tables(plan: &Plan, rows: &[Row]) -> String {
    let rows = table::medians(rows);
    let mut text = String::new();
    for (index, target) in plan.targets.iter().enumerate() {
        let own: Vec<_> = rows.iter().filter(|median| median.row.cell.target == index).collect();
        if !own.is_empty() {
            text += &format!("\n{}\n{}\n", target.name(), table::of_target(&own));
            text += &why::under(&own, &plan.targets, &rows);
        }
    }
    for mode in &plan.modes {
        if let Some(ladder) = ladder::of(&plan.targets, &plan.levels, *mode, &rows) {
            text += &format!("\n{ladder}\n");
        }
    }
    text + &why::ceiling(&plan.targets, &rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_alternate_and_every_other_repeat_is_reversed() {
        let args = RunArgs {
            targets: vec!["1".to_owned(), "2".to_owned()],
            connections: vec![5, 7],
            repeat: Some(2),
            close: true,
            ..RunArgs::default()
        };
        let cells: Vec<_> = args
            .plan()
            .unwrap()
            .cells()
            .iter()
            .map(|cell| (cell.target, cell.connections))
            .collect();
        let connections: Vec<_> = cells.iter().map(|cell| cell.1).collect();
        assert_eq!(connections, [5, 5, 7, 7, 5, 5, 7, 7]);
        assert_ne!(cells[0].0, cells[1].0);
        assert_eq!((cells[0], cells[1]), (cells[5], cells[4]), "the second repeat is reversed");
    }

    #[test]
    fn the_default_takes_two_minutes_at_most_and_quick_forty_seconds() {
        let seconds = |args: RunArgs| {
            let mut plan = args.plan().unwrap();
            plan.targets = vec![Target::Floor; 6];
            plan.targets[0] = Target::Stage(0);
            let matrix = matrix::short(&plan).unwrap().time();
            ((plan.duration + OVERHEAD) * plan.cells().len() as u32 + matrix).as_secs()
        };
        assert!(seconds(RunArgs::default()) <= 120);
        assert!(seconds(RunArgs { quick: true, ..RunArgs::default() }) < 40);
    }
}
