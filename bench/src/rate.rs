//! `bench rate`: the same constant rate for every server. Latencies compare only where the work is the same.

use crate::args;
use crate::cell::{self, Cell};
use crate::evidence::Evidence;
use crate::evidence::verdict::{Seen, verdict};
use crate::interrupt::Interrupt;
use crate::load::{self, Outcome};
use crate::report::{self, table, text};
use crate::target::{self, Connection, Starter, Target};
use crate::workload::WorkloadArgs;
use anyhow::Result;
use clap::Args;
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
    /// Passed on to the stages, such as: -- --threads 8
    #[arg(last = true)]
    stage_args: Vec<String>,
}

impl RateArgs {
    /// Builds, measures one server after the other, and prints the table.
    pub fn run(self, interrupt: &Interrupt) -> Result<()> {
        let targets = target::parse(&self.targets)?;
        self.workload.workload().check_keep_alive(self.close)?;
        let starter = Starter::build(&targets, self.stage_args.clone(), interrupt)?;
        let seconds = (self.duration + cell::OVERHEAD).as_secs_f64() * targets.len() as f64;
        eprintln!("{} requests per second; this takes about {seconds:.0} seconds", self.rate);
        let mut rows = Vec::new();
        for (index, target) in targets.iter().enumerate() {
            if !interrupt.raised() {
                eprintln!("  {}", target.name());
                rows.push((index, self.measure(index, target, &starter, interrupt)?));
            }
        }
        report::print(&self.table(&targets, &rows))?;
        if interrupt.raised() {
            println!("INTERRUPTED: the last row is shorter than the others.");
        }
        Ok(())
    }

    fn measure(
        &self,
        index: usize,
        target: &Target,
        starter: &Starter,
        interrupt: &Interrupt,
    ) -> Result<(Outcome, Evidence)> {
        let connection = if self.close { Connection::Close } else { Connection::KeepAlive };
        let (connections, workload) = (self.connections, self.workload.workload());
        let running = starter.start(target, connection)?;
        let cell = Cell { target: index, connection, connections, workload };
        let mut options = cell.options(target, &running, self.duration)?;
        options.rate = Some(self.rate);
        options.threads = self.threads.unwrap_or_else(load::default_threads);
        cell::observe(&running, &options, interrupt)
    }

    fn table(&self, targets: &[Target], rows: &[(usize, (Outcome, Evidence))]) -> String {
        let header = [
            "Server", "Reached", "Avg", "p50", "p90", "p99", "p99.9", "Max", "Lag", "Unsent",
            "Served",
        ];
        let mut table = table::new(header.map(str::to_owned).to_vec());
        let mut lines = String::new();
        for (index, (outcome, evidence)) in rows {
            let (name, tally) = (targets[*index].name(), &outcome.tally);
            let percentile =
                |quantile| tally.percentile(quantile).map_or("-".to_owned(), text::time);
            table.add_row([
                name.to_owned(),
                format!("{:.1}%", 100.0 * outcome.rps() / self.rate),
                text::time(tally.mean()),
                percentile(0.5),
                percentile(0.9),
                percentile(0.99),
                percentile(0.999),
                text::time(tally.max()),
                text::time(tally.pacing.lag()),
                text::grouped(tally.pacing.unsent as f64),
                format!("{}/{}", tally.served, self.connections),
            ]);
            let crowd = self.workload.workload();
            let seen = Seen::of(outcome, self.connections, crowd.idle + crowd.slow);
            let verdict = verdict(&seen, evidence, None);
            // A server that keeps up has no bottleneck worth a word.
            if outcome.rps() < 0.99 * self.rate {
                lines += &text::wrapped(&format!("  {name}: "), &verdict.sentence);
            }
            for doubt in verdict.doubts {
                lines += &text::wrapped(&format!("  {name}, not trusted: "), &doubt);
            }
        }
        format!(
            "\n{} requests per second, timed from the moment that each was due\n{table}\n{lines}",
            text::grouped(self.rate)
        )
    }
}
