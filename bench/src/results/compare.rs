//! `bench compare`: two runs side by side, and whether they differ by more than their repeats do.

use crate::numbers;
use crate::report::table;
use crate::report::tables::micros;
use crate::report::tabular::Tabular;
use crate::results::{Group, Range, Results, Sample, folder};
use crate::terminal;
use anyhow::{Result, ensure};
use clap::Args;
use std::path::PathBuf;

/// What `bench compare` takes.
#[derive(Args, Debug)]
pub struct CompareArgs {
    /// A run's folder [default: the last of the recorded ones]
    a: Option<PathBuf>,
    /// Another [default: your last run]
    b: Option<PathBuf>,
    /// Markdown instead of a table for the terminal
    #[arg(long)]
    markdown: bool,
}

impl CompareArgs {
    /// Prints both machines and a line for each cell that both have.
    pub fn run(self) -> Result<()> {
        let a = folder::read(&self.a.map_or_else(folder::recorded, Ok)?)?;
        let b = folder::read(&self.b.map_or_else(folder::latest, Ok)?)?;
        let rows = rows(&a, &b);
        ensure!(
            !rows.is_empty(),
            "the two runs have no cell in common: other servers, modes or connections"
        );
        let mut text = format!("A: {}\nB: {}\n", origin(&a), origin(&b));
        for warning in warnings(&a, &b) {
            text += &format!("Note: {warning}\n");
        }
        let header =
            ["Server", "Cell", "A req/s", "B req/s", "B/A", "", "A CPU/req", "B CPU/req", ""];
        let header = header.map(str::to_owned).to_vec();
        text += "\n";
        if self.markdown {
            text += &Tabular { header, rows, prose: false }.markdown();
        } else {
            let mut table = table::new(header);
            rows.into_iter().for_each(|row| {
                table.add_row(row);
            });
            text += &format!("{table}\n");
        }
        terminal::print(&text)
    }
}

fn origin(results: &Results) -> String {
    let day = results.began.split('T').next().unwrap_or_default();
    format!("{day}, {}; {}", results.host.line(), results.source.line())
}

/// Why the figures may differ although the servers do not.
fn warnings(a: &Results, b: &Results) -> Vec<&'static str> {
    let mut warnings = Vec::new();
    if a.host != b.host {
        warnings.push("two machines: compare the factors between servers, not the figures");
    }
    if a.source.servers != b.source.servers {
        warnings.push("the servers' sources are not the same");
    }
    if a.config.repeat.min(b.config.repeat) < 3 {
        warnings.push(
            "a range needs --repeat 3 or more on both sides; without it nothing can be told apart",
        );
    }
    if a.interrupted || b.interrupted {
        warnings.push("a run was interrupted");
    }
    warnings
}

/// A line for each cell that both have, in the order of `a`.
pub fn rows(a: &Results, b: &Results) -> Vec<Vec<String>> {
    let (left, right) = (a.groups(), b.groups());
    let line = |one: &Group<'_>| {
        let other = right.iter().find(|group| group.is_of(one.median()))?;
        let sample = one.median();
        let idle = if sample.idle > 0 { format!(" + {} idle", sample.idle) } else { String::new() };
        let cell =
            format!("{} {} {}{idle}", sample.workload, sample.connection, sample.connections);
        let rps = |sample: &Sample| Some(sample.rps);
        let cpu = |sample: &Sample| sample.server_cpu_us;
        let factor = match (one.median().rps, other.median().rps) {
            (before, after) if before > 0.0 => format!("×{:.2}", after / before),
            _ => "-".to_owned(),
        };
        Some(vec![
            sample.target.clone(),
            cell,
            numbers::grouped(one.median().rps),
            numbers::grouped(other.median().rps),
            factor,
            verdict(one, other, &rps).to_owned(),
            micros(one.median().server_cpu_us),
            micros(other.median().server_cpu_us),
            verdict(one, other, &cpu).to_owned(),
        ])
    };
    left.iter().filter_map(line).collect()
}

/// `differs` only where no repeat of the one reaches any of the other. Two single figures always lie
/// apart, which says nothing.
fn verdict(a: &Group<'_>, b: &Group<'_>, figure: &dyn Fn(&Sample) -> Option<f64>) -> &'static str {
    let ranges: Option<(Range, Range)> = a.range(figure).zip(b.range(figure));
    match ranges {
        None => "-",
        Some(_) if a.samples.len().min(b.samples.len()) < 2 => "one run only",
        Some((a, b)) if a.overlaps(&b) => "same",
        Some(_) => "differs",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(rps: &[f64]) -> Results {
        let row = |rps: &f64| Sample { target: "floor".into(), rps: *rps, ..Sample::default() };
        Results { rows: rps.iter().map(row).collect(), ..Results::default() }
    }

    #[test]
    fn only_ranges_that_do_not_overlap_differ() {
        for (a, b, factor, verdict) in [
            ([100.0, 110.0, 120.0].as_slice(), [119.0, 130.0, 140.0].as_slice(), "×1.18", "same"),
            (&[100.0, 110.0, 120.0], &[121.0, 132.0, 140.0], "×1.20", "differs"),
            (&[100.0], &[200.0], "×2.00", "one run only"),
            (&[0.0, 0.0], &[1.0, 2.0], "-", "differs"),
        ] {
            let rows = rows(&run(a), &run(b));
            assert_eq!(
                (rows[0][4].as_str(), rows[0][5].as_str()),
                (factor, verdict),
                "{a:?} {b:?}"
            );
            assert_eq!(rows[0][8], "-");
        }
    }

    #[test]
    fn what_only_one_has_is_left_out_and_what_hinders_is_said() {
        let mut other = run(&[1.0]);
        other.rows[0].connections = 7;
        assert!(rows(&run(&[1.0]), &other).is_empty());
        other.host.cores = 64;
        other.source.servers = "x".into();
        let warnings = warnings(&run(&[1.0]), &other);
        assert!(warnings[0].contains("two machines") && warnings[1].contains("sources"));
    }
}
