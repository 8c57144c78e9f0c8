//! `bench run`: races servers over connection counts, every cell with a fresh process.

use crate::args;
use crate::experiments::experiment::Sheet;
use crate::experiments::idle;
use crate::experiments::matrix;
use crate::experiments::plan::{self, Plan};
use crate::experiments::trial::Row;
use crate::experiments::workload::{BUSY, Workload, WorkloadArgs};
use crate::interrupt::Interrupt;
use crate::load;
use crate::report::{ladder, table, why};
use crate::results::{Config, Part, Record};
use crate::targets::{self, Connection, Starter, Target};
use crate::terminal;
use anyhow::{Result, bail};
use clap::Args;
use std::path::PathBuf;
use std::time::Duration;

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
    #[arg(long, value_name = "NAME=URL", value_parser = targets::named)]
    also: Vec<Target>,
    /// Ask wrk too, on the same server right after us
    #[arg(long)]
    wrk: bool,
    /// Leave the idle curve and the matrix of all workloads away
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
        let further = if self.no_matrix { Vec::new() } else { further(&plan) };
        let mut starter = Starter::build(&plan.targets, self.stage_args, interrupt)?;
        starter.second_opinion = self.wrk;
        let mut record = Record::begin(config, self.out)?;
        let cells = plan.cells();
        let time = further.iter().map(Sheet::time).sum();
        terminal::note(&plan.announcement(cells.len(), time));
        let (rows, mut failures) = plan::race(&plan, &cells, &starter, interrupt);
        terminal::print(&tables(&plan, &rows))?;
        terminal::print(&plan::cut_short(interrupt, rows.len(), cells.len()))?;
        record.add(&plan.targets, &rows, Part::Ladder);
        starter.second_opinion = false;
        for sheet in &further {
            if failures.is_empty() && !interrupt.raised() {
                failures.extend(sheet.run(&starter, interrupt, &mut record)?);
            }
        }
        terminal::print(&record.end(interrupt, &failures)?)?;
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
            targets: targets::distinct(targets::parse(&self.targets)?, &self.also)?,
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
            seed: self.seed.unwrap_or_else(plan::seed),
        })
    }
}

/// What follows the ladder, in short form: who notices silent clients, and what each server is made for.
/// Nothing when there is no stage to show it of, or the run is about one workload in particular.
fn further(plan: &Plan) -> Vec<Sheet> {
    let is_stage = |target: &Target| matches!(target, Target::Stage(_));
    if plan.workload == Workload::default() && plan.targets.iter().any(is_stage) {
        vec![idle::short(plan), matrix::short(plan)]
    } else {
        Vec::new()
    }
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
    fn what_follows_the_ladder_is_about_stages_and_all_workloads() {
        let plan = |targets: &[&str], workload| {
            let targets = targets.iter().map(|name| (*name).to_owned()).collect();
            RunArgs { targets, workload, ..RunArgs::default() }.plan().unwrap()
        };
        assert_eq!(further(&plan(&["floor", "stage2"], WorkloadArgs::default())).len(), 2);
        assert!(further(&plan(&["floor"], WorkloadArgs::default())).is_empty());
        let silent = WorkloadArgs { slow: Some(1), ..WorkloadArgs::default() };
        assert!(further(&plan(&["stage2"], silent)).is_empty());
    }

    #[test]
    fn the_default_takes_two_minutes_at_most_and_quick_fifty_seconds() {
        let seconds = |args: RunArgs| {
            let mut plan = args.plan().unwrap();
            plan.targets = (0..4).map(Target::Stage).collect();
            plan.targets.extend([Target::Floor, Target::Nginx]);
            let further = further(&plan).iter().map(Sheet::time).sum::<Duration>();
            (plan.time(plan.cells().len()) + further).as_secs()
        };
        assert!(seconds(RunArgs::default()) <= 120);
        assert!(seconds(RunArgs { quick: true, ..RunArgs::default() }) < 50);
    }
}
