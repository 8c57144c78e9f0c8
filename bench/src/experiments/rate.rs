//! `bench rate`: the same constant rate for every server. Latencies compare only where the work is the same.

use crate::args;
use crate::experiments::plan::Plan;
use crate::experiments::trial::{self, Cell, Row};
use crate::experiments::workload::WorkloadArgs;
use crate::interrupt::Interrupt;
use crate::load;
use crate::numbers;
use crate::report::table;
use crate::results::{Config, Part, Record};
use crate::targets::{self, Connection, Starter, Target};
use crate::terminal;
use anyhow::{Result, bail};
use clap::Args;
use std::path::PathBuf;
use std::time::Duration;

/// What `bench rate` takes.
#[derive(Args, Debug)]
pub struct RateArgs {
    /// all, stage1 to stage4, floor, nginx, http://... [default: all]
    targets: Vec<String>,
    /// Requests per second
    #[arg(short = 'R', long, value_name = "N", value_parser = args::rate)]
    rate: f64,
    /// Connections that the requests are sent on
    #[arg(short, long, default_value = "64", value_parser = args::count)]
    connections: usize,
    /// How long each server is measured
    #[arg(short, long, default_value = "5s", value_parser = args::duration)]
    duration: Duration,
    /// Threads of the generator [default: one per core]
    #[arg(short, long, value_parser = args::count)]
    threads: Option<usize>,
    /// One request per connection
    #[arg(long)]
    close: bool,
    #[allow(missing_docs)]
    #[command(flatten)]
    workload: WorkloadArgs,
    /// Where the results go [default: target/bench/<date>-<machine>]
    #[arg(short, long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Passed on to the stages, such as: -- --threads 8
    #[arg(last = true)]
    stage_args: Vec<String>,
}

impl RateArgs {
    /// Builds, measures one server after the other, and prints the table.
    pub fn run(mut self, interrupt: &Interrupt) -> Result<()> {
        let plan = self.plan()?;
        let config = Config::of(&plan, &self.stage_args);
        let stage_args = std::mem::take(&mut self.stage_args);
        let starter = Starter::build(&plan.targets, stage_args, interrupt)?;
        let mut record = Record::begin(config, self.out.take())?;
        let seconds = (self.duration + trial::OVERHEAD).as_secs_f64() * plan.targets.len() as f64;
        let rate = self.rate;
        terminal::note(&format!(
            "{rate} requests per second; this takes about {seconds:.0} seconds"
        ));
        let (mut rows, mut failures) = (Vec::new(), Vec::new());
        for (index, target) in plan.targets.iter().enumerate() {
            if interrupt.raised() {
                break;
            }
            terminal::note(&format!("  {}", target.name()));
            match self.measure(index, target, &starter, interrupt) {
                Ok(row) => {
                    self.record(&row, &plan, &mut record);
                    rows.push(row);
                }
                Err(error) => failures.push(format!("{}: {error:#}", target.name())),
            }
        }
        terminal::print(&self.table(&plan.targets, &rows))?;
        if interrupt.raised() {
            terminal::print("INTERRUPTED: the last row is shorter than the others.\n")?;
        }
        terminal::print(&record.end(interrupt, &failures)?)?;
        if !failures.is_empty() && !interrupt.raised() {
            bail!("not everything could be measured\n  {}", failures.join("\n  "));
        }
        Ok(())
    }

    fn plan(&self) -> Result<Plan> {
        self.workload.workload().check_keep_alive(self.close)?;
        Ok(Plan {
            targets: targets::parse(&self.targets)?,
            levels: vec![self.connections],
            modes: vec![if self.close { Connection::Close } else { Connection::KeepAlive }],
            workload: self.workload.workload(),
            duration: self.duration,
            threads: self.threads.unwrap_or_else(load::default_threads),
            repeat: 1,
            // They run in the order in which they were named.
            seed: 0,
        })
    }

    fn measure(
        &self,
        index: usize,
        target: &Target,
        starter: &Starter,
        interrupt: &Interrupt,
    ) -> Result<Row> {
        let connection = if self.close { Connection::Close } else { Connection::KeepAlive };
        let (connections, workload) = (self.connections, self.workload.workload());
        let mut running = starter.start(target, connection)?;
        let cell = Cell { target: index, connection, connections, workload };
        let mut options = cell.options(target, &running, self.duration)?;
        options.rate = Some(self.rate);
        options.threads = self.threads.unwrap_or_else(load::default_threads);
        let observed = trial::observe(&running, &options, interrupt);
        running.check()?;
        observed.map(|(outcome, evidence)| Row::of(cell, outcome, evidence))
    }

    /// The row, and how well the rate was kept.
    fn record(&self, row: &Row, plan: &Plan, record: &mut Record) {
        record.add(&plan.targets, std::slice::from_ref(row), Part::Rate);
        let pacing = row.outcome.tally.pacing;
        record.note("target_rps", self.rate);
        record.note("lag_us", pacing.lag().as_nanos() as f64 / 1e3);
        record.note("sent", pacing.sent);
        record.note("unsent", pacing.unsent);
    }

    fn table(&self, targets: &[Target], rows: &[Row]) -> String {
        let header = [
            "Server", "Reached", "Avg", "p50", "p90", "p99", "p99.9", "Max", "Lag", "Unsent",
            "Served",
        ];
        let mut table = table::new(header.map(str::to_owned).to_vec());
        let mut lines = String::new();
        for row in rows {
            let (name, outcome) = (targets[row.cell.target].name(), &row.outcome);
            let tally = &outcome.tally;
            let percentile =
                |quantile| tally.percentile(quantile).map_or("-".to_owned(), numbers::time);
            table.add_row([
                name.to_owned(),
                format!("{:.1}%", 100.0 * outcome.rps() / self.rate),
                numbers::time(tally.mean()),
                percentile(0.5),
                percentile(0.9),
                percentile(0.99),
                percentile(0.999),
                numbers::time(tally.max()),
                numbers::time(tally.pacing.lag()),
                numbers::grouped(tally.pacing.unsent as f64),
                format!("{}/{}", tally.served, self.connections),
            ]);
            let verdict = row.verdict(None);
            // A server that keeps up has no bottleneck worth a word.
            if outcome.rps() < 0.99 * self.rate {
                lines += &terminal::wrapped(&format!("  {name}: "), &verdict.sentence);
            }
            for doubt in verdict.doubts {
                lines += &terminal::wrapped(&format!("  {name}, not trusted: "), &doubt);
            }
        }
        format!(
            "\n{} requests per second, timed from the moment that each was due\n{table}\n{lines}",
            numbers::grouped(self.rate)
        )
    }
}
