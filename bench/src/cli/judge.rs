//! `bench report`, `compare` and `claims`: what is made of runs that were written.

use super::output::written;
use crate::report::{blocks, lines};
use crate::results::compare::Pair;
use crate::results::{Results, claims, compare, folder};
use crate::terminal;
use anyhow::{Context, Result, ensure};
use clap::Args;
use std::path::PathBuf;

/// The exit status when a claim did not hold: unlike 1, nothing went wrong.
pub(super) const DID_NOT_HOLD: u8 = 3;

/// What `bench report` takes.
#[derive(Args, Debug)]
pub(super) struct ReportArgs {
    /// A run's folder [default: the last run]
    dir: Option<PathBuf>,
}

/// What `bench compare` takes.
#[derive(Args, Debug)]
pub(super) struct CompareArgs {
    /// A run's folder [default: the last of the recorded ones]
    a: Option<PathBuf>,
    /// Another [default: your last run]
    b: Option<PathBuf>,
    /// Exit with status 3 if the second run is slower or dearer, beyond chance (5 repeats each)
    #[arg(long)]
    fail_on_regression: bool,
}

/// What `bench claims` takes.
#[derive(Args, Debug)]
pub(super) struct ClaimsArgs {
    /// A run's folder [default: the last run]
    dir: Option<PathBuf>,
}

impl ReportArgs {
    /// Prints what a run prints at its end, and makes its page again: the same results give the same bytes.
    pub(super) fn run(self) -> Result<()> {
        let folder = self.dir.map_or_else(folder::latest, Ok)?;
        // Of a timeline there are pictures alone.
        if !folder::is_timeline(&folder) {
            terminal::print(&blocks::terminal(&folder::read(&folder)?))?;
        }
        written(Ok(folder))
    }
}

impl CompareArgs {
    /// Prints both machines and a line for each trial that both have; the exit status is 3 for a regression, if that is
    /// asked for.
    pub(super) fn run(self) -> Result<u8> {
        let a = folder::read(&self.a.map_or_else(folder::recorded, Ok)?)?;
        let b = folder::read(&self.b.map_or_else(folder::latest, Ok)?)?;
        let pairs = compare::pairs(&a, &b);
        let table = lines::compare(&pairs)
            .context("the two runs have no trial in common: other servers, modes or connections")?;
        let origin = |results: &Results| {
            format!("{}, {}; {}", results.day(), results.host.line(), results.source.line())
        };
        let mut text = format!("A: {}\nB: {}\n", origin(&a), origin(&b));
        for warning in compare::warnings(&a, &b) {
            text += &format!("Note: {warning}\n");
        }
        terminal::print(&format!("{text}\n{}", table.terminal()))?;
        ensure!(
            !self.fail_on_regression || pairs.iter().any(Pair::is_judged),
            "no regression could be seen: each trial needs 5 undisturbed repeats in both runs; bench run --repeat 5"
        );
        let regressed = self.fail_on_regression && pairs.iter().any(Pair::is_regression);
        Ok(if regressed { DID_NOT_HOLD } else { 0 })
    }
}

impl ClaimsArgs {
    /// Prints the list; the exit status is 3 when a claim did not hold.
    pub(super) fn run(self) -> Result<u8> {
        let results = folder::read(&self.dir.map_or_else(folder::latest, Ok)?)?;
        let mut text = format!("{}\n\n", blocks::origin(&results));
        let mut verdicts = Vec::new();
        for claim in claims::built_in()? {
            let verdict = claims::judge(&claim, &results);
            text += &format!("{}: {}\n", verdict.name().to_uppercase(), claim.text);
            text += &format!("  {} ({})\n", verdict.why, claim.id);
            verdicts.push(verdict.name());
        }
        let names = ["held", "did not hold", "cannot be tested here"];
        let counts = names.map(|name| verdicts.iter().filter(|verdict| **verdict == name).count());
        let sums = names.iter().zip(counts).map(|(name, count)| format!("{count} {name}"));
        let sums = sums.collect::<Vec<_>>().join(", ");
        let remedy = match counts[..2] {
            [0, 0] => {
                " Name the folder of another run, or make one: bench run -c 50,200 --quick --repeat 5"
            }
            _ => "",
        };
        terminal::print(&format!("{text}\n{sums}.{remedy}\n"))?;
        Ok(if counts[1] > 0 { DID_NOT_HOLD } else { 0 })
    }
}
